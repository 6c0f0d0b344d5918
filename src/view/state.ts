import type {
  CrashPlace,
  DecidedConflict,
  Diagnostic,
  Level,
  LiveValue,
  Outcome,
  Reason,
  RecoveryCounts,
  StateSummary,
  Timings,
} from '../events/events.js';

/** How many reloads of a module the percentiles look back on. */
export const recentReloads = 100;
/** Lines of output that can be shown; older ones are in the log file. */
export const keptLogLines = 200;
/** Finished generations kept here; the Ink view writes them into the scrollback as they come, a thousand at once. */
export const keptHistory = 2000;
export const keptProblems = 8;

export type Stage =
  | 'waiting'
  | 'building'
  | 'validating'
  | 'assessing'
  | 'reloading'
  | 'deferred'
  | 'running'
  | 'failed'
  | 'stopped';

export interface ModuleState {
  readonly name: string;
  /** The module's own version as it last told it; empty before it was loaded. */
  readonly version: string;
  /** The generation that runs now; 0 where none does. */
  readonly generation: number;
  /** The earlier generation whose code runs although the source is newer; 0 where what runs is what is on disk. */
  readonly older: number;
  /** The generation it is to stay at; 0 where it goes with its source. */
  readonly pinned: number;
  readonly stage: Stage;
  /** Why it failed or stopped, in two words (`build failed`, `rolled back`); empty otherwise. */
  readonly failure: string;
  readonly progress: { readonly done: number; readonly total: number };
  /** Why its reload waits; only while it does. */
  readonly deferredBy: readonly string[];
  /** What stood in the way of the last reload, or of the one under way, and which strategy decided. */
  readonly conflicts: readonly DecidedConflict[];
  /** The transaction that brought what runs in place of another version; empty where none did. */
  readonly transaction: string;
  /** The last verdict; null before the first. */
  readonly level: Level | null;
  /** The verdict of the version that runs, whatever became of later ones. */
  readonly runningLevel: Level | null;
  readonly reasons: readonly Reason[];
  /** The messages of the last build that ended, until the next one ends well. */
  readonly diagnostics: readonly Diagnostic[];
  /** The messages of the build that runs now. */
  readonly incoming: readonly Diagnostic[];
  readonly outcome: Outcome | null;
  /** Of the last reload that went well. */
  readonly timings: Timings | null;
  readonly state: StateSummary | null;
  /** Timings of the last successful reloads, oldest first, at most `recentReloads`. */
  readonly recent: readonly Timings[];
  /** The text of its `module_view()`; empty where it has none. */
  readonly view: string;
  /** Its variables as they were last looked at; null before the first look. */
  readonly live: LiveState | null;
  /** What became of its crashes; null where there was none. */
  readonly recovery: RecoveryCounts | null;
  /** The last verdict for each further target. */
  readonly targets: Readonly<Record<string, { readonly good: boolean; readonly text: string; readonly level: Level }>>;
  /** Where it crashed last, until a newer generation than the one that crashed runs; null where nobody could tell. */
  readonly crash: ModuleCrash | null;
  /** Old versions that cannot be unloaded, oldest first. */
  readonly kept: readonly KeptVersion[];
}

export interface KeptVersion {
  readonly generation: number;
  readonly code: string;
  readonly message: string;
}

export interface ModuleCrash extends Pick<CrashPlace, 'stack' | 'leftOut' | 'registers' | 'vectors'> {
  readonly generation: number;
}

export interface LiveState {
  readonly values: readonly LiveValue[];
  /** Paths of the single values that the last look found changed. */
  readonly changed: ReadonlySet<string>;
  /** Why these are not the values of now; empty where they are. */
  readonly problem: string;
}

/** One line of the past: a generation that came to an end, well or not, or a crash. */
export interface HistoryEntry {
  /** Counts up from 1 and never repeats in a session. */
  readonly id: number;
  readonly time: string;
  readonly module: string;
  readonly generation: number;
  readonly kind: Outcome | 'crashed';
  readonly level: Level | null;
  /** Milliseconds from the save to the new code running; null for a crash. */
  readonly totalMs: number | null;
  readonly timings: Timings;
  /** The first reason and how many more there are; empty where it is SAFE. */
  readonly reason: string;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  /** Empty where it concerns the whole session. */
  readonly module: string;
  /** The generation that crashed; 0 where it is about something else. */
  readonly generation: number;
}

export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly module: string;
  readonly text: string;
}

export interface ViewState {
  readonly session: {
    readonly version: string;
    readonly pid: number;
    readonly target: string;
    readonly logFile: string;
  } | null;
  /** Why the session ended; null while it runs. */
  readonly ended: string | null;
  readonly modules: readonly ModuleState[];
  readonly problems: readonly Problem[];
  /** A configuration that was turned down, until one is applied. */
  readonly rejectedConfig: { readonly file: string; readonly code: string; readonly message: string } | null;
  readonly host: { readonly up: boolean; readonly pid: number; readonly restarts: number };
  readonly stats: {
    readonly frame: number;
    readonly rate: number;
    readonly paused: boolean;
    readonly tickUs: number;
  } | null;
  readonly log: readonly LogLine[];
  readonly history: readonly HistoryEntry[];
  readonly historyCount: number;
  /** The module that changed or failed last: what the user most likely wants to see. */
  readonly focus: string;
  /** Goes up each time the focus is set, so that a choice of the user can be told older or newer. */
  readonly focusCount: number;
}

export const initialState: ViewState = {
  session: null,
  ended: null,
  modules: [],
  problems: [],
  rejectedConfig: null,
  host: { up: false, pid: 0, restarts: 0 },
  stats: null,
  log: [],
  history: [],
  historyCount: 0,
  focus: '',
  focusCount: 0,
};

export function newModule(name: string): ModuleState {
  return {
    name,
    version: '',
    generation: 0,
    older: 0,
    pinned: 0,
    stage: 'waiting',
    deferredBy: [],
    conflicts: [],
    transaction: '',
    failure: '',
    progress: { done: 0, total: 0 },
    level: null,
    runningLevel: null,
    reasons: [],
    diagnostics: [],
    incoming: [],
    outcome: null,
    timings: null,
    state: null,
    recent: [],
    view: '',
    live: null,
    recovery: null,
    targets: {},
    crash: null,
    kept: [],
  };
}
