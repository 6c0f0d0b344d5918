import { cacheDir } from '../config/cache-dir.js';
import { type LoadRequest, loadConfig } from '../config/load.js';
import { unknownModule } from '../config/modules.js';
import type { ResolvedConfig } from '../config/resolved.js';
import { socketPath } from '../control/protocol.js';
import { createBus } from '../events/bus.js';
import { createSession, type Session, type SessionOptions } from '../session.js';
import { isEmulated } from '../target/targets.js';
import type { CommandIo } from './io.js';

/** What every command that works on a project takes from the command line. */
export interface ProjectOptions {
  readonly cwd: string;
  readonly configFile?: string | undefined;
  readonly flags: NonNullable<LoadRequest['flags']>;
}

/** Reads the configuration of the project that a command was called in. */
export function loadProject(options: ProjectOptions, io: CommandIo, requireModules = true): Promise<ResolvedConfig> {
  const { cwd, configFile, flags } = options;
  return loadConfig({ cwd, configFile, flags, env: io.env, requireModules });
}

/**
 * The same, for a question to the session about modules. A project that names no module yet leaves the answer to the
 * session.
 *
 * @throws HotmodError HM106
 */
export async function loadProjectOf(
  modules: readonly string[],
  options: ProjectOptions,
  io: CommandIo,
): Promise<ResolvedConfig> {
  const config = await loadProject(options, io, false);
  const names = config.modules.map(({ name }) => name);
  const unknown = modules.find((module) => !names.includes(module));
  if (names.length > 0 && unknown !== undefined) throw unknownModule(unknown, names);
  return config;
}

/** To stand below times that an emulator took. */
export function noteEmulator({ target }: ResolvedConfig, io: CommandIo): void {
  if (isEmulated(target)) io.stderr.write(`Run under an emulator: these times say nothing of ${target.name}.\n`);
}

/** Opens a session for a command. The caller closes it. */
export async function openSession(
  options: ProjectOptions,
  io: CommandIo,
  overrides: Pick<SessionOptions, 'watch'> & Partial<SessionOptions>,
): Promise<Session> {
  const config = overrides.config ?? (await loadProject(options, io));
  return createSession({
    bus: createBus(),
    config,
    loadConfig: () => loadProject(options, io, false),
    cacheDir: cacheDir(io.env),
    env: io.env,
    cleanUp: [socketPath(config.outDir)],
    shareObjects: true,
    ...overrides,
  });
}
