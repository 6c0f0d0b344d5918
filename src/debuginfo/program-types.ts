import type { Entry, Reference } from './entry.js';
import type { EntryIndex } from './index-entries.js';
import type { LineHeader } from './line-header.js';
import type { LineTable } from './line-program.js';
import type { CodeRange, RootedUnit } from './ranges.js';
import type { DebugFunction, DebugType, NamedType, Place, RecordType, Variable } from './types.js';
import type { UnitReader } from './unit-reader.js';

/** All units of a file, or of the object files that one was linked from, and how entries are found in them. */
export interface Program {
  readonly units: readonly OpenUnit[];
  entry(unit: DescribedUnit, offset: number): Entry;
  /** The entry that a reference leads to, and its unit. */
  follow(reference: Reference): Located;
  /** Direct children with one of these tags, in order. */
  children(unit: DescribedUnit, entry: Entry, ...tags: readonly number[]): readonly Entry[];
  scopeOf(unit: DescribedUnit, offset: number): Scope;
  placeOf(unit: DescribedUnit, entry: Entry): Place;
}

/** A unit as far as its entries are understood without addresses. */
export interface DescribedUnit extends UnitReader {
  readonly index: EntryIndex;
  readonly name: string;
  readonly directory: string;
  readonly language: 'c' | 'c++' | 'other';
  /** Where its line table begins; null where it has none. */
  readonly lineTable: number | null;
  /** Where its types, scopes and names are read. */
  readonly body: UnitBody;
  /** Names of sources by number; read when first asked for. */
  files(): readonly string[];
}

/** A unit of one file with what all of its entries need. */
export interface OpenUnit extends DescribedUnit, RootedUnit {
  body: UnitBody;
  /** Where each piece of its code comes from, decoded when first asked for; null where it has no such table. */
  lines(): LineTable | null;
  /** Where its code lies; empty where it does not say. */
  code(): readonly CodeRange[];
}

/**
 * What a unit says wherever its file has it and whatever addresses its code was given: types, scopes, names. Readings of
 * several files that hold the same unit have one body for it, so that its types are the same objects in all of them. The
 * entries are read in the newest of these files, so that none of the older ones is kept for it.
 */
export interface UnitBody extends DescribedUnit {
  /** What its types lead to is found here: the same in every program that has this body (`share-bodies.ts`). */
  readonly program: Program;
  readonly reader: TypeReader;
  readonly facts: UnitFacts;
  /** By the offset of their entry. */
  readonly types: Map<number, DebugType>;
  readonly variables: Map<number, VariableParts>;
  readonly functions: Map<number, FunctionParts>;
  /** Those with a name, outside some namespaces. */
  readonly named: Map<string, readonly NamedType[]>;
  /** Records of one name. */
  readonly records: Map<string, readonly RecordType[]>;
  /** By position in the index. */
  readonly scopes: Map<number, Scope>;
}

/** What follows from the bytes of a unit alone, made when it is first asked for. Offsets are those of entries. */
export interface UnitFacts {
  readonly index: EntryIndex;
  files: Pick<LineHeader, 'files' | 'inTexts'> | null;
  /** Definitions of records and enumerations by their name. */
  definitions: ReadonlyMap<string, readonly number[]> | null;
  /** Declarations whose definition may stand in another unit. */
  outer: readonly { readonly name: string; readonly offset: number }[] | null;
  /** Functions with code, and variables with a fixed place. */
  code: readonly number[] | null;
  places: readonly number[] | null;
  /** What definitions of one name are told apart by. */
  readonly looks: Map<number, string>;
}

/** Everything that is said of a variable but where it lies, which is another place in every file. */
export type VariableParts = Omit<Variable, 'address' | 'section' | 'threadLocal'>;

/** The same of a function. */
export type FunctionParts = Omit<DebugFunction, 'address' | 'section' | 'size'>;

/** An entry and the unit it stands in. */
export interface Located<U extends DescribedUnit = DescribedUnit> {
  readonly unit: U;
  readonly entry: Entry;
}

/** What lies around an entry. */
export interface Scope {
  /** Names of namespaces, types and functions, from the outside; '' for those without a name. */
  readonly names: readonly string[];
  /** The same without functions. */
  readonly types: readonly string[];
  /** The innermost function. */
  readonly function: Located | null;
}

/** Types by the place of their entry, each built once, so that one entry is one object. */
export interface TypeReader {
  readonly program: Program;
  /** The type that `DW_AT_type` of an entry leads to; void without one. */
  typeOf(entry: Entry): DebugType;
  typeAt(unit: DescribedUnit, entry: Entry): DebugType;
}
