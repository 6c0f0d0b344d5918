import type { ElfFile, ElfRelocation, ElfSection } from '../objfile/types.js';
import { DebugInfoError } from './errors.js';

export interface Relocated {
  readonly bytes: Uint8Array;
  /** Section that the word at an offset refers to. */
  readonly sections: ReadonlyMap<number, number>;
}

const machine = { x86_64: 62, aarch64: 183 } as const;

/** What a relocation writes, by machine and type: AMD64 ABI 4.4, ELF for the Arm 64-bit Architecture 5.7. */
const kinds: Readonly<Record<number, Readonly<Record<number, Kind>>>> = {
  [machine.x86_64]: {
    0: { size: 0 },
    1: { size: 8 },
    10: { size: 4 },
    11: { size: 4 },
    17: { size: 8 },
    21: { size: 4 },
    24: { size: 8, relative: true },
    2: { size: 4, relative: true },
  },
  [machine.aarch64]: {
    0: { size: 0 },
    256: { size: 0 },
    257: { size: 8 },
    258: { size: 4 },
    260: { size: 8, relative: true },
    261: { size: 4, relative: true },
    1029: { size: 8 },
  },
};

interface Kind {
  /** Bytes that are written; 0 for none. */
  readonly size: 0 | 4 | 8;
  readonly relative?: true;
}

/**
 * Carries out the relocations of a debug section of a relocatable file as if every section lay at address 0, so that
 * references between debug sections are right and addresses are offsets into their sections.
 */
export function applyRelocations(file: ElfFile, section: ElfSection, bytes: Uint8Array): Relocated {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  const sections = new Map<number, number>();
  for (const relocation of relocationsOf(file).get(section.index) ?? []) {
    const { offset, addend, symbol } = relocation;
    const kind = kindOf(file, section, relocation);
    if (kind.size === 0) continue;
    if (offset + kind.size > copy.length) {
      throw new DebugInfoError('damaged', `a relocation lies outside ${section.name}`);
    }
    const value = (symbol?.value ?? 0) + addend - (kind.relative === true ? offset : 0);
    if (kind.size === 8) view.setBigUint64(offset, BigInt.asUintN(64, BigInt(Math.trunc(value))), true);
    else view.setUint32(offset, Number(BigInt.asUintN(32, BigInt(Math.trunc(value)))), true);
    if (symbol?.defined) sections.set(offset, symbol.section);
  }
  return { bytes: copy, sections };
}

function kindOf(file: ElfFile, section: ElfSection, { type }: ElfRelocation): Kind {
  const kind = kinds[file.header.machine]?.[type];
  if (kind === undefined) {
    throw new DebugInfoError('unsupported', `${section.name} has relocations of type ${type}, which are not read`);
  }
  return kind;
}

const byTarget = new WeakMap<ElfFile, ReadonlyMap<number, readonly ElfRelocation[]>>();

function relocationsOf(file: ElfFile): ReadonlyMap<number, readonly ElfRelocation[]> {
  const known = byTarget.get(file);
  if (known !== undefined) return known;
  const all = new Map<number, ElfRelocation[]>();
  for (const relocation of file.relocations) {
    const list = all.get(relocation.target) ?? [];
    list.push(relocation);
    all.set(relocation.target, list);
  }
  byTarget.set(file, all);
  return all;
}
