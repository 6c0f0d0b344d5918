import type { DebugInfo, DebugType, Place, Variable } from '../debuginfo/types.js';

/** Everything about one library that deciding over its state needs: its types, and where its storage lies. */
export interface StateModel {
  /** Null where types could not be read; `problem` then says why. */
  readonly debug: DebugInfo | null;
  readonly problem: StateProblem | null;
  /** Every variable that can be written and whose type is known, by address. Thread-local ones are not among them. */
  readonly variables: readonly StateVariable[];
  /** Variables that nobody writes (tables of constants): no state, but pointers to them lead to their counterparts. */
  readonly readOnly: readonly StateVariable[];
  /** Writable storage that no typed variable covers: labels of assembly, objects built without debug information. */
  readonly untyped: readonly UntypedStorage[];
  readonly threadLocals: readonly string[];
  /** Undefined symbols that start threads (`pthread_create`, `thrd_create`, ...). */
  readonly threadStarts: readonly string[];
  /** True where it has destructors that an unload runs itself (`.fini_array` of its own, `__cxa_atexit` not wrapped). */
  readonly destructors: boolean;
  /** Functions by name; a local one's name is `file.c:name`. Several of one name are ambiguous and left out. */
  readonly functions: ReadonlyMap<string, FunctionSymbol>;
  /** Addresses of what other libraries can bind to by name, weak symbols left out. */
  readonly exported: ReadonlyMap<string, number>;
  /** Virtual tables by symbol name, with their storage. */
  readonly vtables: ReadonlyMap<string, Storage>;
  /** Allocated stretches that nobody writes: string literals, tables of constants. */
  readonly constants: readonly Storage[];
  /** Bytes from address 0 of the file to the end of what is loaded. */
  readonly imageSize: number;
  /** The struct that `HOTMOD_STATE_TYPE` names; null without one. */
  readonly savedType: DebugType | null;
  /** What a word of initial data points to, as both builds call it; null where the loader writes nothing there. */
  initialTarget(address: number): string | null;
  /** Initial bytes of a stretch; undefined in `.bss`. */
  initial(address: number, size: number): Uint8Array | undefined;
}

export interface StateProblem {
  readonly problem: 'none' | 'damaged' | 'unsupported';
  readonly message: string;
}

/** Addresses as in the library file; bytes. */
export interface Storage {
  readonly address: number;
  readonly size: number;
}

export interface UntypedStorage extends Storage {
  readonly name: string;
}

export interface FunctionSymbol {
  readonly address: number;
  /** As the user wrote it, for messages. */
  readonly name: string;
}

export interface StateVariable extends Storage {
  readonly variable: Variable;
  /** What both builds are matched by: scope and name, with the file for statics. */
  readonly key: string;
  /** As the user would write it in a path: `count`, `file.c:count` where ambiguous, `function::count`, `ns::count`. */
  readonly path: string;
  /** In `.data` (has initial bytes in the file), not in `.bss`. */
  readonly initialised: boolean;
  /** The flag that says whether a C++ static of a function was constructed; it goes with its variable. */
  readonly guard: Storage | null;
  /** Of `HOTMOD_WAS`; null without. */
  readonly was: string | null;
  readonly reset: boolean;
}

/** One side of a change: what stood or stands there. */
export interface Side {
  /** As C writes it: `unsigned long[4]`, `struct city *`. */
  readonly type: string;
  /** Bytes from the start of the record, or null for a whole variable. */
  readonly offset: number | null;
  readonly place: Place;
}

export type ChangeKind =
  // Proven harmless: not said, or said as a remark of level SAFE.
  | 'variableAdded'
  | 'constantChanged'
  | 'reset'
  // Converted by name and type.
  | 'fieldAdded'
  | 'fieldMoved'
  | 'fieldConverted'
  | 'variableConverted'
  | 'variableMoved'
  | 'arrayLonger'
  | 'enumRenumbered'
  | 'carriedAs'
  // Something is dropped.
  | 'fieldRemoved'
  | 'variableRemoved'
  | 'renamed'
  // Depends on what lives; `check` tells.
  | 'initialValue'
  | 'narrowed'
  | 'arrayShorter'
  | 'enumeratorRemoved'
  | 'functionGone'
  | 'pointerIntoImage'
  // Not proven.
  | 'behindPointer'
  | 'voidPointer'
  | 'unionChanged'
  | 'flexibleArray'
  | 'incompatible'
  | 'typeUnknown'
  | 'ambiguous'
  | 'untypedStorage'
  | 'debugInfo'
  // About the module as a whole.
  | 'heapCode'
  | 'threadLocal'
  | 'threads';

/** One difference between two builds, as far as state is concerned. */
export interface Change {
  readonly kind: ChangeKind;
  /** Path of what changed: `g_city.budget.money`, elements of arrays without index: `g_houses[].floor`. */
  readonly path: string;
  /** The record or enum whose definition differs (`struct city`); '' for a variable's own type. */
  readonly record: string;
  readonly before: Side | null;
  readonly after: Side | null;
  /** What else belongs into the sentence: the other name of a rename, the function that is gone, the reason. */
  readonly detail: string;
  /** Number of the check whose result decides over it; null where types alone do. */
  readonly check: number | null;
}

export interface TransferPlan {
  /** In the form of `host/engine/plan.h`. */
  readonly bytes: Uint8Array;
  /** What each check is about. */
  readonly checks: readonly PlanCheck[];
  /** Variables, and bytes of them. */
  readonly summary: {
    readonly bytes: number;
    readonly kept: number;
    readonly converted: number;
    readonly reset: number;
    readonly dropped: number;
  };
  /** Objects behind its pointers may hold addresses of the old image that nobody can list: callbacks, objects with virtual functions, literals. */
  readonly heapMayPointBack: boolean;
}

export interface PlanCheck {
  readonly kind: 'narrowed' | 'arrayShorter' | 'enumeratorRemoved' | 'pointer' | 'outside' | 'initialValue';
  /** Where it finds something, carrying over would be wrong. */
  readonly decisive: boolean;
  readonly path: string;
  /** For a message about the value found: what it would have to become. */
  readonly type: string;
  /** How the bits of a value that was found are to be read. Left out for pointers and bytes. */
  readonly number?: 'signed' | 'unsigned' | 'float';
}

export interface StateComparison {
  /** In the order of the new source, the worst of a kind not summed up: one entry per path. */
  readonly changes: readonly Change[];
  /** Null where there is nothing to carry over, or nobody could know how. */
  readonly plan: TransferPlan | null;
  /** Differences in the type that save_state's bytes have; null where no type is declared or it is the same. */
  readonly saved: SavedComparison | null;
  /** A function printed ready to paste that makes the new state out of the old one; null where nothing refuses. */
  readonly migration: string | null;
}

export interface SavedComparison {
  readonly changes: readonly Change[];
  /** Converts one object at address 0 of the old bytes to one at address 0 of the new ones; null where it cannot be. */
  readonly plan: TransferPlan | null;
  readonly oldSize: number;
  readonly newSize: number;
}

/** An exported function both builds have, whose type differs. */
export interface SignatureChange {
  readonly name: string;
  /** What others import it by, where that is not its name (C++). */
  readonly symbol?: string;
  readonly before: string;
  readonly after: string;
  readonly place: Place;
}
