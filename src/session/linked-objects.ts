import { readFileSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { type LinkedObject, readDebugMap } from '../debuginfo/macho-debug-map.js';
import { type ArchiveMember, readArchive, writeArchive } from '../objfile/archive.js';
import { ObjectFileError } from '../objfile/errors.js';
import { isMachO, readMachO } from '../objfile/macho.js';
import { machOSlices } from '../objfile/macho-fat.js';

/**
 * The types of a Mach-O library stand in the object files that it was linked from, and the next build writes those anew.
 * So they are kept beside the library, in an archive of that name, as long as the library is.
 */
const ending = '.objects';

/**
 * Puts the object files of a library beside it. Nothing happens for libraries of another format, those that have been
 * dealt with, and those that cannot be read: what is wrong with them others say.
 */
export async function keepLinkedObjects(library: string): Promise<void> {
  const archive = library + ending;
  if (statSync(archive, { throwIfNoEntry: false }) !== undefined) return;
  const members = objectsOf(library).flatMap(({ path, modified }): readonly ArchiveMember[] => {
    const bytes = readObject(path, modified);
    return bytes === null ? [] : [{ name: path, bytes }];
  });
  if (members.length === 0) return;
  const half = `${archive}.${process.pid}`;
  try {
    await writeFile(half, writeArchive(members));
    await rename(half, archive);
  } finally {
    await rm(half, { force: true });
  }
}

/** What is asked for beside a library: its object files, from the archive, or from where the linker found them. */
export function besideLibrary(library: string): (name: string, modified: number) => Uint8Array | null {
  let kept: ReadonlyMap<string, Uint8Array> | null = null;
  return (name, modified) => {
    kept ??= readKept(library + ending);
    return kept.get(name) ?? (modified === 0 ? null : readObject(name, modified));
  };
}

function readKept(archive: string): ReadonlyMap<string, Uint8Array> {
  try {
    return new Map(readArchive(readFileSync(archive)).map(({ name, bytes }) => [name, bytes]));
  } catch (error) {
    if (error instanceof ObjectFileError || isSystemError(error)) return new Map();
    throw error;
  }
}

/** Null where it is not there, is no file that could be read without waiting, or was written since the link. */
function readObject(path: string, modified: number): Uint8Array | null {
  try {
    const stat = statSync(path);
    const written = Math.floor(stat.mtimeMs / 1000);
    if (!stat.isFile()) return null;
    return modified !== 0 && written !== modified ? null : readFileSync(path);
  } catch (error) {
    if (isSystemError(error)) return null;
    throw error;
  }
}

function objectsOf(library: string): readonly LinkedObject[] {
  try {
    const bytes = readFileSync(library);
    return isMachO(bytes) ? machOSlices(bytes).flatMap((slice) => readDebugMap(readMachO(slice.bytes))) : [];
  } catch (error) {
    if (error instanceof ObjectFileError || isSystemError(error)) return [];
    throw error;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
