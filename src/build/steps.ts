import type { Language } from './sources.js';

/** One call of the compiler, as it was planned: from a source to an object. */
export interface CompileStep {
  /** Absolute. */
  readonly source: string;
  readonly language: Language;
  /** The program that the command is given to, and its own arguments; mostly empty. */
  readonly launcher: readonly string[];
  readonly command: string;
  /** Without `-c`, input, output and dependency options. */
  readonly flags: readonly string[];
  /** Input as the compiler is given it. */
  readonly input: string;
  /** Absolute folders that `#include` looks through, in order. */
  readonly searchDirs: readonly string[];
}

/** The call of the linker: from the objects of a module to its library. */
export interface LinkStep {
  readonly command: string;
  /** Before the objects. */
  readonly head: readonly string[];
  /** After the objects: libraries are searched in the order in which they are needed. */
  readonly tail: readonly string[];
  /** Files named in the flags, absolute; their content decides about the result. */
  readonly files: readonly string[];
  /** Option that writes the library's own name into it, which is given without its ending. */
  nameFlag(name: string): string;
}
