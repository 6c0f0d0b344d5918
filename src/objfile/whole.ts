import { dt, pt, shn, sht } from './constants.js';
import { ObjectFileError } from './errors.js';
import type { ElfDynamic, ElfFile, ElfSection, ElfSymbol } from './types.js';

/**
 * Checks that the file is complete: everything that headers, sections and segments point to lies inside the file and
 * reads as what it should be. Cut-off files fail on their bounds. Files that have their full length but are not
 * written to the end (linkers set the length first and fill the file in any order) fail because stretches of zeros
 * are no section headers, no names, no dynamic section and no functions.
 *
 * Time is linear in the number of sections and symbols; the bytes of debug information are not looked at.
 *
 * @throws ObjectFileError with reason `truncated` or `corrupt`.
 */
export function checkWhole(file: ElfFile): void {
  for (const section of file.sections.slice(1)) checkSection(file, section);
  checkSegments(file);
  if (file.header.type === 'shared') checkDynamic(file);
  for (const symbol of file.dynamicSymbols.slice(1)) checkDynamicSymbol(file, symbol);
  checkStaticSymbols(file);
}

function checkSection(file: ElfFile, section: ElfSection): void {
  const name = section.name === '' ? `section ${section.index}` : `section ${section.name}`;
  if (section.type === sht.null || section.name === '') {
    throw corrupt(`the header of section ${section.index} is empty, as in a file that is not written to its end`);
  }
  const bytes = file.sectionData(section);
  if (file.header.type === 'shared' && (section.align === 0 || (section.offset === 0 && section.type !== sht.nobits))) {
    // The gABI allows an alignment of 0, but no linker writes it: this header is half there.
    throw corrupt(`the header of ${name} is incomplete, as in a file that is not written to its end`);
  }
  if (section.type === sht.strtab && (bytes.length === 0 || bytes[0] !== 0 || bytes[bytes.length - 1] !== 0)) {
    throw corrupt(`${name} should be a string table and is none`);
  }
  const linked = section.type === sht.symtab || section.type === sht.dynsym || section.type === sht.dynamic;
  if (linked && file.sections[section.link]?.type !== sht.strtab) throw corrupt(`${name} has no string table`);
  const inImage = section.allocated && !section.threadLocal && section.size > 0;
  if (inImage && file.header.type === 'shared' && !isMapped(file, section)) {
    throw corrupt(`${name} belongs to the loaded image, but no segment loads it`);
  }
}

function isMapped(file: ElfFile, section: ElfSection): boolean {
  return file.segments.some(
    (segment) =>
      segment.type === pt.load &&
      section.addr >= segment.addr &&
      section.addr + section.size <= segment.addr + segment.memorySize,
  );
}

function checkSegments(file: ElfFile): void {
  for (const segment of file.segments) {
    if (segment.offset + segment.fileSize > file.bytes.length) {
      throw new ObjectFileError(
        'truncated',
        `a segment ends at byte ${segment.offset + segment.fileSize}, but the file has ${file.bytes.length} bytes`,
      );
    }
    if (segment.type === pt.load && segment.fileSize > segment.memorySize) {
      throw corrupt('a segment is larger in the file than in memory');
    }
  }
}

function checkDynamic(file: ElfFile): void {
  const dynamic = file.dynamic;
  if (dynamic === null) throw corrupt('it has no dynamic section, so the loader could not load it');
  if (!dynamic.terminated) throw corrupt('its dynamic section has no end');
  for (const [tag, name] of requiredTags) {
    if (dynamic.value(tag) === undefined) throw corrupt(`its dynamic section has no ${name}`);
  }
  if (hasEmptyNames(dynamic)) throw corrupt('its dynamic section holds empty names');
  const section = file.sections.find((candidate) => candidate.type === sht.dynamic);
  const segment = file.segments.find((candidate) => candidate.type === pt.dynamic);
  if (section !== undefined && section.addr !== segment?.addr) {
    throw corrupt('section headers and program headers disagree about the dynamic section');
  }
}

const requiredTags: readonly (readonly [number, string])[] = [
  [dt.strtab, 'string table (DT_STRTAB)'],
  [dt.strsz, 'string table size (DT_STRSZ)'],
  [dt.symtab, 'symbol table (DT_SYMTAB)'],
];

function hasEmptyNames(dynamic: ElfDynamic): boolean {
  return dynamic.needed.includes('') || dynamic.soname === '';
}

function checkDynamicSymbol(file: ElfFile, symbol: ElfSymbol): void {
  if (symbol.name === '' && symbol.type !== 'section' && symbol.bind !== 'local') {
    throw corrupt(`dynamic symbol ${symbol.index} has no name`);
  }
  if (!symbol.defined) return;
  if (file.sections.length > 0 && symbol.section < shn.loReserve && symbol.section >= file.sections.length) {
    throw corrupt(`symbol ${symbol.name} is in section ${symbol.section}, which does not exist`);
  }
  if (symbol.type === 'function' && symbol.size >= 4) checkFunction(file, symbol);
}

/** On both machines zeros are no code a compiler writes: x86-64 reads a store through rax, AArch64 a trap. */
function checkFunction(file: ElfFile, symbol: ElfSymbol): void {
  const code = file.dataAt(symbol.value, Math.min(symbol.size, 16));
  if (code === undefined) throw corrupt(`function ${symbol.name} lies outside the file`);
  if (code.every((byte) => byte === 0)) throw corrupt(`function ${symbol.name} consists of zeros`);
}

/** Reading the table checks its bounds and names. A table of which nothing has a name was not written yet. */
function checkStaticSymbols(file: ElfFile): void {
  const symbols = file.symbols;
  if (symbols === null || symbols.length <= 1) return;
  if (symbols.every((symbol) => symbol.name === '')) throw corrupt('its symbol table holds no names');
}

function corrupt(message: string): ObjectFileError {
  return new ObjectFileError('corrupt', message);
}
