import os from 'node:os';
import path from 'node:path';
import type { ConflictKind, ConflictStrategy } from '../events/events.js';
import { isEmulated, type Target } from '../target/targets.js';
import { conflictStrategies } from './conflicts.js';
import { entryNames } from './entry.js';
import type { Overrides } from './environment.js';
import type { ModuleFile } from './module-schema.js';
import { type DiscoveredModule, dependenciesOf } from './modules.js';
import type {
  BuildSettings,
  ConflictSettings,
  HostSettings,
  ModuleBuild,
  RecoveryConfig,
  ReloadSettings,
  ResolvedModule,
  Timeouts,
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

/** Megabytes. */
export const defaultCacheLimit = 5000;

export function resolveBuild(config: UserConfig, given: Overrides): BuildSettings {
  const build = config.build ?? {};
  return {
    compiler: given.compiler ?? build.compiler ?? null,
    linker: given.linker ?? build.linker ?? null,
    jobs: given.jobs ?? build.jobs ?? os.availableParallelism(),
    warm: build.warm ?? true,
    pch: build.pch ?? 'auto',
    launcher: given.launcher ?? (typeof build.launcher === 'string' ? [build.launcher] : (build.launcher ?? [])),
    cacheLimit: given.cacheLimit ?? build.cacheLimit ?? defaultCacheLimit,
    compileCommands: build.compileCommands ?? true,
  };
}

export function resolveHost(config: UserConfig, given: Overrides, target: Target): HostSettings {
  const host = config.host ?? {};
  const stepped = given.stepped ?? host.stepped ?? false;
  return {
    rate: given.rate ?? host.rate ?? 60,
    stepped,
    // Where time stands still nobody waits for a host.
    standby: host.standby ?? !stepped,
    hangTimeoutMs: resolveTimeouts(config, target).call,
    probationFrames: host.probationFrames ?? 120,
    frameCopies: host.frameCopies ?? true,
    frameCopyLimit: host.frameCopyLimit ?? 32,
    restart: { max: host.restart?.max ?? 3, withinMs: host.restart?.withinMs ?? 10_000 },
    env: host.env ?? {},
  };
}

export function resolveTimeouts({ timeouts = {}, host = {} }: UserConfig, target: Target): Timeouts {
  // What takes a while takes many times as long under an emulator.
  const call = timeouts.call ?? host.hangTimeoutMs ?? (isEmulated(target) ? 10_000 : 2000);
  return {
    build: timeouts.build ?? 600_000,
    validate: timeouts.validate ?? 60_000,
    load: timeouts.load ?? call,
    commit: timeouts.commit ?? call,
    call,
  };
}

export function resolveRecovery({ recovery = {} }: UserConfig): RecoveryConfig {
  const { policy = {}, onCrash = null, onRecovered = null, callbackTimeoutMs = 1000 } = recovery;
  const { segv = 'default', bus = 'default', ill = 'default', fpe = 'default', abort = 'default' } = policy;
  const { stackOverflow = 'default', hang = 'default', hostEnd = 'default' } = policy;
  return {
    policy: { segv, bus, ill, fpe, abort, stackOverflow, hang, hostEnd },
    onCrash,
    onRecovered,
    callbackTimeoutMs,
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
    onConflict: resolveConflicts(config.reload?.onConflict),
  };
}

/** One strategy for all holds where there is something to decide. */
function resolveConflicts(given: NonNullable<UserConfig['reload']>['onConflict']): ConflictSettings {
  const decide = typeof given === 'function' ? given : null;
  const of = (kind: ConflictKind): ConflictStrategy | null => {
    if (given === undefined || typeof given === 'function') return null;
    if (typeof given !== 'string') return given[kind] ?? null;
    return conflictStrategies[kind].length > 1 ? given : null;
  };
  const strategies = {
    versionDown: of('versionDown'),
    editDuringTransaction: of('editDuringTransaction'),
    stateChanged: of('stateChanged'),
    duplicateSymbol: of('duplicateSymbol'),
    rangesCannotMeet: of('rangesCannotMeet'),
  };
  return { strategies, decide };
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
