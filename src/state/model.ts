import type { DebugType, Field } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { readElf } from '../objfile/elf.js';
import { isMachO, readMachO } from '../objfile/macho.js';
import { machOSlices } from '../objfile/macho-fat.js';
import { machOImage } from '../objfile/macho-image.js';
import type { MachOMachine } from '../objfile/macho-types.js';
import type { ElfFile } from '../objfile/types.js';
import { statefulSections } from '../objfile/writable.js';
import { hasDestructors } from './destructors.js';
import { constantsOf, imageSizeOf } from './image.js';
import { readInitialTargets } from './initial-targets.js';
import { problemOf, type ReadOptions, readTypes, type TypedStorage } from './read-types.js';
import { readTags, type SourceLine } from './source-tags.js';
import { untypedStorage } from './storage.js';
import { type SymbolView, viewSymbols } from './symbols.js';
import { threadLocals } from './thread-locals.js';
import { threadStarters } from './threads.js';
import type { StateModel, StateProblem } from './types.js';

/**
 * Reads what a library keeps between calls: every writable byte of it belongs to a typed variable, or is named as
 * storage that no type is known of. Never throws because of what the file holds: where types cannot be read, or the file
 * itself, `problem` says why.
 */
export function readStateModel(bytes: Uint8Array, options: ReadOptions): StateModel {
  try {
    const file = readImage(bytes, options.machine);
    const symbols = viewSymbols(file);
    return modelOf(file, symbols, readTypes(bytes, file, symbols, options));
  } catch (error) {
    return { ...emptyModel, problem: problemOf(error) };
  }
}

function readImage(bytes: Uint8Array, machine: MachOMachine | undefined): ElfFile {
  if (!isMachO(bytes)) return readElf(bytes);
  const slices = machOSlices(bytes);
  const slice = slices.find((one) => machine !== undefined && one.machine === machine) ?? slices[0];
  return machOImage(readMachO(slice?.bytes ?? bytes));
}

/** The same library once its types turned out to be unreadable, which matters where it has state. */
export function asUnreadable(model: StateModel, problem: StateProblem): StateModel {
  const hasState = model.variables.length > 0 || model.untyped.length > 0;
  return {
    ...model,
    debug: null,
    problem: model.problem ?? (hasState ? problem : null),
    variables: [],
    readOnly: [],
    untyped: [],
    savedType: null,
  };
}

/** The name a field had before, as `HOTMOD_WAS` says; null without. */
export function wasNameOf(field: Field, sourceLine: SourceLine): string | null {
  return readTags(field, sourceLine).was;
}

function modelOf(file: ElfFile, symbols: SymbolView, typed: TypedStorage): StateModel {
  const { debug, problem, placed, variables, savedType } = typed;
  const stateful = new Set(statefulSections(file).map((section) => section.index));
  const isState = new Map(placed.map((one) => [one.address, stateful.has(one.section.index)]));
  return {
    debug,
    problem,
    variables: variables.filter((one) => isState.get(one.address) === true && !isInterface(one.variable.type)),
    readOnly: variables.filter((one) => isState.get(one.address) === false),
    untyped: problem === null && debug !== null ? untypedStorage(file, placed) : [],
    threadLocals: threadLocals(file, debug),
    threadStarts: threadStarters(file),
    destructors: hasDestructors(file),
    functions: symbols.functions,
    exported: strongExports(file),
    vtables: symbols.vtables,
    constants: constantsOf(file),
    imageSize: imageSizeOf(file),
    savedType,
    initialTarget: readInitialTargets(file, variables, symbols),
    initial: (address, size) => file.dataAt(address, size),
  };
}

/**
 * The table of an interface-style module (`module_interface.h`) says what its code is, and the engine has taken it when
 * the library was loaded. Carrying it over would put the old version's name and number into the new one.
 */
function isInterface(type: DebugType): boolean {
  const plain = strip(type);
  return plain.kind === 'record' && plain.name === 'module_interface' && plain.scope.length === 0;
}

function strongExports({ dynamicSymbols }: ElfFile): ReadonlyMap<string, number> {
  const strong = dynamicSymbols.filter(({ defined, bind }) => defined && bind === 'global');
  return new Map(strong.map(({ name, value }) => [name, value]));
}

const emptyModel: StateModel = {
  debug: null,
  problem: null,
  variables: [],
  readOnly: [],
  untyped: [],
  threadLocals: [],
  threadStarts: [],
  destructors: false,
  functions: new Map(),
  exported: new Map(),
  vtables: new Map(),
  constants: [],
  imageSize: 0,
  savedType: null,
  initialTarget: () => null,
  initial: () => undefined,
};
