import { shn, sht } from '../objfile/constants.js';
import { machineName, machineX86_64 } from '../objfile/machines.js';
import type { ElfFile, ElfRelocation, ElfSection } from '../objfile/types.js';
import { DebugInfoError } from './errors.js';
import type { Relocated } from './relocated.js';

interface Kind {
  /** Bytes that are written; 0 for none. */
  readonly size: 0 | 4 | 8;
  readonly relative?: true;
}

/** What a relocation writes, by type: AMD64 ABI 4.4.1. */
const x86Kinds: Readonly<Record<number, Kind>> = {
  /** R_X86_64_NONE */
  0: { size: 0 },
  /** R_X86_64_64 */
  1: { size: 8 },
  /** R_X86_64_PC32 */
  2: { size: 4, relative: true },
  /** R_X86_64_32 and R_X86_64_32S */
  10: { size: 4 },
  11: { size: 4 },
  /** R_X86_64_DTPOFF64 and R_X86_64_DTPOFF32: offsets in the block of thread-local variables */
  17: { size: 8 },
  21: { size: 4 },
  /** R_X86_64_PC64 */
  24: { size: 8, relative: true },
};

/** ELF for the Arm 64-bit Architecture, 5.7. */
const armKinds: Readonly<Record<number, Kind>> = {
  /** R_AARCH64_NONE, by its number and by the one of drafts */
  0: { size: 0 },
  256: { size: 0 },
  /** R_AARCH64_ABS64 and R_AARCH64_ABS32 */
  257: { size: 8 },
  258: { size: 4 },
  /** R_AARCH64_PREL64 and R_AARCH64_PREL32 */
  260: { size: 8, relative: true },
  261: { size: 4, relative: true },
  /** R_AARCH64_TLS_DTPREL64 */
  1029: { size: 8 },
};

/**
 * Carries out the relocations of a debug section of a relocatable file as if every section lay at address 0, so that
 * addresses are offsets into their sections. `baseOf` is where a debug section begins among those of its name, so that
 * references between debug sections lead into what the reader sees as one.
 */
export function applyRelocations(
  file: ElfFile,
  section: ElfSection,
  bytes: Uint8Array,
  baseOf: (section: number) => number,
): Relocated {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  const targets = new Map<number, number>();
  for (const relocation of relocationsOf(file).get(section.index) ?? []) {
    const { offset, addend, symbol } = relocation;
    const kind = kindOf(file, section, relocation);
    if (kind.size === 0) continue;
    if (offset + kind.size > copy.length) {
      throw new DebugInfoError('damaged', `a relocation lies outside ${section.name}`);
    }
    const inSection = symbol?.defined === true && file.sections[symbol.section] !== undefined;
    // The value of a common symbol is its alignment: its place is only made by the linker (gABI chapter 4).
    const isCommon = !inSection && symbol?.section === shn.common;
    const start = symbol === null || isCommon ? 0 : symbol.value;
    const base = inSection ? baseOf(symbol.section) : 0;
    const value = BigInt(start + base + addend - (kind.relative === true ? offset : 0));
    if (kind.size === 8) view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    else view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
    if (inSection) targets.set(offset, symbol.section);
  }
  return { bytes: copy, targets };
}

function kindOf({ header, sections }: ElfFile, section: ElfSection, { type, section: table }: ElfRelocation): Kind {
  // Both machines' ABIs write addends into the table; in the other form they stand in the place itself.
  if (sections[table]?.type !== sht.rela) {
    throw new DebugInfoError('unsupported', `the relocations of ${section.name} have no addends (SHT_REL)`);
  }
  const x86 = header.machine === machineX86_64;
  const kind = (x86 ? x86Kinds : armKinds)[type];
  if (kind !== undefined) return kind;
  const name = `type ${type} (${machineName(header.machine)})`;
  throw new DebugInfoError('unsupported', `${section.name} has relocations of ${name}, which are not read`);
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
