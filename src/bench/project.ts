import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { WarmTools } from '../build/warm/tools.js';
import { cacheDir } from '../config/cache-dir.js';
import { loadConfig } from '../config/load.js';
import { createBus } from '../events/bus.js';
import { createSession, type Session } from '../session.js';

/** A project made for one measurement. */
export interface BenchProject extends AsyncDisposable {
  readonly root: string;
  readonly session: Session;
}

/** Writes the files, opens a session on them, waits until everything runs. */
export async function openProject(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
  options: {
    readonly watch: boolean;
    readonly rate?: number;
    /** Frames run only when they are asked for. */
    readonly stepped?: boolean;
    /** Tools that stay loaded, in the place of the session's own. */
    readonly warm?: WarmTools;
    /** Puts further files there before anything is read. */
    readonly prepare?: (root: string) => Promise<void>;
  },
): Promise<BenchProject> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-bench-')));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  await options.prepare?.(root);
  const read = () => loadConfig({ cwd: root, env, flags: { rate: options.rate, stepped: options.stepped } });
  const config = await read();
  const session = await createSession({
    bus: createBus(),
    config,
    loadConfig: read,
    watch: options.watch,
    cacheDir: cacheDir(env),
    env,
    cleanUp: [],
    ...(options.warm === undefined ? {} : { warm: options.warm }),
  });
  session.request(config.modules.map((module) => module.name));
  await session.idle();
  const missing = [...session.context.records.values()].filter((record) => record.running === null);
  if (missing.length > 0) throw new Error(`${missing.length} modules of the measurement did not start`);
  return {
    root,
    session,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
