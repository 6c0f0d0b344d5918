import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { namesIn } from '../../files/names-in.js';
import { scanIncludes } from '../dependencies.js';
import type { FileHashes } from '../hashes.js';
import { replaceFile } from '../objects.js';

/**
 * What a precompiled header was made of, and what came of trying it. Everything that clang would look at to read the same
 * includes anew is in it, so that an entry is as good as reading them for as long as it is still valid.
 */
const entrySchema = z.object({
  /** What begins with these includes, as the compiler is given it. */
  source: z.string(),
  /** Why it is not used; empty where it is. */
  refused: z.string(),
  /** Time of a compile with it as part of the time of one without it, as measured when it was made. */
  ratio: z.number(),
  /** Content hash of the precompiled header; empty where it is refused. */
  hash: z.string(),
  /** Every header in it, those of the system too, with its content. */
  headers: z.array(z.tuple([z.string(), z.string()])),
  /** Those of them that the compiler's dependency file names without those of the system. */
  own: z.array(z.string()),
  /** Places on the include path that held no file; one that appears there would be included instead. */
  absent: z.array(z.string()),
  /** Folders that the compiler brings, each with its stamp, or null where there is none. */
  folders: z.array(z.tuple([z.string(), z.string().nullable()])),
  /** Folders searched before those, with the names in them by which headers of the system include each other. */
  earlier: z.array(z.tuple([z.string(), z.array(z.string())])),
  /** Those names. */
  names: z.array(z.string()),
});
export type Entry = z.infer<typeof entrySchema>;

/** A folder for each precompiled header, named by what decides about it but the contents of the headers. */
export interface EntryFiles {
  readonly dir: string;
  readonly header: string;
  /** The includes alone; clang sees it through `overlay` beside the source. */
  readonly prefix: string;
  readonly overlay: string;
  readonly entry: string;
}

export function entryFiles(outDir: string, key: string): EntryFiles {
  const dir = join(storeDir(outDir), key);
  const at = (name: string): string => join(dir, name);
  return { dir, header: at('headers.pch'), prefix: at('prefix'), overlay: at('overlay.json'), entry: at('entry.json') };
}

function storeDir(outDir: string): string {
  return join(outDir, 'cache', 'pch');
}

/** Undefined where there is none, or one that is damaged. */
export function readEntry({ entry }: EntryFiles): Entry | undefined {
  try {
    return entrySchema.parse(JSON.parse(readFileSync(entry, 'utf8')));
  } catch {
    return undefined;
  }
}

export function writeEntry(files: EntryFiles, entry: Entry): void {
  mkdirSync(files.dir, { recursive: true });
  replaceFile(files.entry, JSON.stringify(entry));
}

/** Whether clang would still read the same; if not, the headers that changed, which may be none. */
export function isStillValid(
  entry: Entry,
  files: EntryFiles,
  hashes: FileHashes,
): { readonly valid: boolean; readonly changed: readonly string[] } {
  const changed = entry.headers.filter(([path, hash]) => hashes.of(path)?.hash !== hash).map(([path]) => path);
  const valid =
    changed.length === 0 &&
    entry.absent.every((path) => hashes.of(path) === undefined) &&
    entry.folders.every(([path, stamp]) => placeStamp(path) === stamp) &&
    entry.earlier.every(([path, present]) => sameNames(namesAmong(path, entry.names), present)) &&
    (entry.refused !== '' || hashes.of(files.header)?.hash === entry.hash);
  return { valid, changed };
}

/** Changes when a file is replaced, and when one appears in a folder or goes. Null where there is nothing. */
export function placeStamp(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.ino}:${stat.mtimeMs}`;
}

/** First parts of the names that these headers include others by: what must not appear in a folder searched earlier. */
export async function includedNames(headers: readonly string[]): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const path of headers) {
    for (const { name } of scanIncludes(await readFile(path, 'utf8'))) names.add(name.split('/')[0] ?? name);
  }
  return [...names].sort();
}

export function namesAmong(dir: string, names: readonly string[]): readonly string[] {
  const wanted = new Set(names);
  try {
    return readdirSync(dir)
      .filter((name) => wanted.has(name))
      .sort();
  } catch {
    return [];
  }
}

function sameNames(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, at) => name === other[at]);
}

const defaultLimits = { count: 40, bytes: 512 * 2 ** 20 };

/** A folder without an entry is being made by somebody, or was left half-made so long ago. */
const halfMadeMs = 3_600_000;

/** Removes all but the newest precompiled headers. One that is in use when it goes costs a plain compile. */
export function pruneEntries(
  outDir: string,
  limits: { readonly count: number; readonly bytes: number } = defaultLimits,
) {
  const store = storeDir(outDir);
  const found = namesIn(store)
    .map((key) => entryFiles(outDir, key))
    .map((files) => ({ files, time: timeOf(files.entry), made: timeOf(files.dir) ?? 0, size: sizeOf(files.header) }))
    .sort((a, b) => (b.time ?? b.made) - (a.time ?? a.made));
  let bytes = 0;
  for (const [index, { files, time, made, size }] of found.entries()) {
    bytes += size;
    const isLeft = time === undefined && Date.now() - made > halfMadeMs;
    if (isLeft || index >= limits.count || bytes > limits.bytes) rmSync(files.dir, { recursive: true, force: true });
  }
}

/** What the store holds, newest first. */
export function listEntries(
  outDir: string,
): readonly (Pick<Entry, 'source' | 'refused'> & { readonly bytes: number })[] {
  return namesIn(storeDir(outDir))
    .map((key) => entryFiles(outDir, key))
    .sort((a, b) => (timeOf(b.entry) ?? 0) - (timeOf(a.entry) ?? 0))
    .flatMap((files) => {
      const entry = readEntry(files);
      return entry === undefined ? [] : [{ source: entry.source, refused: entry.refused, bytes: sizeOf(files.header) }];
    });
}

function timeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
