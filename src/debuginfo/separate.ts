import { crc32 } from 'node:zlib';
import { sht } from '../objfile/constants.js';
import { readElf } from '../objfile/elf.js';
import type { ElfFile } from '../objfile/types.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { OpenOptions } from './open-options.js';

/**
 * Debug information that lies in another file (GDB manual, "Separate Debug Files"): found by the build ID, or by the name
 * and checksum in `.gnu_debuglink`. Null where the file has its own, or none anywhere. What cannot be read is refused by
 * its name.
 */
export function findSeparate(file: ElfFile, options: OpenOptions): ElfFile | null {
  if (file.section('.gnu_debugaltlink') !== undefined) {
    throw new DebugInfoError('unsupported', 'its types stand in a supplementary file (.gnu_debugaltlink, made by dwz)');
  }
  if (file.section('.debug_info') !== undefined || file.section('.zdebug_info') !== undefined) return null;
  if (file.section('.debug_info.dwo') !== undefined) {
    throw new DebugInfoError('unsupported', 'it is a .dwo file, the split half of debug information (-gsplit-dwarf)');
  }
  return findByBuildId(file, options) ?? findByLink(file, options);
}

function findByBuildId(file: ElfFile, options: OpenOptions): ElfFile | null {
  const id = buildId(file);
  if (id === null || options.beside === undefined) return null;
  const bytes = options.beside(`.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`, 0);
  if (bytes === null) return null;
  const separate = readElf(bytes);
  refuseOtherBuild(file, separate, `the file of build ID ${id}`);
  return separate;
}

function findByLink(file: ElfFile, options: OpenOptions): ElfFile | null {
  const link = file.section('.gnu_debuglink');
  if (link === undefined) return null;
  const cursor = new Cursor(file.sectionData(link), true);
  const name = cursor.string();
  cursor.at = (cursor.at + 3) & ~3;
  const checksum = cursor.u32();
  const bytes = options.beside?.(name, 0) ?? null;
  if (bytes === null) {
    throw new DebugInfoError('unsupported', `its debug information stands in the file ${name}, which was not found`);
  }
  if (crc32(bytes) !== checksum) throw otherBuild(name);
  const separate = readElf(bytes);
  refuseOtherBuild(file, separate, name);
  return separate;
}

function refuseOtherBuild(file: ElfFile, separate: ElfFile, name: string): void {
  const [own, other] = [buildId(file), buildId(separate)];
  if (own !== other && own !== null && other !== null) throw otherBuild(name);
}

function otherBuild(name: string): DebugInfoError {
  return new DebugInfoError('damaged', `its debug information stands in ${name}, and that belongs to another build`);
}

/**
 * Hexadecimal digits of the note `NT_GNU_BUILD_ID` (3) of owner "GNU" (gABI chapter 5, "Note Section"): lengths of owner
 * and content, the type, and both padded to 4 bytes. Linkers give it a section of its own.
 */
function buildId(file: ElfFile): string | null {
  const section = file.section('.note.gnu.build-id');
  if (section === undefined || section.type !== sht.note) return null;
  const cursor = new Cursor(file.sectionData(section), true);
  const [ownerSize, size, type] = [cursor.u32(), cursor.u32(), cursor.u32()];
  if (type !== 3 || ownerSize !== 4 || size < 2) return null;
  cursor.take(4);
  return Buffer.from(cursor.block(size)).toString('hex');
}
