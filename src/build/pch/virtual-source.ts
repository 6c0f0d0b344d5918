import { basename, dirname, extname, resolve } from 'node:path';
import type { CompileStep } from '../steps.js';
import type { EntryFiles } from './entry.js';

/**
 * The first lines of a source as a file of their own in the same folder, so that what they include is found as from the
 * source and has the same name (`__FILE__`, debug information). The file is there for clang alone: an overlay of its
 * virtual file system (clang, "-ivfsoverlay") gives it the text of a file of ours.
 */
export interface VirtualSource {
  /** As the compiler is given it. */
  readonly input: string;
  /** Absolute. */
  readonly path: string;
}

export function virtualSource({ input }: CompileStep, cwd: string): VirtualSource {
  const name = `.hotmod-${basename(input, extname(input))}-includes${extname(input)}`;
  const beside = dirname(input) === '.' ? name : `${dirname(input)}/${name}`;
  return { input: beside, path: resolve(cwd, beside) };
}

export function overlayText({ path }: VirtualSource, { prefix }: EntryFiles): string {
  const file = { type: 'file', name: basename(path), 'external-contents': prefix };
  const root = { type: 'directory', name: dirname(path), contents: [file] };
  return JSON.stringify({ version: 0, 'use-external-names': false, roots: [root] });
}

/**
 * Has clang take the headers from the file and begin to read the source behind them: they are not merely skipped by their
 * include guards, which not all have.
 */
export function usingFlags({ header, overlay }: EntryFiles, bytes: number): readonly string[] {
  const front = ['-include-pch', header, `-preamble-bytes=${bytes},1`];
  return [...front.flatMap((word) => ['-Xclang', word]), '-ivfsoverlay', overlay];
}
