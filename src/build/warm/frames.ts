import { Buffer } from 'node:buffer';

/** The messages that a warm tool is sent and answers with; what is in them stands in native/frame.h, the other end. */
const kinds = { run: 1, kill: 2, hello: 16, started: 17, done: 18, failed: 19 } as const;

export interface Command {
  /** The program's name for itself, then its arguments. */
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export type Answer =
  | { readonly kind: 'hello'; readonly program: string }
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  /** `status` as of wait(2). */
  | { readonly kind: 'done'; readonly id: number; readonly status: number; readonly output: string }
  | { readonly kind: 'failed'; readonly id: number; readonly errno: number };

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  if (littleEndian) bytes.writeUInt32LE(value);
  else bytes.writeUInt32BE(value);
  return bytes;
}

function readNumber(bytes: Buffer, at: number): number {
  return littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}

function frame(kind: number, id: number, body: Buffer): Buffer {
  return Buffer.concat([number(8 + body.length), number(kind), number(id), body]);
}

/** Undefined for a command that has a zero byte in it: no program could be started with it either. */
export function runFrame(id: number, { argv, cwd, env }: Command): Buffer | undefined {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const strings = [cwd, ...argv, ...variables];
  if (strings.some((one) => one.includes('\0'))) return undefined;
  const text = Buffer.from(`${strings.join('\0')}\0`);
  return frame(kinds.run, id, Buffer.concat([number(argv.length), number(variables.length), text]));
}

export function killFrame(id: number): Buffer {
  return frame(kinds.kill, id, Buffer.alloc(0));
}

/** Longer than any output of a compiler that somebody would want to see; anything above is no length. */
const longest = 1 << 30;

/**
 * Takes bytes as they come and gives whole answers.
 *
 * @throws Error for bytes that cannot be an answer: whoever wrote them is not a warm tool.
 */
export function createAnswerReader(): (chunk: Buffer) => readonly Answer[] {
  let chunks: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    const answers: Answer[] = [];
    for (;;) {
      if (size < 4) return answers;
      if ((chunks[0]?.length ?? 0) < 4) chunks = [Buffer.concat(chunks)];
      const length = readNumber(chunks[0] ?? chunk, 0);
      if (length < 8 || length > longest) throw new Error('not an answer');
      if (size < 4 + length) return answers;
      const all = Buffer.concat(chunks);
      answers.push(readAnswer(all.subarray(4, 4 + length)));
      chunks = [all.subarray(4 + length)];
      size -= 4 + length;
    }
  };
}

function readAnswer(bytes: Buffer): Answer {
  const kind = readNumber(bytes, 0);
  const id = readNumber(bytes, 4);
  const body = bytes.subarray(8);
  if (kind === kinds.hello) return { kind: 'hello', program: body.toString() };
  if (body.length < 4) throw new Error('not an answer');
  const value = readNumber(body, 0);
  if (kind === kinds.started) return { kind: 'started', id, pid: value };
  if (kind === kinds.failed) return { kind: 'failed', id, errno: value };
  if (kind === kinds.done) return { kind: 'done', id, status: value, output: body.subarray(4).toString() };
  throw new Error('not an answer');
}
