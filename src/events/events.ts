import type { Json } from './json.js';

/**
 * The event union: the spine of the program. Stages return data, the session turns it into events, and every view
 * (Ink, plain text, ndjson, the reload-case runner) is a function of this stream alone. Fields and types may be
 * added; what stands here is read by editors and CI scripts and is never renamed (docs/ARCHITECTURE.md, Contracts).
 */

export type Level = 'SAFE' | 'WARNING' | 'UNSAFE' | 'BLOCKED';

export type Outcome = 'loaded' | 'reloaded' | 'refused' | 'rolledBack' | 'buildFailed' | 'failed';

/** What a stage found wrong (or worth knowing) about one file. `code` is explained by `hotmod explain <code>`. */
export interface Finding {
  readonly code: string;
  readonly message: string;
  /** What to do about it, where the message alone does not say so. */
  readonly recommendation?: string;
  /** Where it crashed, if that is what it is about: a step of a reload. */
  readonly crash?: CrashPlace & Pick<StackFrame, 'function' | 'file' | 'line'>;
}

/** One reason of a verdict: what changed, what it means, and what to do about it. */
export interface Reason extends Finding {
  /** How bad this one is; the verdict is the worst of its reasons. */
  readonly level: Level;
  readonly recommendation: string;
  /** The place it is about: `file.c:12`, a symbol or a library name; empty where no single place applies. */
  readonly where: string;
}

export type ConflictKind =
  | 'versionDown'
  | 'editDuringTransaction'
  | 'stateChanged'
  | 'duplicateSymbol'
  | 'rangesCannotMeet';

/** `latest`: what is on disk is switched to. `keep`: what runs stays, or finishes first. `ask`: it stays until it is forced. */
export type ConflictStrategy = 'latest' | 'keep' | 'ask';

/** Two things that were both wanted and cannot both be had, and which of them was decided for. */
export interface DecidedConflict {
  readonly kind: ConflictKind;
  readonly strategy: ConflictStrategy;
  /** Who chose the strategy; `user` where it is `ask` and force was the answer. */
  readonly decidedBy: 'default' | 'config' | 'function' | 'user';
  readonly code: string;
  /** A sentence: what met what, what decided, and what comes of it. */
  readonly text: string;
}

export type Severity = 'error' | 'warning' | 'note';

/** One compiler message as data. `rendered` is the compiler's own text with its source frame, uncoloured. */
export interface Diagnostic {
  /** Path relative to the project root where it lies inside it, otherwise absolute; empty for messages without a place. */
  readonly file: string;
  /** 1-based; 0 where unknown. */
  readonly line: number;
  readonly column: number;
  readonly severity: Severity;
  readonly message: string;
  readonly code: string;
  readonly notes: readonly DiagnosticNote[];
  readonly rendered: string;
}

