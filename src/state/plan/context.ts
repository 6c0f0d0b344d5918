import type { DebugType, Field, Place, RecordType } from '../../debuginfo/types.js';
import type { TypeComparer } from '../../layout/same.js';
import { strip } from '../../layout/strip.js';
import { typeName } from '../../layout/type-name.js';
import type { Change, ChangeKind, PlanCheck, Side } from '../types.js';
import { typeLabel } from './labels.js';
import type { Operation, Piece } from './operations.js';
import type { Questions } from './questions.js';
import type { Reach } from './reached.js';

/** One type, or what belongs to it, in both builds. */
export interface Both<T = DebugType> {
  readonly before: T;
  readonly after: T;
}

/** What is gathered on the way through all variables of two builds. */
export interface PlanContext {
  readonly compare: TypeComparer;
  readonly wasName: (field: Field) => string | null;
  /** The process that the old state was in has ended. */
  readonly isGone: boolean;
  /** Names of the records that have another layout now; pointers to void may lead to any of them. */
  readonly changedRecords: readonly string[];
  /** Functions that the new build does not have, for messages. */
  readonly goneFunctions: readonly string[];
  /** What is asked of both builds by name. */
  readonly questions: Questions;
  /** Full names of the records that constants of the old build hold by value, those of the C++ library left out. */
  readonly constantRecords: () => ReadonlySet<string>;
  /** Symbols of the virtual tables that have another size now. */
  readonly changedTables: () => ReadonlySet<string>;
  readonly reached: { readonly byValue: ReachAnswers; readonly behind: ReachAnswers };
  readonly changes: Change[];
  readonly checks: PlanCheck[];
  readonly pieces: Piece[];
  readonly starts: Piece[];
  readonly values: { readonly from: bigint; readonly to: bigint }[];
  readonly classes: Map<string, number>;
  /** Fields of converted records, in the new image: what lies between two of them is not padding. */
  readonly occupied: Stretch[];
  /** Arrays of converted elements around the place that is being looked at. */
  readonly loops: Loop[];
  /** Set where a part was emitted that is not the plain bytes. */
  converted: boolean;
  heapMayPointBack: boolean;
  /** Any pointer is carried, so that the engine needs to know where things went. */
  hasPointers: boolean;
}

/** Addresses in the library file. */
export interface Stretch {
  readonly start: number;
  readonly size: number;
}

/**
 * How one object gets over; given to what carries the parts of records and arrays, which are objects themselves.
 *
 * @param size bytes of the object where the type does not say (a flexible array).
 */
export type Carry = (context: PlanContext, out: Out, types: Both, spot: Spot, size?: number | null) => void;

export type ReachAnswers = WeakMap<object, Map<object, Reach>>;

interface Loop {
  readonly count: number;
  readonly fromStride: number;
  readonly toStride: number;
}

/** One place of the old state and of the new one, and how a user calls it. */
export interface Spot {
  /** Addresses in the library files. */
  readonly from: number;
  readonly to: number;
  readonly path: string;
  /** `struct city` whose field this is; '' for a variable. */
  readonly record: string;
  /** Offsets in the record; null for a variable. */
  readonly offsets: { readonly before: number | null; readonly after: number | null };
  readonly places: { readonly before: Place; readonly after: Place };
  /** Inside an object of the C++ library. */
  readonly inLibrary?: boolean;
}

export function addChange(
  context: PlanContext,
  kind: ChangeKind,
  spot: Spot,
  types: { readonly before: DebugType | null; readonly after: DebugType | null },
  more: { readonly detail?: string; readonly check?: number; readonly record?: string } = {},
): void {
  context.changes.push({
    kind,
    path: spot.path,
    record: more.record ?? spot.record,
    before: sideOf(types.before, spot.offsets.before, spot.places.before),
    after: sideOf(types.after, spot.offsets.after, spot.places.after),
    detail: more.detail ?? '',
    check: more.check ?? null,
  });
}

export function sideOf(type: DebugType | null, offset: number | null, place: Place): Side | null {
  return type === null ? null : { type: typeLabel(type), offset, place };
}

export function addCheck(context: PlanContext, check: PlanCheck): number {
  context.checks.push(check);
  return context.checks.length - 1;
}

/** Pieces of the outer of two nested arrays are written out, up to as many. */
const mostUnrolled = 4096;

/**
 * Notes where a stretch of old state went, once for every element of the arrays around it. Beyond the limit nothing is
 * noted, and a pointer to it leads nowhere, which refuses.
 */
export function addPiece(
  context: PlanContext,
  list: 'pieces' | 'starts',
  piece: {
    readonly from: number;
    readonly to: number;
    readonly length: number;
    readonly type: number;
    readonly element: number;
  },
): void {
  const inner = context.loops.at(-1);
  const outer = context.loops.slice(0, -1);
  const total = outer.reduce((count, loop) => count * loop.count, 1);
  if (total > mostUnrolled) return;
  let places = [{ from: piece.from, to: piece.to }];
  for (const { count, fromStride, toStride } of outer) {
    places = places.flatMap(({ from, to }) =>
      Array.from({ length: count }, (_, n) => ({ from: from + n * fromStride, to: to + n * toStride })),
    );
  }
  const { count, fromStride, toStride } = inner ?? { count: 1, fromStride: 0, toStride: 0 };
  for (const place of places) context[list].push({ ...piece, ...place, count, fromStride, toStride });
}

/** Number of the class of a type, by which a pointer is told from another; 0 for void, which fits anything. */
export function classOf(context: PlanContext, type: DebugType): number {
  const plain = strip(type);
  if (plain.kind === 'void') return 0;
  const name = className(plain);
  const known = context.classes.get(name);
  if (known !== undefined) return known;
  const next = context.classes.size + 1;
  context.classes.set(name, next);
  return next;
}

/** Records without a name are told apart by where they stand. */
function className(type: DebugType): string {
  if (type.kind === 'base' && isByte(type))
    return type.name === 'char' || type.encoding === 'character' ? 'char' : 'byte';
  if (type.kind !== 'record' || type.name !== null) return typeName(type);
  return `${typeName(type)} ${type.unit}:${type.place.file}:${type.place.line}`;
}

/** Characters and bytes may be looked at through any pointer (C11 6.5, "effective type"). */
export function isByte(type: DebugType): boolean {
  return type.kind === 'base' && type.size === 1 && type.encoding !== 'boolean';
}

/** Types of the C++ library are carried as they are or not at all: what their fields mean is its own affair. */
export function isLibraryType({ scope }: RecordType): boolean {
  return scope[0] === 'std' || scope[0] === '__gnu_cxx';
}

/** A run of operations under the addresses of a spot. */
export type Out = Operation[];
