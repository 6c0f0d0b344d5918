import { ObjectFileError } from './errors.js';
import { readMachOExports } from './macho-exports.js';
import { readMachOFixups } from './macho-fixups.js';
import type { FileRange, MachOFile } from './macho-types.js';

/**
 * Checks that a linked file is complete: everything that its load commands point to lies inside it and reads as what it
 * should be. A file that was cut off fails because the last segment ends with the file; one that has its full length but
 * was not written to its end fails because zeros are no names and no code.
 *
 * @throws ObjectFileError with reason `truncated` or `corrupt`; `unsupported` for fixups of a kind that is not read.
 */
export function checkMachOWhole(file: MachOFile): void {
  refuseTooMany(file);
  for (const segment of file.segments) {
    inFile(file, `segment ${segment.name}`, { offset: segment.offset, size: segment.fileSize });
    if (segment.fileSize > segment.memorySize) throw corrupt('a segment is larger in the file than in memory');
  }
  if (!file.segments.some((segment) => segment.name === '__TEXT')) throw corrupt('it has no __TEXT segment');
  for (const section of file.sections) {
    if (!section.zeroFill) inFile(file, `section ${section.segment},${section.name}`, section);
    const holder = file.segments.find(
      ({ addr, memorySize }) => section.addr >= addr && section.addr + section.size <= addr + memorySize,
    );
    if (holder === undefined) throw corrupt(`section ${section.segment},${section.name} belongs to no segment`);
  }
  for (const [what, place] of linkEditOf(file)) if (place !== null) inFile(file, what, place);
  checkSymbols(file);
  readMachOFixups(file);
  for (const { name, address, reexported, absolute } of readMachOExports(file)) {
    if (name === '') throw corrupt('an export has no name');
    if (!reexported && !absolute) checkExport(file, name, address);
  }
}

/** Symbols have a byte for the number of their section (`MAX_SECT` of `mach-o/nlist.h`), so a linked file has no more. */
const mostSections = 255;

/** What is looked up in a list for every symbol must not be as long as damage makes it. @throws ObjectFileError */
export function refuseTooMany({ sections, segments }: MachOFile): void {
  if (Math.max(sections.length, segments.length) > mostSections)
    throw corrupt(`it has more than ${mostSections} sections`);
}

function linkEditOf(file: MachOFile): readonly (readonly [string, FileRange | null])[] {
  const { dyldInfo, chainedFixups, exportsTrie } = file;
  return [
    ['its chained fixups', chainedFixups],
    ['its table of exports', exportsTrie],
    ['its rebase codes', dyldInfo?.rebase ?? null],
    ['its bind codes', dyldInfo?.bind ?? null],
    ['its lazy bind codes', dyldInfo?.lazyBind ?? null],
    ['its weak bind codes', dyldInfo?.weakBind ?? null],
    ['its table of exports', dyldInfo?.exports ?? null],
  ];
}

/** Reading the table checks its bounds and names. A table of which nothing has a name was not written yet. */
function checkSymbols({ symbols, sections }: MachOFile): void {
  if (symbols === null || symbols.length === 0) return;
  if (symbols.every((symbol) => symbol.name === '')) throw corrupt('its symbol table holds no names');
  for (const { kind, section, name } of symbols) {
    if (kind === 'section' && sections[section - 1] === undefined) {
      throw corrupt(`symbol ${name} is in section ${section}, which does not exist`);
    }
  }
}

/** Zeros are no code: x86-64 reads a store through rax, arm64 a trap. */
function checkExport(file: MachOFile, name: string, address: number): void {
  const section = file.sections.find(({ addr, size }) => address >= addr && address < addr + size);
  const segment = file.segments.find(({ addr, memorySize }) => address >= addr && address < addr + memorySize);
  if (section === undefined && segment === undefined) throw corrupt(`its export ${name} lies outside of it`);
  if (section === undefined || section.name !== '__text') return;
  const code = file.sectionData(section).subarray(address - section.addr, address - section.addr + 8);
  if (code.every((byte) => byte === 0)) throw corrupt(`function ${name} consists of zeros`);
}

function inFile({ bytes }: MachOFile, what: string, { offset, size }: FileRange): void {
  if (size === 0 || offset + size <= bytes.length) return;
  throw new ObjectFileError(
    'truncated',
    `${what} should end at byte ${offset + size}, but the file has ${bytes.length} bytes`,
  );
}

function corrupt(message: string): ObjectFileError {
  return new ObjectFileError('corrupt', message);
}
