import { sht } from '../objfile/constants.js';
import type { ElfFile, ElfSection } from '../objfile/types.js';
import { applyRelocations } from './elf-relocations.js';
import { DebugInfoError } from './errors.js';
import { inflateSection } from './inflate.js';
import type { OpenOptions } from './open-options.js';
import type { Relocated } from './relocated.js';
import type { DebugSectionName, DebugSections } from './sections.js';
import { findSeparate } from './separate.js';

/** Debug sections of an ELF file, inflated when they are asked for, and in relocatable files relocated. */
export function elfSections(file: ElfFile, options: OpenOptions): DebugSections {
  const separate = findSeparate(file, options);
  if (separate !== null) return elfSections(separate, {});
  refuseEmptied(file);
  const relocatable = file.header.type === 'relocatable';
  const parts = partsByName(file);
  const read = new Map<DebugSectionName, Relocated>();
  const section = (name: DebugSectionName): Relocated => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const joined = relocatable
      ? joinParts(file, parts, name)
      : { bytes: parts(name)[0]?.bytes ?? nothing, targets: none };
    read.set(name, joined);
    return joined;
  };
  return {
    format: 'elf',
    pointerSize: 8,
    littleEndian: true,
    relocatable,
    section: (name) => section(name).bytes,
    sectionAt: (name, offset) => section(name).targets.get(offset) ?? null,
  };
}

/** One of the sections of a name, and where it begins when they stand one after another. */
interface Part {
  readonly section: ElfSection;
  readonly bytes: Uint8Array;
  readonly base: number;
}

type PartsOf = (name: string) => readonly Part[];

const none: ReadonlyMap<number, number> = new Map();
const nothing = new Uint8Array();

/**
 * Linked files have one section of a name. Object files may have more: each type unit (`-fdebug-types-section`) stands
 * in a section group of its own (gABI chapter 4, "Section Groups"), and the linker would put them one after another.
 */
function partsByName(file: ElfFile): PartsOf {
  const read = new Map<string, readonly Part[]>();
  return (name) => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const parts: Part[] = [];
    let base = 0;
    for (const section of file.sections) {
      if (section.name !== `.${name}` && section.name !== `.z${name}`) continue;
      const bytes = inflateSection(file, section);
      parts.push({ section, bytes, base });
      base += bytes.length;
    }
    read.set(name, parts);
    return parts;
  };
}

function joinParts(file: ElfFile, parts: PartsOf, name: string): Relocated {
  const own = parts(name);
  const baseOf = (index: number): number => {
    const target = file.sections[index]?.name.replace(/^\.z?/, '') ?? '';
    if (!target.startsWith('debug_')) return 0;
    return parts(target).find((part) => part.section.index === index)?.base ?? 0;
  };
  const [only] = own;
  if (only === undefined) return { bytes: nothing, targets: none };
  if (own.length === 1) return applyRelocations(file, only.section, only.bytes, baseOf);
  const bytes = new Uint8Array(own.reduce((size, part) => size + part.bytes.length, 0));
  const targets = new Map<number, number>();
  for (const part of own) {
    const relocated = applyRelocations(file, part.section, part.bytes, baseOf);
    bytes.set(relocated.bytes, part.base);
    for (const [offset, section] of relocated.targets) targets.set(part.base + offset, section);
  }
  return { bytes, targets };
}

/**
 * A file that lost its information to damage must not pass for one that never had any: no tool leaves a section of it
 * without bytes, or its abbreviations alone.
 */
function refuseEmptied(file: ElfFile): void {
  const info = file.sections.find(({ name }) => name === '.debug_info' || name === '.zdebug_info');
  if (info !== undefined && info.size > 0 && (info.type === sht.nobits || info.type === sht.null)) {
    throw new DebugInfoError('damaged', `${info.name} has no bytes in the file`);
  }
  if (info !== undefined && info.size > 0) return;
  const rest = file.sections.find(({ name, size }) => /^\.z?debug_abbrev$/.test(name) && size > 0);
  if (rest !== undefined) throw new DebugInfoError('damaged', `it has ${rest.name} and no .debug_info`);
}
