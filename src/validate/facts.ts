import type { EntryNames } from '../config/resolved.js';
import type { ElfFile } from '../objfile/types.js';
import { findEntry } from './entry.js';
import { exportedSymbols, undefinedSymbols } from './exports.js';
import type { LibraryFacts } from './types.js';
import { writableVariables } from './variables.js';

/** @throws ObjectFileError where a part of the file that `checkWhole` passed is damaged all the same. */
export function readFacts(path: string, file: ElfFile, names: EntryNames): LibraryFacts {
  const exports = exportedSymbols(file);
  return {
    path,
    machine: file.header.machine,
    soname: file.dynamic?.soname ?? null,
    needed: file.dynamic?.needed ?? [],
    exports,
    undefinedSymbols: undefinedSymbols(file),
    entry: findEntry(names, exports),
    variables: writableVariables(file),
    apiVersion: readApiVersion(file),
  };
}

function readApiVersion(file: ElfFile): number | null {
  const symbol = file.dynamicSymbols.find(
    (candidate) => candidate.name === 'module_api_version' && candidate.defined && candidate.type === 'object',
  );
  if (symbol === undefined || symbol.size !== 4) return null;
  const bytes = file.dataAt(symbol.value, 4);
  return bytes === undefined ? null : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}
