import { execa } from 'execa';

export interface ToolOutput {
  /** Exit status; -1 where the program could not be started or was ended by a signal. */
  readonly exit: number;
  /** stdout and stderr together, as they came. */
  readonly text: string;
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Runs a program to its end with messages in English. Never rejects: a program that cannot run has `exit: -1`. */
export async function runTool(file: string, args: readonly string[], options: ToolOptions): Promise<ToolOutput> {
  const result = await execa(file, args, {
    reject: false,
    all: true,
    extendEnv: false,
    env: { ...options.env, LC_ALL: 'C' },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    input: options.input ?? '',
    timeout: 60_000,
  });
  const text = typeof result.all === 'string' ? result.all : '';
  return { exit: result.exitCode ?? -1, text: text === '' && result.failed ? (result.shortMessage ?? '') : text };
}

export interface VisibleRun {
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Is given stdout and stderr as they come. */
  write(text: Uint8Array): void;
}

/** Runs a program that people want to watch. Answers null where it did well, else what went wrong in a few words. */
export async function runVisibly(file: string, args: readonly string[], options: VisibleRun): Promise<string | null> {
  const env = { ...options.env };
  const { cwd = process.cwd() } = options;
  const child = execa(file, args, { reject: false, all: true, buffer: false, env, cwd, extendEnv: false });
  child.all.on('data', (chunk: Buffer) => options.write(chunk));
  const result = await child;
  if (!result.failed) return null;
  if (result.exitCode !== undefined) return `exit status ${result.exitCode}`;
  return result.originalMessage ?? result.shortMessage ?? 'it did not start';
}
