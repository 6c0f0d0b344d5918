import { readMachO } from '../objfile/macho.js';
import { machOSlices } from '../objfile/macho-fat.js';
import type { MachOFile, MachOMachine, MachOSection } from '../objfile/macho-types.js';
import { DebugInfoError } from './errors.js';
import { inflateOld } from './inflate.js';
import { readDebugMap, translate } from './macho-debug-map.js';
import { applyMachORelocations, type ToImage } from './macho-relocations.js';
import type { OpenOptions } from './open-options.js';
import type { Relocated } from './relocated.js';
import type { DebugSectionName, DebugSections } from './sections.js';

/**
 * Debug sections of a Mach-O file: an object file, or the companion that dsymutil makes (`.dSYM`). A linked file holds
 * none itself; its companion, and then the object files that it was linked from, are asked for where the caller can look
 * beside it.
 *
 * @throws DebugInfoError, ObjectFileError
 */
export function openMachO(bytes: Uint8Array, options: OpenOptions): readonly DebugSections[] {
  const file = readMachO(chooseSlice(bytes, options.machine ?? null));
  if (hasDebugInfo(file)) return [machOSections(file)];
  const companion = findCompanion(file, options);
  if (companion !== null) return [machOSections(companion)];
  const objects = options.beside === undefined ? [] : linkedObjects(file, options.beside);
  if (objects.length === 0) throw nothingIn(file);
  return objects.map((one) => machOSections(one.file, one.toImage));
}

/** The object files that a library was linked from, as far as the linker says that they have debug information. */
function linkedObjects(
  library: MachOFile,
  beside: NonNullable<OpenOptions['beside']>,
): readonly { readonly file: MachOFile; readonly toImage: ToImage }[] {
  return readDebugMap(library).map(({ path, modified, addresses }) => {
    const bytes = beside(path, modified);
    if (bytes === null) {
      throw new DebugInfoError('none', `its types stand in ${path}, which is not there, or not what was linked`);
    }
    const file = readMachO(chooseSlice(bytes, library.header.machine));
    if (!hasDebugInfo(file))
      throw new DebugInfoError('damaged', `${path} has no debug information, and the linker saw some`);
    return { file, toImage: translate(file, addresses) };
  });
}

function machOSections(file: MachOFile, toImage: ToImage | null = null): DebugSections {
  const isObject = file.header.type === 'object';
  const relocatable = isObject && toImage === null;
  const read = new Map<DebugSectionName, Relocated>();
  const section = (name: DebugSectionName): Relocated => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const found = findSection(file, name);
    let result: Relocated = { bytes: new Uint8Array(), targets: new Map() };
    if (found !== null) {
      const data = file.sectionData(found);
      const bytes = found.name.startsWith('__z') ? inflateOld(found.name, data) : data;
      result = isObject ? applyMachORelocations(file, found, bytes, toImage) : { bytes, targets: result.targets };
    }
    read.set(name, result);
    return result;
  };
  return {
    format: 'mach-o',
    pointerSize: 8,
    littleEndian: true,
    relocatable,
    section: (name) => section(name).bytes,
    sectionAt: (name, offset) => section(name).targets.get(offset) ?? null,
  };
}

const segment = '__DWARF';

/** Names have room for 16 characters, so `.debug_str_offsets` is `__debug_str_offs` here. */
function findSection(file: MachOFile, name: DebugSectionName): MachOSection | null {
  const plain = file.section(segment, `__${name}`.slice(0, 16));
  return plain ?? file.section(segment, `__z${name}`.slice(0, 16)) ?? null;
}

/** Abbreviations without anything that uses them are what damage leaves; that file must not pass for a stripped one. */
function hasDebugInfo(file: MachOFile): boolean {
  if (file.segments.length === 0) throw new DebugInfoError('damaged', 'it has no segments');
  const info = findSection(file, 'debug_info');
  if (info !== null && info.size > 0 && !info.zeroFill) return true;
  if ((info?.size ?? 0) > 0 || (findSection(file, 'debug_abbrev')?.size ?? 0) > 0) {
    throw new DebugInfoError('damaged', 'it has debug sections and no __debug_info in them');
  }
  return false;
}

function chooseSlice(bytes: Uint8Array, wanted: MachOMachine | null): Uint8Array {
  const slices = machOSlices(bytes);
  const [only] = slices;
  if (only !== undefined && slices.length === 1 && wanted === null) return only.bytes;
  const machine = wanted ?? hostMachine();
  const found = slices.find((slice) => slice.machine === machine);
  if (found !== undefined) return found.bytes;
  const names = slices.map((slice) => slice.name).join(' and ');
  throw new DebugInfoError('unsupported', `it has no part for ${machine}, only for ${names}`);
}

/** The machine this runs on, or arm64 where that is none of Apple's. */
function hostMachine(): MachOMachine {
  return process.arch === 'x64' ? 'x86_64' : 'arm64';
}

/** A bundle named after the file (Apple, TN2206 and `dsymutil`); its UUID must be the file's own. */
function findCompanion(file: MachOFile, options: OpenOptions): MachOFile | null {
  const name = file.id?.name.split('/').at(-1);
  if (name === undefined || options.beside === undefined) return null;
  const path = `${name}.dSYM/Contents/Resources/DWARF/${name}`;
  const bytes = options.beside(path, 0);
  if (bytes === null) return null;
  const companion = readMachO(chooseSlice(bytes, file.header.machine));
  if (companion.uuid === null || companion.uuid !== file.uuid) {
    throw new DebugInfoError('damaged', `its debug information stands in ${path}, and that belongs to another build`);
  }
  return hasDebugInfo(companion) ? companion : null;
}

function nothingIn(file: MachOFile): DebugInfoError {
  if (file.header.type === 'object' || file.header.type === 'dsym') {
    return new DebugInfoError('none', 'it was built without debug information, or was stripped of it');
  }
  const objects = objectNames(file);
  const from = objects.length === 0 ? '' : ` (${objects.join(', ')})`;
  return new DebugInfoError(
    'none',
    `a linked Mach-O file holds no types: the object files it was linked from${from} do, or the .dSYM that dsymutil makes of them`,
  );
}

const mostNames = 3;

/** What the linker left for debuggers: stabs that name the object files it read. */
function objectNames(file: MachOFile): readonly string[] {
  const names = readDebugMap(file).map(({ path }) => path.split('/').at(-1) ?? path);
  return names.length > mostNames ? [...names.slice(0, mostNames), '...'] : names;
}
