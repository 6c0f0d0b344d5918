import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { cacheDir } from '../config/cache-dir.js';
import { loadConfig } from '../config/load.js';
import { ask } from '../control/client.js';
import { socketPath } from '../control/protocol.js';
import { createBus } from '../events/bus.js';
import type { EventOf, EventType, HotmodEvent } from '../events/events.js';
import type { Json } from '../events/json.js';
import { packageRoot } from '../paths.js';
import { createSession, type Session } from '../session.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A session on a schedule's project, in this process or in one of its own. */
export interface Program extends AsyncDisposable {
  /** Everything it said so far. */
  readonly events: readonly HotmodEvent[];
  /** Called for each event as it is said. */
  onEvent(listener: (event: HotmodEvent) => void): void;
  /** Brings these modules up to date; null where it is only told by saving. */
  readonly request: ((modules: readonly string[]) => void) | null;
  /** The value of a variable; null where it cannot be read now. */
  read(module: string, path: string): Promise<Json | null>;
  /** Ends a process of its own with SIGKILL; settles when it is gone. */
  readonly kill: (() => Promise<void>) | null;
}

export function eventsOf<T extends EventType>(events: readonly HotmodEvent[], type: T): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** The process that modules run in now; 0 before there is one. */
export function hostPidOf({ events }: Program): number {
  return eventsOf(events, 'host:up').at(-1)?.pid ?? 0;
}

/** Everything is asked for at once, as `hotmod dev` does when it starts. */
export async function openInside(root: string, env: Environment, options: { readonly watch: boolean }) {
  const events: HotmodEvent[] = [];
  const listeners: ((event: HotmodEvent) => void)[] = [];
  const bus = createBus();
  bus.on((event) => {
    events.push(event);
    for (const listener of listeners) listener(event);
  });
  const read = (requireModules: boolean) => loadConfig({ cwd: root, env, requireModules });
  const config = await read(true);
  const session: Session = await createSession({
    bus,
    config,
    loadConfig: () => read(false),
    watch: options.watch,
    cacheDir: cacheDir(env),
    env,
    cleanUp: [],
  });
  session.request(config.modules.map((module) => module.name));
  const program: Program & { readonly session: Session; readonly events: HotmodEvent[] } = {
    session,
    events,
    onEvent: (listener) => listeners.push(listener),
    request: (modules) => session.request(modules),
    async read(module, path) {
      const { values } = await session
        .inspect({ module, path, elements: 16, follow: 0 })
        .catch((): { values: readonly { value: Json }[] } => ({ values: [] }));
      return values[0]?.value ?? null;
    },
    kill: null,
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
  return program;
}

/** `hotmod dev --json` as users run it. */
export function openOutside(root: string, env: Environment): Program {
  const events: HotmodEvent[] = [];
  const listeners: ((event: HotmodEvent) => void)[] = [];
  const child = execa(process.execPath, [join(packageRoot, 'bin/hotmod.js'), '--cwd', root, 'dev', '--json'], {
    env: { PATH: env.PATH, HOME: env.HOME, HOTMOD_CACHE: cacheDir(env), CI: 'true' },
    extendEnv: false,
    stdin: 'ignore',
    stderr: 'ignore',
    buffer: false,
    reject: false,
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event: HotmodEvent = JSON.parse(line);
    events.push(event);
    for (const listener of listeners) listener(event);
  });
  const socket = socketPath(join(root, '.hotmod'));
  return {
    events,
    onEvent: (listener) => listeners.push(listener),
    request: null,
    async read(module, path) {
      const request = { method: 'inspect', module, path, elements: 16, follow: 0 } as const;
      const { inspected } = await ask(socket, request).catch(() => ({ inspected: undefined }));
      return inspected?.values[0]?.value ?? null;
    },
    async kill() {
      child.kill('SIGKILL');
      await child;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await child;
    },
  };
}
