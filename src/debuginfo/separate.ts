import { crc32 } from 'node:zlib';
import { readElf } from '../objfile/elf.js';
import type { ElfFile } from '../objfile/types.js';
import { Cursor } from './cursor.js';
import { DebugInfoError } from './errors.js';
import type { OpenOptions } from './open.js';

/**
 * Debug information that lies in another file: `.gnu_debuglink` names it and says its checksum (GDB manual, "Separate
 * Debug Files"). Null where the file has its own. What cannot be read is refused by its name.
 */
export function findSeparate(file: ElfFile, options: OpenOptions): ElfFile | null {
  if (file.section('.gnu_debugaltlink') !== undefined) {
    throw new DebugInfoError('unsupported', 'its types stand in a supplementary file (.gnu_debugaltlink, made by dwz)');
  }
  if (file.section('.debug_info') !== undefined || file.section('.zdebug_info') !== undefined) return null;
  if (file.section('.debug_info.dwo') !== undefined) {
    throw new DebugInfoError('unsupported', 'it is a .dwo file, the split half of debug information (-gsplit-dwarf)');
  }
  const link = file.section('.gnu_debuglink');
  if (link === undefined) return null;
  const cursor = new Cursor(file.sectionData(link), true);
  const name = cursor.string();
  cursor.at = (cursor.at + 3) & ~3;
  const checksum = cursor.u32();
  const bytes = options.beside?.(name) ?? null;
  if (bytes === null) {
    throw new DebugInfoError('unsupported', `its debug information stands in the file ${name}, which was not found`);
  }
  if (crc32(bytes) !== checksum) {
    throw new DebugInfoError('damaged', `its debug information stands in ${name}, and that belongs to another build`);
  }
  return readElf(bytes);
}
