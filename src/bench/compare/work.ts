/** What builds the same text beside hotmod: the compiler alone, or a build tool that calls it. */
export type RivalName = 'plain' | 'make' | 'ninja';

/** What of hotmod's `build` settings is switched off, to see what it is worth. */
export type BuildVariant = { readonly warm: false } | { readonly pch: 'off' };

/** Sources as somebody would write them, one of them in as many versions as are wanted. */
export interface Work {
  /** What it is called on the command line and in kept ratios. */
  readonly name: string;
  readonly title: string;
  readonly compiler: 'clang' | 'clang++';
  /** Flags that hotmod adds for this language on its own, so that all write the same debug information. */
  readonly flags: readonly string[];
  /** Files that stay as they are, by name; put there once. */
  readonly files: () => Promise<Readonly<Record<string, string>>>;
  /** The source that is edited, and its text for one edit; no two edits may give the same code. */
  readonly edited: string;
  source(edit: number): string | Promise<string>;
  /** Hotmod is compared with the first of them that is installed. */
  readonly rivals: readonly RivalName[];
  readonly rounds: { readonly short: number; readonly full: number };
  /** Rounds before those that count: tools are loaded, and the JavaScript engine compiles what runs often. */
  readonly warmUp: number;
  /** Settings of `build` that it is also measured with, beside the usual ones. */
  readonly variants: readonly BuildVariant[];
  /** The ratio to reach; null where none was set. */
  readonly goal: { readonly p50: number; readonly p95: number | null } | null;
}
