import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import { type Target, targets } from '../target/targets.js';
import { refuseCycles } from './cycles.js';
import { type Environment, environmentOverrides, type Overrides } from './environment.js';
import { type ConfigSource, configFileNames, findConfig } from './find.js';
import { type Discovery, discoverModules, moduleFileName, noModules, selectModules, unknownModule } from './modules.js';
import { configParseCodes, parse } from './parse.js';
import { readConfig } from './read.js';
import {
  resolveBuild,
  resolveHost,
  resolveModule,
  resolveRecovery,
  resolveReload,
  resolveTimeouts,
  resolveWatch,
} from './resolve.js';
import type { ResolvedConfig } from './resolved.js';
import { type UserConfig, userConfigSchema } from './schema.js';
import { resolveTargets } from './targets.js';

export interface LoadRequest {
  /** The project's folder. */
  readonly cwd: string;
  /** A config file named by the user, relative to cwd; otherwise the usual names are looked for in cwd. */
  readonly configFile?: string | undefined;
  readonly flags?: Overrides;
  readonly env: Environment;
  /**
   * False for commands that work without modules (doctor, init), and for a session that loads again: neither a
   * project without modules nor a named module that is gone by now is an error then. Default: true.
   */
  readonly requireModules?: boolean;
  readonly targets?: ReadonlyMap<string, Target>;
}

/**
 * Reads the configuration of a project as it is on disk now. Flags beat HOTMOD_* variables, those beat the file, the
 * file beats the defaults. Calling it again is how a running session takes over an edit: nothing is kept in between,
 * and a configuration that was handed out before is never changed.
 *
 * @throws HotmodError HM101 to HM108, HM120, HM125 and HM126, and nothing else
 */
export async function loadConfig(request: LoadRequest): Promise<ResolvedConfig> {
  const root = await projectRoot(request.cwd);
  const given = mergeOverrides(request.flags ?? {}, environmentOverrides(request.env));
  const source = await findConfig(root, request.configFile ?? given.configFile);
  const { config, files } = await readUserConfig(source);
  const [target, ...otherTargets] = resolveTargets(given, config, request.targets ?? targets());
  const required = request.requireModules ?? true;
  const discovery = await discover(root, config, required);
  const modules = select(discovery, config, given, required).map((module) => resolveModule(root, module, config));
  refuseCycles(modules);
  return {
    root,
    file: source?.file ?? null,
    configFiles: watchedFiles(root, files, discovery),
    modulePatterns: discovery.patterns,
    modules,
    outDir: outDirOf(root, target),
    target,
    otherTargets,
    watch: resolveWatch(root, config, given),
    build: resolveBuild(config, given),
    host: resolveHost(config, given, target),
    reload: resolveReload(config),
    recovery: resolveRecovery(config),
    timeouts: resolveTimeouts(config, target),
    keepGenerations: config.keepGenerations ?? 5,
  };
}

async function projectRoot(cwd: string): Promise<string> {
  return realpath(cwd).catch((error: unknown) => {
    throw new HotmodError('HM101', `The project folder ${path.resolve(cwd)} cannot be read: ${messageOf(error)}`, {
      hint: 'Check the path after --cwd.',
      exitCode: exitCode.usage,
      cause: error,
    });
  });
}

async function readUserConfig(source: ConfigSource | null): Promise<{ config: UserConfig; files: readonly string[] }> {
  if (source === null) return { config: {}, files: [] };
  const { value, files } = await readConfig(source);
  const where = source.kind === 'package.json' ? `${source.file}, key "hotmod"` : source.file;
  return { config: parse(userConfigSchema, value, where, configParseCodes), files };
}

async function discover(root: string, config: UserConfig, required: boolean): Promise<Discovery> {
  const discovery = await discoverModules(root, config.modules?.patterns);
  if (required && discovery.modules.length === 0) throw noModules(root, discovery.patterns);
  const names = discovery.modules.map((module) => module.name);
  for (const name of Object.keys(config.modules?.overrides ?? {})) {
    // A module that is not there yet may have settings; a name close to an existing one is a slip.
    const error = unknownModule(name, names);
    if (!names.includes(name) && error.message.includes('Did you mean')) throw error;
  }
  return discovery;
}

/** Names on the command line take the place of `modules.only`; `exclude` of both count. */
function select(discovery: Discovery, config: UserConfig, given: Overrides, required: boolean) {
  const names = new Set(discovery.modules.map((module) => module.name));
  const named = (given.modules ?? []).filter((name) => required || names.has(name));
  // An empty list means all of them, which is not what is left when every named module is gone.
  if (named.length === 0 && (given.modules ?? []).length > 0) return [];
  const only = named.length > 0 ? named : (config.modules?.only ?? []);
  // What the config leaves out may be gone altogether by now; what the user typed must exist.
  const exclude = (config.modules?.exclude ?? []).filter((name) => names.has(name) && !named.includes(name));
  return selectModules(discovery.modules, only, [...exclude, ...(given.exclude ?? [])]);
}

/**
 * Other machines' libraries, history and session lie apart: what was timed or went wrong under an emulator says nothing
 * of this machine, and a session of each can run at the same time.
 */
export function outDirOf(root: string, target: Target): string {
  return target.name === 'native' ? path.join(root, '.hotmod') : path.join(root, '.hotmod', target.name);
}

/**
 * Also files that do not exist, so that creating one is noticed: every name a config can have, and the module.json
 * of every module.
 */
function watchedFiles(root: string, files: readonly string[], discovery: Discovery): readonly string[] {
  const usual = [...configFileNames, 'package.json'].map((name) => path.join(root, name));
  const modules = discovery.modules.map((module) => path.join(module.dir, moduleFileName));
  return [...new Set([...usual, ...files, ...modules])];
}

/** A flag that was not given must not hide the variable behind it. */
function mergeOverrides(flags: Overrides, env: Overrides): Overrides {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return { ...env, ...given };
}
