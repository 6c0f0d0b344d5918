import { DebugInfoError } from '../debuginfo/errors.js';
import { readDebugInfo } from '../debuginfo/read.js';
import type { DebugInfo, DebugType, Field } from '../debuginfo/types.js';
import { strip } from '../layout/strip.js';
import { readElf } from '../objfile/elf.js';
import { ObjectFileError } from '../objfile/errors.js';
import type { ElfFile } from '../objfile/types.js';
import { areLocalsDiscarded, statefulSections, writableVariables } from '../objfile/writable.js';
import { hasDestructors } from './destructors.js';
import { nameVariables } from './keys.js';
import { readTags, type SourceLine } from './source-tags.js';
import { type PlacedVariable, placeVariables, untypedStorage } from './storage.js';
import { type SymbolView, viewSymbols } from './symbols.js';
import { threadStarters } from './threads.js';
import type { StateModel, StateProblem, StateVariable, Storage } from './types.js';

/** The name behind `HOTMOD_STATE_TYPE`. */
const savedTypeName = 'hotmod_state_type';

/**
 * Reads what a library keeps between calls: every writable byte of it belongs to a typed variable, or is named as
 * storage that no type is known of. Never throws because of what the file holds.
 */
export function readStateModel(bytes: Uint8Array, { sourceLine }: { readonly sourceLine: SourceLine }): StateModel {
  try {
    const file = readElf(bytes);
    const types = readTypes(bytes, file, sourceLine);
    return modelOf(file, types);
  } catch (error) {
    return { ...emptyModel, problem: problemOf(error) };
  }
}

/** The name a field had before, as `HOTMOD_WAS` says; null without. */
export function wasNameOf(field: Field, sourceLine: SourceLine): string | null {
  return readTags(field, sourceLine).was;
}

interface Typed {
  readonly debug: DebugInfo | null;
  readonly problem: StateProblem | null;
  readonly placed: readonly PlacedVariable[];
  readonly variables: readonly StateVariable[];
  readonly savedType: DebugType | null;
  readonly threadLocals: readonly string[];
  readonly symbols: SymbolView;
}

function readTypes(bytes: Uint8Array, file: ElfFile, sourceLine: SourceLine): Typed {
  const symbols = viewSymbols(file);
  const nothing = { debug: null, placed: [], variables: [], savedType: null, threadLocals: [], symbols };
  if (file.symbols === null || areLocalsDiscarded(file.symbols)) {
    const message = 'its symbol table was stripped';
    return { ...nothing, problem: hasState(file) ? { problem: 'none', message } : null };
  }
  try {
    const debug = readDebugInfo(bytes);
    const placed = placeVariables(file, debug.variables, symbols);
    const named = nameVariables(
      placed.map((one) => one.variable),
      (variable) => symbols.variables.get(variable.address),
    );
    const variables = placed.flatMap((one, n): readonly StateVariable[] => {
      const naming = named[n];
      if (naming === undefined || one.variable.name === savedTypeName) return [];
      const symbol = symbols.variables.get(one.address);
      const { was, reset } = readTags(one.variable, sourceLine);
      const guard = symbol === undefined ? null : (symbols.guards.get(symbol.name) ?? null);
      const initialised = one.section.type !== shtNobits;
      return [
        { ...naming, variable: one.variable, address: one.address, size: one.size, initialised, guard, was, reset },
      ];
    });
    const marker = debug.variables.find((variable) => variable.name === savedTypeName);
    return {
      debug,
      problem: null,
      placed,
      variables,
      savedType: marker === undefined ? null : pointee(marker.type),
      threadLocals: debug.variables.filter((variable) => variable.threadLocal).map((variable) => variable.name),
      symbols,
    };
  } catch (error) {
    return { ...nothing, problem: problemOf(error) };
  }
}

const shtNobits = 8;

/** A file whose sections say that nothing can be written has no state, whatever else is missing. */
function hasState(file: ElfFile): boolean {
  return file.sections.length === 0 || statefulSections(file).length > 0;
}

function modelOf(file: ElfFile, typed: Typed): StateModel {
  const { debug, problem, placed, variables, savedType, symbols } = typed;
  const stateful = new Set(statefulSections(file).map((section) => section.index));
  const isState = new Map(placed.map((one) => [one.address, stateful.has(one.section.index)]));
  const writable = writableVariables(file) ?? [];
  const stateless = problem !== null && writable.length === 0 && file.symbols !== null;
  const threadLocals = new Set([
    ...typed.threadLocals,
    ...writable.filter((one) => one.threadLocal).map((one) => one.name),
  ]);
  return {
    debug,
    problem: stateless ? null : problem,
    variables: variables.filter((one) => isState.get(one.address) === true && !isInterface(one.variable.type)),
    readOnly: variables.filter((one) => isState.get(one.address) === false),
    untyped: problem === null ? untypedStorage(file, placed) : [],
    threadLocals: [...threadLocals],
    threadStarts: threadStarters(file),
    destructors: hasDestructors(file),
    functions: symbols.functions,
    vtables: symbols.vtables,
    constants: constantsOf(file),
    imageSize: imageSizeOf(file),
    savedType,
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

function constantsOf(file: ElfFile): readonly Storage[] {
  return file.sections
    .filter((section) => section.allocated && section.size > 0 && /^\.(rodata|data\.rel\.ro)/.test(section.name))
    .map((section) => ({ address: section.addr, size: section.size }));
}

/** gABI chapter 5, `PT_LOAD`: what the loader maps. */
function imageSizeOf(file: ElfFile): number {
  const load = 1;
  const ends = file.segments.filter((segment) => segment.type === load).map((one) => one.addr + one.memorySize);
  return Math.max(0, ...ends);
}

function pointee(type: DebugType): DebugType | null {
  if (type.kind === 'typedef' || type.kind === 'qualified') return pointee(type.target);
  return type.kind === 'pointer' ? type.target : null;
}

function problemOf(error: unknown): StateProblem {
  if (error instanceof DebugInfoError) return { problem: error.problem, message: error.message };
  if (error instanceof ObjectFileError) return { problem: 'damaged', message: error.message };
  // Types of a damaged file may be nested without an end.
  if (error instanceof RangeError) return { problem: 'damaged', message: 'its types are nested too deeply' };
  throw error;
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
  vtables: new Map(),
  constants: [],
  imageSize: 0,
  savedType: null,
  initial: () => undefined,
};