export interface DiagnosticNote {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Milliseconds, one key per phase that ran. */
export interface Timings {
  /** From the save on disk to the first action of hotmod. */
  readonly detect?: number;
  readonly build?: number;
  readonly validate?: number;
  readonly assess?: number;
  /** dlopen and lookups, outside the pause. */
  readonly load?: number;
  /** The time the running program stood still: save, transfer, restore, switch. */
  readonly pause?: number;
  /** From the file saved to the new code running. */
  readonly total?: number;
}

/** What became of a module's state in a reload. `bytes` is the size that was carried, the rest count variables. */
export interface StateSummary {
  readonly bytes: number;
  readonly kept: number;
  readonly converted: number;
  readonly reset: number;
  readonly dropped: number;
}

/** A value of the running program: `type` as C writes it. */
export interface LiveValue {
  readonly path: string;
  readonly type: string;
  readonly value: Json;
}

/** One of the calls that led to a crash. */
export interface StackFrame {
  /** With its namespaces and classes; '' where nobody knows. */
  readonly function: string;
  /** Relative to the project where it lies inside it; '' where it is not known. */
  readonly file: string;
  /** 1-based; 0 where unknown. */
  readonly line: number;
  /** The module whose code it is, and its generation; '' and 0 outside of modules. */
  readonly module: string;
  readonly generation: number;
  /** Hexadecimal, with 0x: in the library's file for the code of a module, otherwise in the process. */
  readonly address: string;
  /** Its code was inlined into the function of the next frame. */
  readonly inlined: boolean;
  /** Found by searching the stack for what looks like a return address, and not by following it. */
  readonly guessed: boolean;
  /** The library it lies in, outside of modules; '' where unknown. */
  readonly library: string;
}

/** Where something crashed. */
export interface CrashPlace {
  /** The address that could not be accessed, hexadecimal; '' where the signal has none. */
  readonly address: string;
  /** The innermost first; empty where nobody could tell. */
  readonly stack: readonly StackFrame[];
  /** Calls that are missing in the stack behind the first `after` ones, of a recursion that went deep; null for none. */
  readonly leftOut: { readonly after: number; readonly frames: number } | null;
  /** General-purpose registers by name, hexadecimal; empty where they are not known. */
  readonly registers: Readonly<Record<string, string>>;
  /** Vector registers by name (v0 to v31, fpsr, fpcr of ARM64), hexadecimal; absent where they are not known. */
  readonly vectors?: Readonly<Record<string, string>>;
}

/** Milliseconds of the newest 1,000. */
export interface TimeSummary {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
}

/** What became of the crashes of a module, or of all, since the session began. */
export interface RecoveryCounts {
  readonly crashes: number;
  /** By error class (`segv`, `hang`, ...); classes that did not happen are left out. */
  readonly byClass: Readonly<Record<string, number>>;
  /** Crashes that were not to stop the module by its policy, and those of them after which it ran again by itself. */
  readonly tried: number;
  readonly recovered: number;
  /** `recovered` of `tried`; null where nothing was tried. */
  readonly rate: number | null;
  /** From the signal until the module could be called again; null where none was recovered. */
  readonly recoveryMs: TimeSummary | null;
  /** From the signal to the first call of what runs since then; null where there was none in the same process. */
  readonly nextCallMs: TimeSummary | null;
}

export interface RecoveryStatistics extends RecoveryCounts {
  /** Only modules that crashed; '' for ends of the host that no module is to blame for. */
  readonly modules: Readonly<Record<string, RecoveryCounts>>;
}
/** What keeps the library of a version in memory that nothing runs any more. */
export type Blocker =
  | 'variable'
  | 'memory'
  | 'thread'
  | 'silentThread'
  | 'crash'
  | 'savedState'
  | 'destructors'
  | 'import'
  | 'loader'
  | 'unknown';

export type SessionEvent =
  | {
      readonly type: 'session:start';
      readonly version: string;
      readonly pid: number;
      readonly cwd: string;
      readonly target: string;
      /** Further targets that modules are built and judged for. */
      readonly otherTargets?: readonly string[];
      /** The emulator that runs the modules, where their target is not this machine: no timing means anything then. */
      readonly emulator?: string;
      readonly modules: readonly string[];
      readonly logFile: string;
    }
  | { readonly type: 'session:end'; readonly reason: string }
  /** Everything that was asked for has happened; nothing waits. `modules` are those that are loaded. */
  | { readonly type: 'session:idle'; readonly modules: readonly string[] }
  /** Something went wrong that belongs to no single stage; the session goes on. */
  | { readonly type: 'session:problem'; readonly code: string; readonly message: string; readonly module?: string }
  | { readonly type: 'config:applied'; readonly file: string; readonly changed: readonly string[] }
  | { readonly type: 'config:rejected'; readonly file: string; readonly code: string; readonly message: string }
  | { readonly type: 'module:added'; readonly module: string }
  /** `running` is true where only its folder is gone and the last version goes on. */
  | { readonly type: 'module:removed'; readonly module: string; readonly running?: boolean }
  | { readonly type: 'watch:change'; readonly files: readonly string[]; readonly modules: readonly string[] }
  | { readonly type: 'build:start'; readonly module: string }
  /** `done` of `total` steps (translation units plus the link) are finished. */
  | { readonly type: 'build:progress'; readonly module: string; readonly done: number; readonly total: number }
  | ({ readonly type: 'build:diagnostic'; readonly module: string } & Diagnostic)
  /** `superseded` is true where a newer save took the place of this build; it then counts as neither good nor bad. */
  | {
      readonly type: 'build:done';
      readonly module: string;
      readonly ok: boolean;
      readonly cached: boolean;
      readonly superseded: boolean;
      readonly errors: number;
      readonly warnings: number;
      /** Every compiler and linker that ran had been loaded before; left out where none ran. */
      readonly warm?: boolean;
      /** Why a plain command did it in the place of a loaded tool, or with a precompiled header, one for each; left out where there was none. */
      readonly fallbacks?: readonly string[];
      /** Sources whose first includes came from precompiled headers; left out where there were none. */
      readonly precompiled?: number;
      readonly durationMs: number;
    }
  | {
      readonly type: 'validate:done';
      readonly module: string;
      readonly ok: boolean;
      readonly findings: readonly Finding[];
      readonly durationMs: number;
    }
  | {
      readonly type: 'assess:done';
      readonly module: string;
      readonly level: Level;
      readonly reasons: readonly Reason[];
      readonly affected: readonly string[];
      readonly durationMs: number;
    }
  /** A conflict was found and decided, before anything is loaded. The result has it once more. */
  | ({ readonly type: 'conflict'; readonly module: string } & DecidedConflict)
  /** `from` is the generation that ran before, 0 where none did. `reasons` repeats what decided the outcome. */
  | {
      readonly type: 'reload:done';
      readonly module: string;
      readonly outcome: Outcome;
      readonly level: Level;
      readonly generation: number;
      readonly from: number;
      readonly transaction: string;
      readonly moduleVersion: string;
      readonly reasons: readonly Finding[];
      /** The earlier generation that was gone back to, whose code this one runs; 0 for a build of the source. */
      readonly restores?: number;
      /** Run by an emulator: the timings say nothing of the target. */
      readonly emulated?: boolean;
      /** True where the source on disk would give another version than the one that runs now. */
      readonly sourceNewer?: boolean;
      /** Those that stood in its way, and which strategy decided each. */
      readonly conflicts?: readonly DecidedConflict[];
      readonly durationMs: number;
      readonly timings: Timings;
      readonly state: StateSummary;
    }
  /** A reload waits for a good moment; said again with each look that finds none. */
  | { readonly type: 'reload:deferred'; readonly module: string; readonly reasons: readonly string[] }
  /** What runs is already what the source gives (after a revert, say), so nothing was reloaded. */
  | {
      readonly type: 'module:current';
      readonly module: string;
      readonly generation: number;
      /** The verdict that this generation was taken with. */
      readonly level: Level;
      readonly moduleVersion: string;
    }
  /**
   * A version that had crashed goes on, or it or one whose host was lost was started again. `message` says what became of
   * its state; `state.bytes` is 0 where it began afresh.
   */
  | {
      readonly type: 'module:restarted';
      readonly module: string;
      readonly generation: number;
      readonly message: string;
      /** Where its state was lost with the host; left out otherwise. */
      readonly code?: string;
      readonly state: StateSummary;
    }
  /** A crash has been dealt with. `action` is what was done; `counts` are those of the module, this crash among them. */
  | {
      readonly type: 'recovery:done';
      readonly module: string;
      /** What runs now; 0 where nothing does. */
      readonly generation: number;
      readonly crashed: number;
      readonly errorClass: string;
      readonly action: string;
      readonly recovered: boolean;
      readonly recoveryMs: number;
      readonly counts: RecoveryCounts;
    }
  /** Said at the end of a session in which something crashed. */
  | ({ readonly type: 'recovery:statistics' } & RecoveryStatistics)
  /**
   * The library of a version that nothing runs any more cannot be unloaded. Said once. `again` where something else stands in
   * the way later, and where memory points into one more version of the module, as it often does for a while. The version
   * that is kept to go back to is none of these.
   */
  | {
      readonly type: 'image:kept';
      readonly module: string;
      readonly generation: number;
      readonly code: string;
      readonly message: string;
      readonly blocker: Blocker;
      /** The variable that points into it, as `hotmod inspect` takes it, and whose it is; '' and 0 where none does. */
      readonly holder: string;
      readonly holderGeneration: number;
      readonly path: string;
      /** What is pointed to, in words; '' where it is not about a pointer. */
      readonly target: string;
      /** The thread that is inside; null where it is not about one. */
      readonly thread: { readonly id: number; readonly name: string } | null;
      /** Where the thread is. */
      readonly function: string;
      readonly file: string;
      readonly line: number;
      readonly again: boolean;
    }
  /** A library that `image:kept` told of is not in memory any more. */
  | { readonly type: 'image:closed'; readonly module: string; readonly generation: number }
  /** It stays at this generation, whatever its source says, until `module:unpinned`. */
  | { readonly type: 'module:pinned'; readonly module: string; readonly generation: number }
  | { readonly type: 'module:unpinned'; readonly module: string }
  /** A transaction that the session before this one began and did not end. `since` is when it began, ISO 8601. */
  | {
      readonly type: 'journal:interrupted';
      readonly transaction: string;
      readonly since: string;
      readonly phase: 'intent' | 'decided';
      readonly modules: readonly { readonly module: string; readonly generation: number; readonly from: number }[];
      readonly message: string;
    }
  | { readonly type: 'host:up'; readonly pid: number; readonly restarts: number; readonly emulator?: string }
  /** One of the further targets: nothing of it runs; it was built and judged against the last build that was good for it. */
  | {
      readonly type: 'target:judged';
      readonly target: string;
      readonly module: string;
      readonly outcome: 'good' | 'refused' | 'buildFailed';
      readonly level: Level;
      readonly reasons: readonly Finding[];
      /** What is not the same on both machines, in sentences; empty where that was said already. */
      readonly differences: readonly string[];
      readonly durationMs: number;
    }
  /** What went wrong was the emulator's doing; `module` is the one whose call it was, and is not to blame. */
  | {
      readonly type: 'emulator:fault';
      readonly module: string;
      /** How many of them there were in this session. */
      readonly count: number;
      readonly code: string;
      readonly message: string;
    }
  /**
   * A module crashed, hung or ended the process. `fatal` says whether the host process itself was lost.
   * `signal` is a signal name (`SIGSEGV`), `exit` for a call of exit(), or `hang` for a call that did not return.
   * `function`, `file` and `line` are those of the innermost frame inside a module, if possible in a
   * source of the project.
   */
  | ({
      readonly type: 'host:crash';
      readonly signal: string;
      readonly module: string;
      readonly generation: number;
      readonly function: string;
      readonly file: string;
      readonly line: number;
      readonly code: string;
      readonly message: string;
      readonly fatal: boolean;
      /** From the signal until the module goes on or the version before it runs; not where the host was lost. */
      readonly recoveryMs?: number;
    } & CrashPlace)
  /** One line that a module (or `module: ''`, the host itself) wrote. */
  | {
      readonly type: 'host:output';
      readonly stream: 'stdout' | 'stderr';
      readonly module: string;
      readonly text: string;
    }
  /** A few times a second while a view asks for it. `tickUs` is the mean time of one frame's updates, microseconds. */
  | {
      readonly type: 'host:stats';
      readonly frame: number;
      readonly rate: number;
      readonly paused: boolean;
      readonly tickUs: number;
    }
  /** The text of a module's `module_view()`, sent when it changed. */
  | { readonly type: 'module:view'; readonly module: string; readonly text: string }
  /**
   * The live variables of the module that a view watches, sent when one of them changed. Arrays are cut to their first
   * elements. `changed` has the paths of the single values (`city.day`, `floors[2]`) that were others in the look before;
   * after a change the values come once more without it.
   */
  | {
      readonly type: 'module:state';
      readonly module: string;
      readonly values: readonly LiveValue[];
      readonly changed: readonly string[];
      /** Why nothing newer than `values` can be read: it does not run, its types cannot be read. */
      readonly problem?: string;
    };

export type EventType = SessionEvent['type'];

/** An event as it travels: stamped with the contract version and the time it was emitted. */
export type HotmodEvent = SessionEvent & { readonly v: 1; readonly time: string };

export type EventOf<T extends EventType> = Extract<HotmodEvent, { readonly type: T }>;
