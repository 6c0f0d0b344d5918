import { PassThrough, Readable } from 'node:stream';
import type { CommandIo } from '../../src/commands/io.js';

export interface RecordedIo extends CommandIo {
  /** All that was written so far. */
  out(): string;
  err(): string;
}

export interface IoOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly interactive?: boolean;
  /** What the user types. */
  readonly input?: string;
}

/** A world for one command that keeps what the command writes. */
export function commandIo(options: IoOptions): RecordedIo {
  const [stdout, out] = recorder();
  const [stderr, err] = recorder();
  return {
    stdout,
    stderr,
    stdin: Readable.from(options.input === undefined ? [] : [options.input]),
    env: options.env ?? {},
    cwd: options.cwd,
    interactive: options.interactive ?? false,
    color: false,
    out,
    err,
  };
}

function recorder(): readonly [PassThrough, () => string] {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return [stream, () => text];
}
