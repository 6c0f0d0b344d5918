import type { EntryNames } from '../config/resolved.js';
import type { ElfFile, ElfSymbol, SymbolType } from '../objfile/types.js';
import { writableVariables } from '../objfile/writable.js';
import { findEntry } from './entry.js';
import { exportedSymbols, undefinedSymbols } from './exports.js';
import type { LibraryFacts } from './types.js';

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
    imports: [],
    patches: [],
    entry: findEntry(names, exports),
    variables: writableVariables(file),
    apiVersion: readApiVersion(file),
    stateVersion: readStateVersion(file),
  };
}

function readApiVersion(file: ElfFile): number | null {
  const bytes = exportedObject(file, 'module_api_version', 4);
  return bytes?.getUint32(0, true) ?? null;
}

/** `HOTMOD_STATE_MAGIC` of modules/include/hotmod_state.h, whose table begins with it and the version. */
const stateMagic = 0x54534d48;

function readStateVersion(file: ElfFile): number | null {
  const bytes = exportedObject(file, 'hotmod_state_version', 24);
  return bytes?.getUint32(0, true) === stateMagic ? bytes.getUint32(4, true) : null;
}

function exportedObject(file: ElfFile, name: string, size: number): DataView | null {
  const symbol = file.dynamicSymbols.find(
    (candidate) => candidate.name === name && candidate.defined && candidate.type === sizedType(candidate),
  );
  if (symbol === undefined || (symbol.size !== size && symbol.size !== 0)) return null;
  const bytes = file.dataAt(symbol.value, size);
  return bytes === undefined ? null : new DataView(bytes.buffer, bytes.byteOffset, size);
}

/** Labels of assembly, and all data in Mach-O, have neither a type nor a size. */
function sizedType({ size }: ElfSymbol): SymbolType {
  return size === 0 ? 'none' : 'object';
}
