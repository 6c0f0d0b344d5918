import type { Readable, Writable } from 'node:stream';

/** The world as a command sees it. Passed in, so that a command runs in a test as it does on a terminal. */
export interface CommandIo {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly stdin: Readable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The project's folder: --cwd, or where the command was started. */
  readonly cwd: string;
  /** Questions can be asked: stdin and stdout are terminals, and this is no build server. */
  readonly interactive: boolean;
  readonly color: boolean;
}
