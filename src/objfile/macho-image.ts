import { pt, sht } from './constants.js';
import { ObjectFileError } from './errors.js';
import { machineAArch64, machineX86_64 } from './machines.js';
import { instructionAttributes, sectionType } from './macho-constants.js';
import { readMachOFixups } from './macho-fixups.js';
import { exportedSymbols, imageSymbols, threadStart, undefinedSymbol } from './macho-image-symbols.js';
import type { MachOFile, MachOSection, MachOSegment } from './macho-types.js';
import { refuseTooMany } from './macho-whole.js';
import { stringTable } from './strings.js';
import type { ElfFile, ElfRelocation, ElfSection, ElfSegment, ElfSymbol } from './types.js';

/**
 * A linked Mach-O file in the terms of ELF, in which everything about images is written: sections and segments with
 * their rights, symbols without the underscore of C, and what the loader fills in as relocations. Symbols have no size
 * in Mach-O, and data no type, exactly as labels of assembly in ELF.
 *
 * What only the loader or the compiler writes counts as not writable: tables of pointers, constants, exception tables.
 *
 * @throws ObjectFileError here or where its parts are asked for.
 */
export function machOImage(file: MachOFile): ElfFile {
  refuseTooMany(file);
  const sections = [nullSection, ...file.sections.map((section) => readSection(file, section))];
  const segments = [...file.segments.map(readSegment), ...threadSegment(file)];
  let symbols: readonly ElfSymbol[] | undefined;
  let dynamicSymbols: readonly ElfSymbol[] | undefined;
  let relocations: readonly ElfRelocation[] | undefined;
  return {
    bytes: file.bytes,
    header: {
      type: 'shared',
      machine: file.header.machine === 'arm64' ? machineAArch64 : machineX86_64,
      bits: 64,
      entry: 0,
      flags: 0,
      sectionTable: { offset: 0, count: 0 },
      segmentTable: { offset: 0, count: 0 },
      sectionNames: 0,
    },
    sections,
    segments,
    dynamic: null,
    get symbols() {
      if (file.symbols === null) return null;
      symbols ??= imageSymbols(file, file.symbols);
      return symbols;
    },
    get dynamicSymbols() {
      dynamicSymbols ??= exportedSymbols(file);
      return dynamicSymbols;
    },
    get relocations() {
      relocations ??= readRelocations(file);
      return relocations;
    },
    section: (name) => sections.find((section) => section.name === name),
    sectionData: (section) => {
      const own = file.sections[section.index - 1];
      return own === undefined ? new Uint8Array() : file.sectionData(own);
    },
    sectionStrings: () => stringTable(new Uint8Array()),
    dataAt(address, size) {
      const segment = file.segments.find((one) => address >= one.addr && address + size <= one.addr + one.fileSize);
      if (segment === undefined || isZeroFill(file, address)) return undefined;
      const offset = segment.offset + (address - segment.addr);
      if (offset + size > file.bytes.length)
        throw new ObjectFileError('truncated', 'a segment is longer than the file');
      return file.bytes.subarray(offset, offset + size);
    },
  };
}

/** The file is filled up to the end of a page, and `__bss` begins before that. */
function isZeroFill({ sections }: MachOFile, address: number): boolean {
  return sections.some((one) => one.zeroFill && address >= one.addr && address < one.addr + one.size);
}

const nullSection: ElfSection = {
  index: 0,
  name: '',
  type: sht.null,
  flags: 0,
  writable: false,
  allocated: false,
  executable: false,
  threadLocal: false,
  compressed: false,
  addr: 0,
  offset: 0,
  size: 0,
  link: 0,
  info: 0,
  align: 1,
  entsize: 0,
};

/** Written by the loader alone. */
const loaderTypes: ReadonlySet<number> = new Set([
  sectionType.nonLazyPointers,
  sectionType.lazyPointers,
  sectionType.initFunctions,
  sectionType.termFunctions,
  sectionType.threadLocalVariables,
  sectionType.threadLocalPointers,
  sectionType.threadLocalInit,
]);

const threadLocalTypes: ReadonlySet<number> = new Set([
  sectionType.threadLocalRegular,
  sectionType.threadLocalZeroFill,
]);

/** What nobody's pointers lead into: exception tables, stubs, what the loader and the Objective-C runtime keep. */
const noData =
  /^__(unwind_info|eh_frame|gcc_except_tab|stubs|stub_helper|auth_stubs|got|auth_got|la_symbol_ptr|mod_.*)$/;

function readSection(file: MachOFile, section: MachOSection): ElfSection {
  const { index, name, addr, offset, size, align, type, attributes } = section;
  const segment = file.segments.find((one) => one.name === section.segment);
  const executable = (attributes & instructionAttributes) !== 0;
  const threadLocal = threadLocalTypes.has(type);
  const constant = name === '__const' || loaderTypes.has(type) || noData.test(name);
  return {
    ...nullSection,
    index,
    name: `${section.segment},${name}`,
    type: section.zeroFill ? sht.nobits : noData.test(name) || loaderTypes.has(type) ? sht.null : sht.progbits,
    writable:
      segment?.writable === true && !segment.readOnly && !executable && !constant && section.segment !== '__DATA_CONST',
    allocated: section.segment !== '__DWARF' && section.segment !== '__LLVM',
    executable,
    threadLocal,
    addr,
    offset,
    size,
    align,
  };
}

function readSegment(segment: MachOSegment): ElfSegment {
  const { readable, writable, executable, offset, addr, fileSize, memorySize } = segment;
  return { type: pt.load, readable, writable, executable, offset, addr, fileSize, memorySize, align: 1 };
}

/** What ELF has a segment of its own for. */
function threadSegment(file: MachOFile): readonly ElfSegment[] {
  const addr = threadStart(file);
  const holder = file.segments.find((one) => addr >= one.addr && addr < one.addr + one.memorySize);
  if (addr === 0 || holder === undefined) return [];
  return [{ ...readSegment(holder), type: pt.tls, addr, offset: holder.offset + (addr - holder.addr), fileSize: 0 }];
}

function readRelocations(file: MachOFile): readonly ElfRelocation[] {
  return readMachOFixups(file).map(({ address, target }): ElfRelocation => {
    const place = { section: 0, target: 0, offset: address, type: 0 };
    if (target.kind === 'address') return { ...place, symbol: null, addend: target.address };
    return { ...place, symbol: undefinedSymbol(target.name, target.weak), addend: target.addend };
  });
}
