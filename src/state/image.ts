import { pt, sht } from '../objfile/constants.js';
import type { ElfFile, ElfSection } from '../objfile/types.js';
import type { Storage } from './types.js';

/** Stretches that hold constants of the source: string literals, tables. */
export function constantsOf(file: ElfFile): readonly Storage[] {
  return file.sections
    .filter((section) => section.allocated && section.size > 0 && isConstant(section))
    .map((section) => ({ address: section.addr, size: section.size }));
}

/** Bytes from address 0 to the end of what the loader maps (gABI chapter 5, `PT_LOAD`). */
export function imageSizeOf(file: ElfFile): number {
  const ends = file.segments.filter((segment) => segment.type === pt.load).map((one) => one.addr + one.memorySize);
  return Math.max(0, ...ends);
}

/** No pointer of the source leads into code or into what unwinding needs. */
function isConstant({ name, type, writable, executable }: ElfSection): boolean {
  if (/^\.data\.rel\.ro(\.|$)/.test(name)) return true;
  return type === sht.progbits && !writable && !executable && !/^\.(eh_frame.*|gcc_except_table.*|interp)$/.test(name);
}
