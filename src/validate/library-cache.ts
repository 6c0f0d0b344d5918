import { readFileSync, statSync } from 'node:fs';
import { readElf } from '../objfile/elf.js';
import { ObjectFileError } from '../objfile/errors.js';
import { isMachO, readMachO } from '../objfile/macho.js';
import { machOSlices } from '../objfile/macho-fat.js';
import { machOImage } from '../objfile/macho-image.js';
import { isExported } from './exports.js';
import { readLdSoConf } from './ld-so-conf.js';

/** What a library offers and wants, as far as those who need it care. */
export interface LibraryInterface {
  readonly path: string;
  readonly machine: number;
  readonly soname: string | null;
  readonly needed: readonly string[];
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  readonly exports: ReadonlySet<string>;
}

/**
 * Remembers the interfaces of libraries by path, size and time of change. The C library alone has 3000 symbols; reading
 * them again for each save would cost more than all the rest of the validation. Calls are synchronous on purpose:
 * a handful of stat calls takes microseconds, less than one turn through the thread pool.
 */
export interface LibraryCache {
  /** Null where there is no such file or it is no library that can be read. */
  read(path: string): LibraryInterface | null;
  /** Folders of ld.so.conf. */
  configuredDirs(): readonly string[];
}

/** A cache that can be asked for a view of one moment. */
export interface LibraryCaches extends LibraryCache {
  /**
   * The same, but that each file is looked at once for all who name the same moment. A thousand modules that are validated
   * together need the same libraries, and four of five of the places where those might lie are empty.
   */
  at(moment: object): LibraryCache;
}

export function createLibraryCache(ldSoConf = '/etc/ld.so.conf', ldSoCache = '/etc/ld.so.cache'): LibraryCaches {
  const libraries = new Map<string, { readonly stamp: string; readonly library: LibraryInterface | null }>();
  let configured: { readonly stamp: string; readonly dirs: readonly string[] } | undefined;
  const moments = new WeakMap<object, LibraryCache>();
  const cache: LibraryCache = {
    read(path) {
      const stamp = stampOf(path);
      if (stamp === null) return null;
      const before = libraries.get(path);
      if (before?.stamp === stamp) return before.library;
      const library = readInterface(path);
      libraries.set(path, { stamp, library });
      return library;
    },
    configuredDirs() {
      // Included files take effect for the loader when ldconfig runs, and that writes its cache file.
      const stamp = `${stampOf(ldSoConf)} ${stampOf(ldSoCache)}`;
      if (configured?.stamp !== stamp) configured = { stamp, dirs: readLdSoConf(ldSoConf) };
      return configured.dirs;
    },
  };
  return {
    ...cache,
    at(moment) {
      const view = moments.get(moment) ?? lookingOnce(cache);
      moments.set(moment, view);
      return view;
    },
  };
}

function lookingOnce(cache: LibraryCache): LibraryCache {
  const libraries = new Map<string, LibraryInterface | null>();
  let dirs: readonly string[] | null = null;
  return {
    read(path) {
      const known = libraries.get(path);
      if (known !== undefined) return known;
      const library = cache.read(path);
      libraries.set(path, library);
      return library;
    },
    configuredDirs() {
      dirs ??= cache.configuredDirs();
      return dirs;
    },
  };
}

/** Null for what is not a regular file; a named pipe would make reading wait for ever. */
function stampOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat?.isFile() ? `${stat.ino}:${stat.size}:${stat.mtimeNs}` : null;
}

function readInterface(path: string): LibraryInterface | null {
  try {
    const bytes = readFileSync(path);
    if (isMachO(bytes)) return readDylibInterface(path, bytes);
    const file = readElf(bytes);
    const dynamic = file.dynamic;
    if (file.header.type !== 'shared' || dynamic === null) return null;
    return {
      path,
      machine: file.header.machine,
      soname: dynamic.soname,
      needed: dynamic.needed,
      rpath: dynamic.rpath,
      runpath: dynamic.runpath,
      exports: new Set(file.dynamicSymbols.filter(isExported).map((symbol) => symbol.name)),
    };
  } catch (error) {
    if (error instanceof ObjectFileError || isSystemError(error)) return null;
    throw error;
  }
}

/** Of a universal file the first part that is read speaks for all of them. */
function readDylibInterface(path: string, bytes: Uint8Array): LibraryInterface | null {
  const slice = machOSlices(bytes).find((one) => one.machine !== null);
  if (slice === undefined) return null;
  const file = readMachO(slice.bytes);
  if (file.header.type !== 'dylib') return null;
  const image = machOImage(file);
  return {
    path,
    machine: image.header.machine,
    soname: file.id?.name ?? null,
    needed: file.dylibs.map(({ name }) => name),
    rpath: file.rpaths,
    runpath: [],
    exports: new Set(image.dynamicSymbols.filter(isExported).map((symbol) => symbol.name)),
  };
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error;
}
