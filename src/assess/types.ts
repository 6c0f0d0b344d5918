import type { DecidedConflict, Finding, Level, Reason } from '../events/events.js';
import type { ModuleFacts } from '../host/host.js';
import type { PlanCheck, SignatureChange, StateComparison } from '../state/types.js';

export interface AssessRequest {
  readonly module: string;
  /** As module.json states it; `0.0.0` where it does not. */
  readonly version: string;
  /** What validation found; with any of it, the new version cannot be loaded. */
  readonly findings: readonly AssessedFinding[];
  /** The new version's file; null only where validation could not read it, and then there are findings. */
  readonly library: AssessedLibrary | null;
  /** The version it takes the place of; null where the module is loaded for the first time. */
  readonly previous: PreviousVersion | null;
  /**
   * Every module that is loaded now and declares this one as a dependency, those that changed in the same save as they
   * will be; others, and the module itself, may be among them and do not count.
   */
  readonly loaded: readonly LoadedModule[];
  /** The major number of the interface the engine speaks (`MODULE_API_VERSION`). */
  readonly apiVersion: number;
  /** The project's folder, absolute: places inside it are given relative to it. */
  readonly root: string;
  /** What the types of both builds say; null at a first load, and where the new file could not be read. */
  readonly types: TypesOfBoth | null;
  /** What shows once the new version lies loaded beside the old one; null before. */
  readonly staged: StagedVersion | null;
  /** What else was wanted and stands against it, decided by now. */
  readonly conflicts: readonly DecidedConflict[];
}

export interface TypesOfBoth {
  readonly state: StateComparison;
  /** Exported functions of both whose type differs. */
  readonly signatures: readonly SignatureChange[];
  /** Structs, classes and unions of the module's own sources that have another layout now, as C names them. */
  readonly changedRecords: readonly string[];
  /** Those of them that the module's variables hold or lead to; the others only pass through its functions. */
  readonly heldRecords: readonly string[];
}

export interface StagedVersion {
  readonly facts: ModuleFacts;
  /** What the live values say to the checks of the transfer plan; only those that found something. */
  readonly findings: readonly LiveFinding[];
}

export interface LiveFinding {
  readonly number: number;
  readonly check: PlanCheck;
  readonly count: number;
  readonly round: number;
  /** The value as a message shows it: a number, or the function or stretch of the old image it points to. */
  readonly value: string;
  /** It points to a function of the old image, which the new one does not have. */
  readonly isFunction: boolean;
}

interface AssessedFinding extends Finding {
  readonly where?: string;
}

/** The part of what validation says about a library that the rules look at. */
export interface AssessedLibrary {
  readonly exports: readonly AssessedExport[];
  readonly entry: AssessedEntry;
  /** Null where it is unknown whether it has any. */
  readonly variables: readonly { readonly name: string }[] | null;
  readonly apiVersion: number | null;
  /** Of `HOTMOD_STATE_VERSION`; null where the module declares none. */
  readonly stateVersion: number | null;
}

export interface AssessedExport {
  readonly name: string;
  readonly kind: 'function' | 'variable' | 'threadLocal' | 'other';
  readonly weak: boolean;
}

/** Names of the hooks that show in the file. */
export interface AssessedEntry {
  readonly getInterface: string | null;
  readonly saveState: string | null;
  readonly loadState: string | null;
}

export interface PreviousVersion {
  /** As module.json stated it when it was built. */
  readonly version: string;
  readonly library: AssessedLibrary;
  /** What the host knows of it; null where no host can be asked (a verdict without a running session). */
  readonly running: ModuleFacts | null;
}

export interface LoadedModule {
  readonly name: string;
  /** Names of the modules it declares as dependencies. */
  readonly dependencies: readonly string[];
  /** It was built anew in the same save. */
  readonly changed: boolean;
  /** The range of versions that it asks of each of them. */
  readonly ranges: Readonly<Record<string, string>>;
  /** Names of the symbols that other modules provide it with; null where they are not known. */
  readonly imports: readonly string[] | null;
}

export interface Assessment {
  /** The worst level of the reasons. */
  readonly level: Level;
  /** Never empty: SAFE has its reason too. Worst first. */
  readonly reasons: readonly Reason[];
  /** Loaded modules that declare this one as a dependency. */
  readonly affected: readonly string[];
}

/** What one rule says: how bad, about what, and why; its code and recommendation come from the rule. */
export interface Remark {
  readonly level: Level;
  readonly message: string;
  readonly where: string;
}

/** One rule of the verdict: what it looks at is data, what it says is a list that is empty where all is well. */
export interface Rule {
  readonly code: string;
  readonly recommendation: string;
  readonly test: (request: AssessRequest) => readonly Remark[];
}
