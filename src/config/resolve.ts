import os from 'node:os';
import path from 'node:path';
import { exitCode, HotmodError } from '../errors.js';
import type { Target } from '../target/targets.js';
import { didYouMean } from '../text/nearest.js';
import { entryNames } from './entry.js';
import type { Overrides } from './environment.js';
import type { ModuleFile } from './module-schema.js';
import { type DiscoveredModule, dependenciesOf } from './modules.js';
import type {
  BuildSettings,
  HostSettings,
  ModuleBuild,
  ReloadSettings,
  ResolvedModule,
  WatchSettings,
} from './resolved.js';
import type { UserConfig } from './schema.js';

export function resolveWatch(root: string, config: UserConfig, given: Overrides): WatchSettings {
  const { polling = false, pollIntervalMs = 100, ignore = [], paths = [] } = config.watch ?? {};
  return {
    polling: given.polling ?? polling,
    pollIntervalMs,
    ignore,
    paths: paths.map((folder) => path.resolve(root, folder)),
  };
}

export function resolveBuild(config: UserConfig, given: Overrides): BuildSettings {
  const build = config.build ?? {};
  return {
    compiler: given.compiler ?? build.compiler ?? null,
    linker: given.linker ?? build.linker ?? null,
    jobs: given.jobs ?? build.jobs ?? os.availableParallelism(),
    warm: build.warm ?? true,
    compileCommands: build.compileCommands ?? true,
  };
}

export function resolveHost(config: UserConfig, given: Overrides): HostSettings {
  const host = config.host ?? {};
  const stepped = given.stepped ?? host.stepped ?? false;
  return {
    rate: given.rate ?? host.rate ?? 60,
    stepped,
    // Where time stands still nobody waits for a host.
    standby: host.standby ?? !stepped,
    hangTimeoutMs: host.hangTimeoutMs ?? 2000,
    probationFrames: host.probationFrames ?? 120,
    frameCopies: host.frameCopies ?? true,
    frameCopyLimit: host.frameCopyLimit ?? 32,
    restart: { max: host.restart?.max ?? 3, withinMs: host.restart?.withinMs ?? 10_000 },
    env: host.env ?? {},
  };
}

export function resolveReload(config: UserConfig): ReloadSettings {
  const defer = config.reload?.defer ?? {};
  return {
    defer: {
      maxCpu: defer.maxCpu ?? null,
      minFreeMemory: defer.minFreeMemory ?? null,
      maxFrameMs: defer.maxFrameMs ?? null,
      maxWaitMs: defer.maxWaitMs ?? 10_000,
    },
    onConflict: config.reload?.onConflict ?? 'latest',
  };
}

/** @throws HotmodError HM108 */
export function resolveTarget(name: string, known: ReadonlyMap<string, Target>): Target {
  const target = known.get(name);
  if (target !== undefined) return target;
  const names = [...known.keys()];
  throw new HotmodError('HM108', `There is no target "${name}".${didYouMean(name, names)}`, {
    hint: `Targets: ${names.join(', ')}.`,
    exitCode: exitCode.usage,
  });
}

/**
 * One module with everything decided. Flags of the project come first, those of its module.json next, those of
 * `modules.overrides` last, because compilers take the last of two flags that contradict each other.
 */
export function resolveModule(root: string, module: DiscoveredModule, config: UserConfig): ResolvedModule {
  const own = module.file;
  const override = config.modules?.overrides?.[module.name] ?? {};
  return {
    name: module.name,
    dir: module.dir,
    version: override.version ?? own.version ?? '0.0.0',
    dependencies: dependenciesOf(override.dependencies === undefined ? own : override),
    entry: entryNames(module.name, { ...own.entry, ...override.entry }),
    build: resolveModuleBuild(root, module.dir, config, [own.build ?? {}, override.build ?? {}]),
  };
}

type Flags = 'flags' | 'cflags' | 'cxxflags' | 'asmflags' | 'ldflags' | 'defines';
type BuildPart = NonNullable<ModuleFile['build']>;

function resolveModuleBuild(root: string, dir: string, config: UserConfig, parts: readonly BuildPart[]): ModuleBuild {
  const project = config.build ?? {};
  const all = (key: Flags): readonly string[] => [...(project[key] ?? []), ...parts.flatMap((part) => part[key] ?? [])];
  const last = parts.findLast((part) => part.command !== undefined);
  return {
    command: last?.command ?? null,
    output: last?.output === undefined ? null : path.resolve(dir, last.output),
    sources: parts.findLast((part) => part.sources !== undefined)?.sources ?? [],
    flags: all('flags'),
    cflags: all('cflags'),
    cxxflags: all('cxxflags'),
    asmflags: all('asmflags'),
    ldflags: all('ldflags'),
    defines: all('defines'),
    includes: [
      ...(project.includes ?? []).map((folder) => path.resolve(root, folder)),
      ...parts.flatMap((part) => part.includes ?? []).map((folder) => path.resolve(dir, folder)),
    ],
  };
}
