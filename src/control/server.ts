import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { exitCode, HotmodError, messageOf } from '../errors.js';
import { notWritable } from '../files/not-writable.js';
import { askStatus } from './client.js';
import { type ControlAnswer, type ControlRequest, requestSchema } from './protocol.js';

export type Handler = (request: ControlRequest, answer: (answer: ControlAnswer) => void) => Promise<void>;

/**
 * Listens for other commands of this project, and by that makes this the project's one session: while somebody
 * listens, a second one is refused with the first one's pid. A socket that a killed session left is replaced.
 *
 * @throws HotmodError HM520 where a session runs already, HM210 where the folder cannot be written.
 */
export async function serveControl(path: string, handler: Handler): Promise<AsyncDisposable> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    // A client that goes away in the middle is its own affair.
    socket.on('error', () => {});
    createInterface({ input: socket }).once('line', (line) => void answer(socket, line, handler));
  });

  await mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw notWritable(dirname(path), error);
  });
  if (!(await listen(server, path))) {
    const other = await askStatus(path);
    if (other !== null) throw alreadyRunning(other.pid);
    await rm(path, { force: true });
    if (!(await listen(server, path))) throw alreadyRunning((await askStatus(path))?.pid ?? 0);
  }
  await chmod(path, 0o600);

  return {
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(socket: Socket, line: string, handler: Handler): Promise<void> {
  const send = (reply: ControlAnswer): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
  };
  try {
    await handler(requestSchema.parse(JSON.parse(line)), send);
  } catch (error) {
    const known = error instanceof HotmodError;
    send({
      kind: 'error',
      code: known ? error.code : 'HM599',
      message: messageOf(error),
      hint: known ? error.hint : '',
      exitCode: known ? error.exitCode : exitCode.bug,
    });
  }
  socket.end();
}

/** False where the address is taken. */
function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(notWritable(dirname(path), error));
    };
    server.once('error', onError);
    server.listen(path, () => {
      server.off('error', onError);
      resolve(true);
    });
  });
}

function alreadyRunning(pid: number): HotmodError {
  return new HotmodError('HM520', `A session of this project runs already, as process ${pid}.`, {
    hint: 'Use that one, or end it first (q in its window, or "kill" with that number).',
    exitCode: exitCode.missing,
  });
}
