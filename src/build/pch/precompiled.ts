import { readFileSync, realpathSync, utimesSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { contentHash } from '../../files/hash.js';
import type { FileHashes } from '../hashes.js';
import type { IdleWork } from '../idle-work.js';
import { type NameCache, searchIncludes } from '../includes.js';
import type { Run } from '../run.js';
import type { CompileStep } from '../steps.js';
import { obstacle } from './eligible.js';
import { type EntryFiles, entryFiles, isStillValid, placeStamp, readEntry } from './entry.js';
import { makeEntry } from './make.js';
import { leadingIncludes } from './prefix.js';
import { usingFlags, virtualSource } from './virtual-source.js';

/** Something worth telling people about. */
export interface PrecompiledProblem {
  readonly code: 'HM222' | 'HM223' | 'HM224';
  readonly message: string;
}

/** What makes precompiled headers, in idle time. Without it only those are used that are there. */
export interface Precompiling {
  readonly idle: IdleWork;
  readonly onProblem: (problem: PrecompiledProblem) => void;
  /** A compile that takes less is not worth one. Default: 120 ms. */
  readonly worthMs?: number;
  /** A compile with one must take at most so much of a compile without. Default: 0.9. */
  readonly worthRatio?: number;
}

export interface PrecompiledOptions {
  readonly on: boolean;
  readonly outDir: string;
  readonly cwd: string;
  /** Part of every key: compiler, target, and what of the environment changes its result. */
  readonly identity: string;
  readonly env: Readonly<Record<string, string>> | undefined;
  readonly hashes: FileHashes;
  readonly names: NameCache;
  readonly run: Run;
  readonly making: Precompiling | undefined;
}

/** A precompiled header that stands for the first lines of a unit now. */
export interface PrecompiledUse {
  readonly key: string;
  /** For the compiler, beside the unit's own flags. */
  readonly flags: readonly string[];
  /** What the dependency file would list for these lines: absolute paths. */
  readonly headers: readonly string[];
  /** The name under which clang knows these lines; no file. */
  readonly virtual: string;
}

export interface Precompiled {
  /** Undefined where there is none, or none that is surely what the compiler would read. `sourceHash`: of the unit's source. */
  use(unit: CompileStep, sourceHash: string): PrecompiledUse | undefined;
  /** To be told of each edit that was compiled without one: its headers (absolute) and what it took. */
  compiled(unit: CompileStep, headers: readonly string[], durationMs: number): void;
  /** To be told when a compile with one says what a plain one would say in other words: it is not used again. */
  leave(use: PrecompiledUse): void;
  /** To be told when a compile failed with one and not without. */
  failed(unit: CompileStep, use: PrecompiledUse, reason: string): void;
  /** Nothing is made until the returned function is called. */
  hold(): () => void;
}

const defaultWorthMs = 120;
const defaultWorthRatio = 0.9;
const maxFailures = 3;

/** Chooses for each unit whether its leading includes come from a precompiled header, and has those made that are missing. */
export function createPrecompiled(options: PrecompiledOptions): Precompiled {
  const { outDir, cwd, hashes, names, making } = options;
  /** Headers that were edited since something was made of them: those, and what includes them, are left out of the next. */
  const moving = new Set<string>();
  const broken = new Set<string>();
  const used = new Set<string>();
  let failures = 0;
  const isOff = (): boolean => !options.on || failures >= maxFailures;

  /** The bytes that a precompiled header would stand for, and its place. */
  const find = (
    unit: CompileStep,
    sourceHash: string,
  ): { readonly key: string; readonly prefix: Buffer } | undefined => {
    const source = readSource(unit.source);
    if (source === undefined || contentHash(source) !== sourceHash) return undefined;
    const end = endOfPrefix(unit, source);
    if (end === 0) return undefined;
    const prefix = source.subarray(0, end);
    const compiler = compilerStamp(unit.command);
    const { identity } = options;
    const { command, flags, input, language } = unit;
    const parts = ['pch 1', identity, compiler, cwd, command, flags, input, language, contentHash(prefix)];
    return { key: contentHash(JSON.stringify(parts)), prefix };
  };

  const endOfPrefix = (unit: CompileStep, source: Buffer): number => {
    let end = 0;
    for (const include of leadingIncludes(source)) {
      if (moving.size > 0 && reaches(unit, include)) break;
      end = include.end;
    }
    return end;
  };

  const reaches = (
    unit: CompileStep,
    { name, beside }: { readonly name: string; readonly beside: boolean },
  ): boolean => {
    const dirs = [...(beside ? [dirname(unit.source)] : []), ...unit.searchDirs];
    const path = dirs.map((dir) => resolve(dir, name)).find((place) => hashes.of(place) !== undefined);
    if (path === undefined) return false;
    const { reached } = searchIncludes(path, [], { searchDirs: unit.searchDirs, cwd }, hashes, names);
    return [path, ...reached].some((one) => moving.has(one));
  };

  const usable = (unit: CompileStep, sourceHash: string): PrecompiledUse | undefined => {
    const found = find(unit, sourceHash);
    if (found === undefined || broken.has(found.key)) return undefined;
    const files = entryFiles(outDir, found.key);
    const entry = readEntry(files);
    if (entry === undefined) return undefined;
    const { valid, changed } = isStillValid(entry, files, hashes);
    for (const path of changed) moving.add(path);
    if (!valid || entry.refused !== '') return undefined;
    keep(files, found.key);
    const flags = usingFlags(files, found.prefix.length);
    return { key: found.key, flags, headers: entry.own, virtual: virtualSource(unit, cwd).path };
  };

  /** What is used stays longest. */
  const keep = ({ entry }: EntryFiles, key: string): void => {
    if (used.has(key)) return;
    used.add(key);
    try {
      utimesSync(entry, new Date(), new Date());
    } catch {
      // It may have been removed by another session just now; the compiler will say so.
    }
  };

  const make = async (unit: CompileStep, headers: readonly string[], signal: AbortSignal): Promise<void> => {
    const sourceHash = hashes.of(unit.source)?.hash;
    const found = sourceHash === undefined ? undefined : find(unit, sourceHash);
    if (sourceHash === undefined || found === undefined || broken.has(found.key) || isOff()) return;
    const files = entryFiles(outDir, found.key);
    const known = readEntry(files);
    if (known !== undefined && isStillValid(known, files, hashes).valid) return;
    const worthRatio = making?.worthRatio ?? defaultWorthRatio;
    const request = { ...options, unit, sourceHash, prefix: found.prefix, headers, files, signal, worthRatio };
    const made = await makeEntry(request);
    if (made === undefined || !made.differs) return;
    const message = `${unit.input} is compiled without precompiled headers: with them it came out different`;
    making?.onProblem({ code: 'HM224', message });
  };

  return {
    use: (unit, sourceHash) => (isOff() || obstacle(unit) !== null ? undefined : usable(unit, sourceHash)),

    compiled(unit, headers, durationMs) {
      if (making === undefined || isOff() || obstacle(unit) !== null) return;
      if (durationMs < (making.worthMs ?? defaultWorthMs)) return;
      making.idle.offer(unit.source, (signal) => make(unit, headers, signal));
    },

    leave: ({ key }) => void broken.add(key),

    failed(unit, { key }, reason) {
      broken.add(key);
      failures++;
      const message = `A precompiled header failed for ${unit.input} (${reason}); it was compiled without`;
      making?.onProblem({ code: 'HM222', message });
      if (failures !== maxFailures) return;
      const given = `Precompiled headers failed ${failures} times; none is used from now on`;
      making?.onProblem({ code: 'HM223', message: given });
    },

    hold: () => making?.idle.hold() ?? (() => undefined),
  };
}

function readSource(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** A precompiled header is good for the very compiler that made it. */
function compilerStamp(command: string): string | null {
  try {
    return placeStamp(realpathSync(command));
  } catch {
    return null;
  }
}
