import type { ResolvedModule } from '../config/resolved.js';
import type { Finding } from '../events/events.js';
import type { ModuleImport } from '../host/host.js';
import type { FilePatch } from '../objfile/hold-back.js';
import type { WritableVariable } from '../objfile/writable.js';
import type { Target } from '../target/targets.js';

export interface ValidateRequest {
  /** The library as the build left it, absolute. */
  readonly library: string;
  readonly module: ResolvedModule;
  readonly target: Target;
  readonly providers: Providers;
  /**
   * Folder that `$ORIGIN` in the library's own search path stands for: where the copy that is loaded will lie. The
   * library's own folder where it is not given.
   */
  readonly origin?: string;
}

/** Who offers symbols besides the libraries that the module needs by itself. */
interface Providers {
  readonly engine: {
    /** Symbols that are there although no library file shows them. */
    readonly symbols: readonly string[];
    /** Absolute paths of the engine's own libraries. */
    readonly libraries: readonly string[];
  };
  /**
   * The library of every module that will run beside this one, declared as a dependency or not. The module's own may be
   * among them and does not count, so that one list serves for all modules of a save: what it takes to look through it is
   * done once for each list.
   */
  readonly modules: readonly ModuleLibrary[];
}

export interface ModuleLibrary {
  readonly name: string;
  readonly library: string;
}

export interface ValidateResult {
  /** True exactly where there are no findings: the loader would take the file, and its entry is there. */
  readonly ok: boolean;
  readonly findings: readonly ValidationFinding[];
  /** Null where the file could not be read as a library of the target's machine. */
  readonly facts: LibraryFacts | null;
}

/** One finding, and nothing known. */
export function refused(code: string, message: string, where: string): ValidateResult {
  return { ok: false, findings: [{ code, message, where }], facts: null };
}

export interface ValidationFinding extends Finding {
  /** The symbol, library or file it is about. */
  readonly where: string;
}

/** What is known of a library without loading it. */
export interface LibraryFacts {
  readonly path: string;
  /** `e_machine`. */
  readonly machine: number;
  readonly soname: string | null;
  /** Names as the library gives them (DT_NEEDED), in order. */
  readonly needed: readonly string[];
  readonly exports: readonly ExportedSymbol[];
  readonly undefinedSymbols: readonly UndefinedSymbol[];
  /** Which of them other modules provide, and what that takes: see `StageRequest` of the host. */
  readonly imports: readonly ModuleImport[];
  readonly patches: readonly FilePatch[];
  readonly entry: EntryFound;
  /** Null where it is unknown, because the library has no symbol table (`.symtab`). */
  readonly variables: readonly WritableVariable[] | null;
  /**
   * Value of an exported `uint32_t module_api_version`; null where the library exports none. Modules of the interface
   * style state it in a table that only running code can return.
   */
  readonly apiVersion: number | null;
  /** The version of its saved state that it declares by `HOTMOD_STATE_VERSION`; null without. */
  readonly stateVersion: number | null;
}

export type ExportKind = 'function' | 'variable' | 'threadLocal' | 'other';

export interface ExportedSymbol {
  readonly name: string;
  readonly kind: ExportKind;
  /**
   * Weak and GNU-unique symbols: C++ inline functions, templates, their tables. Whoever uses one has a copy of its own,
   * so that it may disappear from a library without anybody missing it.
   */
  readonly weak: boolean;
  /** Bytes; 0 where the symbol does not say. */
  readonly size: number;
}

export interface UndefinedSymbol {
  readonly name: string;
  /** May stay undefined; its address is then 0. */
  readonly weak: boolean;
}

/** The name that was found for each part of the entry, null for those that are not exported as a function. */
export interface EntryFound {
  readonly getInterface: string | null;
  readonly init: string | null;
  readonly update: string | null;
  readonly shutdown: string | null;
  readonly saveState: string | null;
  readonly loadState: string | null;
  readonly view: string | null;
}
