import { sht } from '../objfile/constants.js';
import type { ElfFile } from '../objfile/types.js';
import { applyRelocations, type Relocated } from './elf-relocations.js';
import { inflateSection } from './inflate.js';
import type { OpenOptions } from './open.js';
import type { DebugSectionName, DebugSections } from './sections.js';
import { findSeparate } from './separate.js';

const nothing = new Uint8Array();

/** Debug sections of an ELF file, inflated when they are asked for, and in relocatable files relocated. */
export function elfSections(file: ElfFile, options: OpenOptions): DebugSections {
  const separate = findSeparate(file, options);
  if (separate !== null) return elfSections(separate, {});
  const relocatable = file.header.type === 'relocatable';
  const read = new Map<DebugSectionName, Relocated>();

  const section = (name: DebugSectionName): Relocated => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const found = file.section(`.${name}`) ?? file.section(`.z${name}`);
    let result: Relocated = { bytes: nothing, sections: new Map() };
    if (found !== undefined && found.type !== sht.nobits) {
      const bytes = inflateSection(file, found);
      result = relocatable ? applyRelocations(file, found, bytes) : { bytes, sections: new Map() };
    }
    read.set(name, result);
    return result;
  };

  return {
    format: 'elf',
    pointerSize: 8,
    littleEndian: true,
    relocatable,
    section: (name) => section(name).bytes,
    sectionAt: (name, offset) => section(name).sections.get(offset) ?? null,
  };
}
