/** The documented exit codes (README, "Exit codes"). 128+n for a signal is computed where the signal is caught. */
export const exitCode = {
  ok: 0,
  failed: 1,
  usage: 2,
  missing: 3,
  refused: 4,
  crashed: 5,
  bug: 70,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/**
 * An error the user can act on: `message` says what happened and where, `hint` what to do about it, `code` leads to
 * the longer text of `hotmod explain`. Anything else that is thrown is a bug of ours and ends with exit code 70.
 */
export class HotmodError extends Error {
  override readonly name = 'HotmodError';
  readonly code: string;
  readonly hint: string;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    options: { readonly hint: string; readonly exitCode: ExitCode; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode;
  }
}

/** The system's word for why a call failed (`ENOENT`); empty where what was thrown has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The text of anything that was thrown, for a sentence that quotes it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
