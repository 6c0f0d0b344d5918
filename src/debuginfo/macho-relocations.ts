import { relocationNames } from '../objfile/macho-constants.js';
import type { MachOFile, MachORelocation, MachOSection } from '../objfile/macho-types.js';
import { DebugInfoError } from './errors.js';
import type { Relocated } from './relocated.js';

/** What an address of an object file, in the section of this number, became in a library; see `macho-debug-map.ts`. */
export type ToImage = (section: number, address: number) => bigint;

/**
 * Carries out the relocations of a debug section of an object file (`mach-o/x86_64/reloc.h`, `mach-o/arm64/reloc.h`) so
 * that addresses are offsets into their sections. Sections of an object file have addresses in a space of their own;
 * references between debug sections are plain offsets and have no relocations.
 *
 * With `toImage` they are addresses of the library that the object file was linked into.
 */
export function applyMachORelocations(
  file: MachOFile,
  section: MachOSection,
  bytes: Uint8Array,
  toImage: ToImage | null = null,
): Relocated {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  const targets = new Map<number, number>();
  let subtracted: MachORelocation | null = null;
  for (const relocation of file.relocations(section)) {
    const { offset, size } = relocation;
    const kind = kindOf(file, section, relocation);
    if (offset + size > copy.length) throw damaged(section, 'lies outside it');
    if (kind === 'subtractor') {
      if (subtracted !== null) throw damaged(section, 'subtracts twice');
      subtracted = relocation;
      continue;
    }
    const { address, base, index } = resolve(file, relocation);
    let value = readPlace(view, relocation) + BigInt(address);
    if (subtracted !== null) {
      if (subtracted.offset !== offset || subtracted.size !== size) throw damaged(section, 'subtracts from nothing');
      // A difference of two addresses is the same in every address space.
      value -= BigInt(resolve(file, subtracted).address);
      subtracted = null;
    } else if (toImage !== null && index !== 0) {
      value = toImage(index, Number(value));
    } else {
      value -= BigInt(base);
      if (index !== 0) targets.set(offset, index);
    }
    writePlace(view, relocation, value);
  }
  if (subtracted !== null) throw damaged(section, 'subtracts from nothing');
  return { bytes: copy, targets };
}

function kindOf(file: MachOFile, section: MachOSection, relocation: MachORelocation): 'unsigned' | 'subtractor' {
  const { machine } = file.header;
  const name = relocationNames[machine][relocation.type] ?? `type ${relocation.type}`;
  const isRead = !relocation.pcRelative && relocation.size >= 4;
  if (isRead && name.endsWith('_UNSIGNED')) return 'unsigned';
  if (isRead && name.endsWith('_SUBTRACTOR')) return 'subtractor';
  throw new DebugInfoError('unsupported', `${section.name} has relocations ${name}, which are not read`);
}

interface Resolved {
  /** To be added to what stands in the place. */
  readonly address: number;
  /** Address of the section it lies in, and that section's number; 0 for none. */
  readonly base: number;
  readonly index: number;
}

/**
 * Where the target is a symbol, the place holds a number to be added to it; where it is a section, the place itself
 * holds an address in that section.
 */
function resolve(file: MachOFile, { target }: MachORelocation): Resolved {
  if (target.kind === 'section') {
    return { address: 0, base: target.section?.addr ?? 0, index: target.section?.index ?? 0 };
  }
  const { symbol } = target;
  const section = symbol.kind === 'section' ? file.sections[symbol.section - 1] : undefined;
  if (section === undefined) return { address: symbol.kind === 'absolute' ? symbol.value : 0, base: 0, index: 0 };
  return { address: symbol.value, base: section.addr, index: section.index };
}

function readPlace(view: DataView, { offset, size }: MachORelocation): bigint {
  return size === 8 ? view.getBigUint64(offset, true) : BigInt(view.getInt32(offset, true));
}

function writePlace(view: DataView, { offset, size }: MachORelocation, value: bigint): void {
  if (size === 8) view.setBigUint64(offset, BigInt.asUintN(64, value), true);
  else view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
}

function damaged(section: MachOSection, what: string): DebugInfoError {
  return new DebugInfoError('damaged', `a relocation of ${section.name} ${what}`);
}
