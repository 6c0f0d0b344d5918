import { form } from './constants.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { DebugSections } from './sections.js';
import { readInitialLength } from './units.js';

/** The header of a line number program (DWARF 5, section 6.2.4), and where the program stands. */
export interface LineHeader {
  /** Addresses advance by multiples of it. */
  readonly minInstructionLength: number;
  /** Operations of one instruction word of a VLIW machine; 1 on all others. */
  readonly maxOperations: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Arguments of the standard opcodes from 1 on. */
  readonly argumentCounts: readonly number[];
  /** Folders that the numbers in `DW_LNE_define_file` mean. */
  readonly folders: readonly string[];
  /** Names of the sources by the number that `DW_AT_decl_file` gives; versions 2 to 4 count from 1. */
  readonly files: readonly string[];
  /** Some of these names stand in `.debug_str`. */
  readonly inTexts: boolean;
  /** Bytes of the section that hold the opcodes: from `start` to before `end`. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the header at an offset of `.debug_line`. Relative names of sources are joined to their folder, and that to
 * `directory`.
 */
export function readLineHeader(sections: DebugSections, offset: number, directory: string): LineHeader {
  const bytes = sections.section('debug_line');
  const cursor = new Cursor(bytes, sections.littleEndian, offset);
  const { length, offset: offsetSize } = readInitialLength(cursor);
  const end = cursor.at + length;
  if (end > bytes.length) throw new DebugInfoError('damaged', 'a line table is longer than its section');
  const version = cursor.u16();
  if (version < 2 || version > 5) throw new DebugInfoError('unsupported', `its line tables are of version ${version}`);
  if (version >= 5) cursor.take(2);
  const headerLength = cursor.unsigned(offsetSize);
  const start = cursor.at + headerLength;
  const minInstructionLength = cursor.u8();
  const maxOperations = version >= 4 ? cursor.u8() : 1;
  cursor.take(1);
  const lineBase = (cursor.u8() << 24) >> 24;
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  const argumentCounts = [0, ...cursor.block(Math.max(opcodeBase - 1, 0))];
  const names = version >= 5 ? readNew(sections, cursor, offsetSize, directory) : readOld(cursor, directory);
  if (start > end || cursor.at > start) throw new DebugInfoError('damaged', 'a line table is shorter than its header');
  return { minInstructionLength, maxOperations, lineBase, lineRange, opcodeBase, argumentCounts, ...names, start, end };
}

/** Whether two headers are written in the same way, up to where the opcodes begin. */
export function sameLineHeaders(one: DebugSections, first: number, other: DebugSections, second: number): boolean {
  const [ours, theirs] = [headerBytes(one, first), headerBytes(other, second)];
  return ours !== null && theirs !== null && Buffer.compare(ours, theirs) === 0;
}

/** Without the length in front, in which the opcodes count. Null where it reaches beyond its section. */
function headerBytes(sections: DebugSections, offset: number): Uint8Array | null {
  const bytes = sections.section('debug_line');
  const cursor = new Cursor(bytes, sections.littleEndian, offset);
  const { offset: offsetSize } = readInitialLength(cursor);
  const start = cursor.at;
  if (cursor.u16() >= 5) cursor.take(2);
  const length = cursor.unsigned(offsetSize);
  const end = cursor.at + length;
  return end <= bytes.length ? bytes.subarray(start, end) : null;
}

type Names = Pick<LineHeader, 'folders' | 'files' | 'inTexts'>;

/** Versions 2 to 4: strings one after another; an empty one ends each table. */
function readOld(cursor: Cursor, directory: string): Names {
  const folders = [directory];
  for (let name = cursor.string(); name !== ''; name = cursor.string()) folders.push(join(directory, name));
  const files = [''];
  for (let name = cursor.string(); name !== ''; name = cursor.string()) {
    const folder = cursor.uleb();
    cursor.skipLeb();
    cursor.skipLeb();
    files.push(join(folders[folder] ?? directory, name));
  }
  return { folders, files, inTexts: false };
}

/** Version 5: each table describes how its entries are written. */
function readNew(sections: DebugSections, cursor: Cursor, offsetSize: number, directory: string): Names {
  const ofFolders = readTable(sections, cursor, offsetSize);
  const folders = ofFolders.entries.map(({ name }) => join(directory, name));
  const ofFiles = readTable(sections, cursor, offsetSize);
  const files = ofFiles.entries.map(({ name, folder }) => join(folders[folder] ?? directory, name));
  return { folders, files, inTexts: ofFolders.inTexts || ofFiles.inTexts };
}

interface NameTable {
  readonly entries: readonly { readonly name: string; readonly folder: number }[];
  readonly inTexts: boolean;
}

/** `DW_LNCT_path` and `DW_LNCT_directory_index`; what else an entry tells (times, sizes, MD5) is skipped. */
const content = { path: 1, directory: 2 } as const;

function readTable(sections: DebugSections, cursor: Cursor, offsetSize: number): NameTable {
  const formats = Array.from({ length: cursor.u8() }, () => ({ what: cursor.uleb(), kind: cursor.uleb() }));
  const count = cursor.uleb();
  if (formats.length === 0 && count > 0) throw new DebugInfoError('damaged', 'a line table has entries of no form');
  const entries: { name: string; folder: number }[] = [];
  for (let n = 0; n < count; n++) {
    let name = '';
    let folder = 0;
    for (const { what, kind } of formats) {
      const value = readValue(sections, cursor, offsetSize, kind);
      if (what === content.path && typeof value === 'string') name = value;
      if (what === content.directory && typeof value === 'number') folder = value;
    }
    entries.push({ name, folder });
  }
  return { entries, inTexts: formats.some(({ kind }) => kind === form.strp) };
}

function readValue(sections: DebugSections, cursor: Cursor, offsetSize: number, kind: number): string | number {
  switch (kind) {
    case form.string:
      return cursor.string();
    case form.lineStrp:
      return new Cursor(
        sections.section('debug_line_str'),
        sections.littleEndian,
        cursor.unsigned(offsetSize),
      ).string();
    case form.strp:
      return new Cursor(sections.section('debug_str'), sections.littleEndian, cursor.unsigned(offsetSize)).string();
    case form.udata:
      return cursor.uleb();
    case form.data1:
      return cursor.u8();
    case form.data2:
      return cursor.u16();
    case form.data4:
      return cursor.u32();
    case form.data8:
      return cursor.u64();
    case form.data16:
      return cursor.take(16);
    case form.block:
      return cursor.take(cursor.uleb());
    default:
      throw new DebugInfoError('unsupported', `a line table uses the form 0x${kind.toString(16)}`);
  }
}

/** Object files are read on other machines than they were made on, so this is no matter of the own system's paths. */
export function join(folder: string, name: string): string {
  if (folder === '' || name.startsWith('/') || /^[A-Za-z]:[\\/]/.test(name)) return name;
  const parts: string[] = [];
  for (const part of `${folder}/${name}`.split('/')) {
    if (part === '..' && parts.length > 1) parts.pop();
    else if (part !== '.' && (part !== '' || parts.length === 0)) parts.push(part);
  }
  return parts.join('/');
}
