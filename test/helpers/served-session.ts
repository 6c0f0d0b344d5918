import { run } from '../../src/cli.js';
import { answerRequests } from '../../src/commands/dev-control.js';
import { socketPath } from '../../src/control/protocol.js';
import { serveControl } from '../../src/control/server.js';
import { commandIo, type RecordedIo } from './command-io.js';
import { openTestSession, type TestSession } from './session.js';
import { tempDir } from './temp-dir.js';

export interface ServedSession extends AsyncDisposable {
  readonly path: string;
  readonly running: TestSession;
  /** Runs a hotmod command beside it, and hands back what it wrote and its exit code. */
  hotmod(...args: readonly string[]): Promise<Ran>;
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A session of these files, without a watcher, that answers other commands as `hotmod dev` does. */
export async function serveSession(files: Readonly<Record<string, string>>): Promise<ServedSession> {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir(files));
  const running = stack.use(await openTestSession(dir.path, { watch: false, stepped: true }));
  const socket = socketPath(running.session.context.config.outDir);
  stack.use(await serveControl(socket, (request, answer) => answerRequests(running.session, request, answer)));
  return {
    path: dir.path,
    running,
    hotmod: (...args) => runIn(dir.path, args),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Runs a hotmod command in this process. */
export async function runIn(cwd: string, args: readonly string[], io: RecordedIo = ioIn(cwd)): Promise<Ran> {
  const code = await run(args, io);
  return { code, out: io.out(), err: io.err() };
}

function ioIn(cwd: string): RecordedIo {
  return commandIo({ cwd, env: { PATH: process.env.PATH, HOME: process.env.HOME } });
}

export function jsonLines(text: string): readonly unknown[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
