import { DebugInfoError } from '../debuginfo/errors.js';
import { type ReadOptions as DebugReadOptions, readDebugInfo } from '../debuginfo/read.js';
import type { DebugInfo, DebugType } from '../debuginfo/types.js';
import { sht } from '../objfile/constants.js';
import { ObjectFileError } from '../objfile/errors.js';
import type { ElfFile } from '../objfile/types.js';
import { areLocalsDiscarded, writableVariables } from '../objfile/writable.js';
import { nameVariables } from './keys.js';
import { readTags, type SourceLine } from './source-tags.js';
import { type PlacedVariable, placeVariables } from './storage.js';
import type { SymbolView } from './symbols.js';
import type { StateProblem, StateVariable } from './types.js';

/** What the debug information of a library says about its storage. */
export interface TypedStorage {
  readonly debug: DebugInfo | null;
  readonly problem: StateProblem | null;
  readonly placed: readonly PlacedVariable[];
  /** By address: state, and what is only read. */
  readonly variables: readonly StateVariable[];
  /** The struct that `HOTMOD_STATE_TYPE` names. */
  readonly savedType: DebugType | null;
}

/** How the library itself, and what lies beside it, are read. */
export interface ReadOptions extends DebugReadOptions {
  readonly sourceLine: SourceLine;
}

/** The name behind `HOTMOD_STATE_TYPE`; itself no variable of the module. */
const savedTypeName = 'hotmod_state_type';

/** Types and names of everything with a place in the image. A library without state has no problem, whatever it lacks. */
export function readTypes(bytes: Uint8Array, file: ElfFile, symbols: SymbolView, options: ReadOptions): TypedStorage {
  const refuse = (problem: StateProblem): TypedStorage => ({ ...nothing, problem: hasState(file) ? problem : null });
  if (file.symbols === null || areLocalsDiscarded(file.symbols)) {
    return refuse({ problem: 'none', message: 'its symbol table was stripped' });
  }
  try {
    const debug = readDebugInfo(bytes, options);
    if (holdsNoTypes(debug)) {
      return refuse({ problem: 'none', message: 'its debug information has line numbers but no types (-g1)' });
    }
    const placed = placeVariables(file, debug.variables, symbols);
    const marker = debug.variables.find((variable) => variable.name === savedTypeName);
    return {
      debug,
      problem: null,
      placed,
      variables: describeVariables(placed, symbols, options.sourceLine),
      savedType: marker === undefined ? null : pointee(marker.type),
    };
  } catch (error) {
    return refuse(problemOf(error));
  }
}

/** What was wrong with a file, where that is what was thrown. */
export function problemOf(error: unknown): StateProblem {
  if (error instanceof DebugInfoError) return { problem: error.problem, message: error.message };
  if (error instanceof ObjectFileError) return { problem: 'damaged', message: error.message };
  // Types of a damaged file may be nested without an end.
  if (error instanceof RangeError) return { problem: 'damaged', message: 'its types are nested too deeply' };
  throw error;
}

const nothing: TypedStorage = { debug: null, problem: null, placed: [], variables: [], savedType: null };

/** Where the symbol table does not say what can be written, there may be state. */
function hasState(file: ElfFile): boolean {
  const writable = writableVariables(file);
  return writable === null || writable.length > 0;
}

/** `-g1` and `-gline-tables-only` leave names and lines; gcc even leaves the variables, without their types. */
function holdsNoTypes(debug: DebugInfo): boolean {
  const { units, variables } = debug;
  if (variables.some((variable) => variable.type.kind !== 'void') || debug.types.length > 0) return false;
  // Assembly has no types by nature: its storage is then named as untyped.
  if (!units.some((unit) => unit.language !== 'other')) return false;
  return debug.functions.every(({ type }) => type.returns.kind === 'void' && type.parameters.length === 0);
}

function describeVariables(
  placed: readonly PlacedVariable[],
  symbols: SymbolView,
  sourceLine: SourceLine,
): readonly StateVariable[] {
  const names = nameVariables(
    placed.map((one) => one.variable),
    ({ address }) => symbols.variables.get(address) ?? [],
  );
  const described = placed.flatMap(({ variable, address, size, section }, n): readonly StateVariable[] => {
    const naming = names[n];
    if (naming === undefined || variable.name === savedTypeName) return [];
    const guard = symbols.guards.get(address) ?? null;
    const initialised = section.type !== sht.nobits;
    return [{ ...naming, variable, address, size, initialised, guard, ...readTags(variable, sourceLine) }];
  });
  return described.sort((a, b) => a.address - b.address);
}

function pointee(type: DebugType): DebugType | null {
  if (type.kind === 'typedef' || type.kind === 'qualified') return pointee(type.target);
  return type.kind === 'pointer' ? type.target : null;
}
