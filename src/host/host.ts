import type { CrashPolicy, EntryNames, FaultClass } from '../config/resolved.js';
import type { Blocker, StateSummary } from '../events/events.js';
import type { HostProgram } from './program.js';
import type { RawStack } from './stack.js';

/**
 * The program that modules run in, as the session sees it. Today a Node child on this machine; an emulated ARM64
 * Node, the user's own program, or a program elsewhere fit behind the same interface. A host does one
 * thing when told and answers what came of it. Only about a crash it decides by itself, by the settings it was given.
 *
 * Every promise rejects with HostGone when the process ends before it answers.
 */
export interface Host extends AsyncDisposable {
  readonly pid: number;
  /** Where it keeps the copies of the variables, for the host that takes over; empty for nowhere. */
  readonly copiesFile: string;
  /** Settles when the process has ended, for whatever reason; never rejects. */
  readonly ended: Promise<HostEnd>;
  /**
   * Loads a new version beside the one that runs: copy to a fresh inode, dlopen, look up the entry. Constructors of
   * the library run here; the running version is not touched. Staging a module again replaces its staged version.
   */
  stage(request: StageRequest): Promise<StageResult>;
  /**
   * Switches all named modules to their staged versions in one pause at a frame boundary, in the order given
   * (providers first). All or nothing: after `ok: false` the old versions run on with their state as it was, and
   * nothing is staged any more.
   */
  commit(request: CommitRequest): Promise<CommitResult>;
  /**
   * Runs the checks of a transfer plan between frames: from the version that runs to the one that is staged. Writes
   * nothing. What it finds may be different a frame later; the commit checks again.
   */
  probe(request: ProbeRequest): Promise<ProbeResult>;
  /**
   * Takes over the copies of a host that has ended. The next commit carries them over to the modules that it has plans of
   * `variables` for, and that do not run yet, after all `init` functions; a probe looks at what that would find. Before
   * anything is staged.
   */
  inherit(copiesFile: string): Promise<Inheritance>;
  /** Lets go of what no module was given. */
  endInheritance(): Promise<void>;
  /** Drops staged versions that will not be committed. */
  discard(modules: readonly string[]): Promise<void>;
  /** Shuts a module down at a frame boundary and unloads it. Unknown names are ignored. */
  unload(module: string): Promise<void>;
  /**
   * Goes back to the generation that ran before the last commit of this module, restoring the state it was saved
   * with at that commit; used when a version crashes in its first frames. `ok: false` where there is none.
   */
  revert(module: string): Promise<RevertResult>;
  /**
   * Runs the version that runs and the one that is staged side by side in copies of the process, each for the same frames
   * from the same state, and answers when both have ended. The program itself goes on, and the staged version stays staged.
   */
  tryVersions(request: TrialRequest): Promise<TrialResult>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Runs `frames` frames of `dt` seconds now, clock or no clock, and answers when they are done. */
  step(frames: number, dt: number): Promise<void>;
  setRate(framesPerSecond: number): Promise<void>;
  stats(): Promise<HostStats>;
  /**
   * Looks once more whether images that nothing runs any more can be closed, and gives those that cannot, with what stands in
   * the way. Takes milliseconds where some wait, outside the pause.
   */
  kept(): Promise<readonly KeptImage[]>;
  /** The texts of all modules that export a view, rendered between frames. */
  views(): Promise<readonly ModuleView[]>;
  /**
   * Bytes of the current version of a module, read between frames, all of one call between the same two frames. A range
   * that is not readable is null; so are all of an image that is not loaded. A version that crashed is read all the same.
   */
  read(request: ReadRequest): Promise<ReadResult>;
  /** Calls an exported function between frames, guarded: a crash in it is an answer, and a fault of the module. */
  call(request: CallRequest): Promise<CallAnswer>;
  /** Changes what is done about crashes from the next frame on. */
  setRecovery(settings: RecoverySettings): Promise<void>;
  /** Asks modules to shut down in reverse order of loading, then ends the process; kills it after `graceMs`. */
  close(graceMs?: number): Promise<void>;
  /** Ends the process now. */
  kill(): void;
}

export interface HostListener {
  output(line: { readonly stream: 'stdout' | 'stderr'; readonly module: string; readonly text: string }): void;
  /** A module crashed inside a guarded call; the host itself lives, and has done what the fault says. */
  fault(fault: ModuleFault): void;
  /** What runs after a crash was called for the first time. */
  recovered?(recovered: ModuleRecovered): void;
}

export interface StageRequest {
  readonly module: string;
  readonly generation: number;
  /** The library to load, absolute; the host loads a private copy of it. */
  readonly library: string;
  readonly entry: EntryNames;
  /** What it uses of other modules, which the engine binds to the versions that run. Left out: nothing. */
  readonly imports?: readonly ModuleImport[];
  /** Bytes to change in the private copy before it is loaded. */
  readonly patches?: readonly CopyPatch[];
  /** The module begins with it, so that the next start may need the same copy: one is left beside the library. */
  readonly startsWith?: boolean;
}

export interface CopyPatch {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface ModuleImport {
  readonly symbol: string;
  /** The module that exports it. */
  readonly module: string;
  /** May be missing; its address is then 0. */
  readonly optional: boolean;
}

/** What a loaded version turned out to be. */
export interface ModuleFacts {
  readonly style: 'interface' | 'functions';
  readonly name: string;
  /** `info.version` of the interface; empty for modules of plain functions. */
  readonly version: string;
  readonly apiVersion: number;
  readonly hooks: readonly HookName[];
  readonly hasView: boolean;
}

/** Bit n of the engine's hook set is the n-th of these (`hot_hook_t`). */
export const hookNames = [
  'init',
  'shutdown',
  'update',
  'save_state',
  'load_state',
  'migrate_state',
  'prepare_reload',
  'complete_reload',
  'rollback_reload',
] as const;

export type HookName = (typeof hookNames)[number];

export type StageResult =
  | { readonly ok: true; readonly facts: ModuleFacts; readonly loadMs: number }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly loadMs: number;
      /** Where get_module_interface crashed. */
      readonly crash?: RawCrash;
    };

export interface CommitRequest {
  /** Providers before dependents. */
  readonly modules: readonly string[];
  /**
   * The versions that run cannot stop the commit by failing in prepare_reload or save_state; the new ones then get the
   * state those were given, or start afresh. For a version that would never let go. Left out: they can.
   */
  readonly overrule?: boolean;
  /**
   * The generations that the commit was made to take the place of. Where another one runs, because the host went back by
   * itself meanwhile, the answer is `staleBase`.
   */
  readonly replaces?: Readonly<Record<string, number>>;
  /** Nothing of the state is taken over: all begin as at a first load. Left out: false. */
  readonly afresh?: boolean;
  /** Transfer plans for the way back, should a new version crash on probation. Only of `variables`. */
  readonly returns?: Readonly<Record<string, TransferRequest>>;
  /** Transfer plans by module. A module that has one is not asked for its state. */
  readonly plans?: Readonly<Record<string, TransferRequest>>;
}

/** How the state of a module gets from the version that runs to the one that is staged. */
export interface TransferRequest {
  /** In the form of `engine/plan.h`. */
  readonly plan: Uint8Array;
  /**
   * `variables`: from image to image; `init` and `shutdown` then bracket the life of the state, not of a version, and
   * neither is called. `saved`: the plan converts the bytes that save_state gave, to `size` bytes, before load_state.
   */
  readonly what: 'variables' | 'saved';
  /** Bytes of the converted state; 0 for variables. */
  readonly size: number;
  /** Checks that refuse the commit where they find something; those of others are only told. Left out by force. */
  readonly mustHold: readonly number[];
  /**
   * What becomes of the old image once it is no longer the way back. `close`: only the new variables are searched for its
   * addresses. `search`: objects on the heap may hold some, so all memory is searched first. `keep`: closing it would run
   * destructors on what the new one uses now.
   */
  readonly oldImage: 'close' | 'search' | 'keep';
}

/** What a host that has ended left of its modules, all of one frame boundary. */
export interface Inheritance {
  /** The frame before which the copies were made. */
  readonly frame: number;
  /** The generation that ran, by module. Empty where there is nothing to take over. */
  readonly generations: ReadonlyMap<string, number>;
}

export interface ProbeRequest {
  readonly module: string;
  /** As in `CommitRequest`. */
  readonly replaces?: number;
  readonly transfer: TransferRequest;
}

export interface ProbeResult {
  /** False where the plan could not be run: nothing staged, nothing running, the plan is damaged. */
  readonly ok: boolean;
  readonly staleBase: boolean;
  readonly code: string;
  readonly message: string;
  /** Only checks that found something. */
  readonly findings: readonly ProbeFinding[];
}

export interface ProbeFinding {
  readonly check: number;
  readonly count: number;
  readonly value: bigint;
  readonly round: number;
}

/** Bytes that the ranges of one request may add up to; more is an error. */
export const maxReadBytes = 8 * 1024 * 1024;

export interface ReadRequest {
  readonly module: string;
  readonly ranges: readonly ReadRange[];
}

export interface ReadRange {
  /** `image`: the address as in the library's file. `memory`: where it lies in the process. */
  readonly from: 'image' | 'memory';
  readonly address: bigint;
  readonly size: number;
}

export interface ReadResult {
  readonly generation: number;
  /** The image's load address; 0n where the module is not loaded. */
  readonly base: bigint;
  readonly frame: number;
  readonly bytes: readonly (Uint8Array | null)[];
}

/**
 * A call in the form of the machine's calling convention (System V AMD64 ABI 3.2.3; AAPCS64 6.8): who asks has sorted the
 * arguments into registers and stack words.
 */
export interface CallRequest {
  readonly module: string;
  /** Exported symbol. */
  readonly symbol: string;
  /** Integer registers in order, at most 6 (x86-64) or 8 (ARM64). */
  readonly integers: readonly bigint[];
  /** Floating-point registers in order, at most 8, as their lowest 64 bits. */
  readonly floats: readonly bigint[];
  /** Words on the stack in order. */
  readonly stack: readonly bigint[];
  /**
   * Strings, structs by address; `patches` say where their addresses go. It lives at least until the next call, and the
   * youngest blocks up to about a megabyte longer, because a function may keep the name that it was given.
   */
  readonly memory: readonly Uint8Array[];
  readonly patches: readonly CallPatch[];
  readonly returns: CallReturn;
}

/** The address of `memory[block]` goes to word `index` of a register list or the stack, or into another block. */
export interface CallPatch {
  readonly into: 'integers' | 'stack' | 'memory';
  /** With `memory` the byte offset in the block that `inside` names. */
  readonly index: number;
  readonly block: number;
  readonly inside?: number;
}

/** Registers the result comes back in; `memory` has the caller give a buffer of `size` bytes. */
export type CallReturn =
  | { readonly in: 'nothing' }
  | { readonly in: 'registers'; readonly kinds: readonly ('integer' | 'float')[] }
  | { readonly in: 'memory'; readonly size: number };

export type CallAnswer =
  | {
      readonly ok: true;
      /** Registers one after another, 8 bytes each, or the buffer. */
      readonly bytes: Uint8Array;
      /** The blocks of `memory` after the call. */
      readonly memory: readonly Uint8Array[];
      readonly durationMs: number;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** The steps of the protocol by name, in the order they run for one module. */
export type CommitStep =
  | 'prepare_reload'
  | 'save_state'
  | 'transfer'
  | 'migrate_state'
  | 'init'
  | 'load_state'
  | 'complete_reload'
  | 'switch'
  | 'retire';

export interface CommittedModule {
  readonly module: string;
  readonly state: StateSummary;
  /** Milliseconds of each step that ran. */
  readonly steps: Readonly<Partial<Record<CommitStep, number>>>;
  /** The saved state holds addresses of the old image, which therefore stays mapped. */
  readonly oldImageKept: boolean;
  /** What the checks of the transfer plan found in the pause. */
  readonly findings?: readonly ProbeFinding[];
}

export type CommitResult =
  | {
      readonly ok: true;
      readonly pauseMs: number;
      /** Frame number at which the new versions took over. */
      readonly frame: number;
      readonly modules: readonly CommittedModule[];
    }
  | {
      readonly ok: false;
      /** Another generation runs than was to be replaced: ask again, for that one. Nothing was changed. */
      readonly staleBase: boolean;
      readonly pauseMs: number;
      readonly code: string;
      readonly message: string;
      readonly module: string;
      readonly step: CommitStep;
      /** Where a step crashed. */
      readonly crash?: RawCrash;
    };

export interface RevertResult {
  readonly ok: boolean;
  readonly generation: number;
  readonly code: string;
  readonly message: string;
}

export interface TrialRequest {
  readonly module: string;
  readonly frames: number;
  /** Seconds a frame. */
  readonly dt: number;
  /** After at most this many frames, the last among them, the variables are kept. */
  readonly looks: number;
  /** Bytes of variables that may be kept for each version. */
  readonly stateLimit: number;
  readonly patienceMs: number;
  /** How the state gets to the staged version; null where its hooks carry it. */
  readonly transfer: TransferRequest | null;
}

export type TrialResult =
  | { readonly ok: true; readonly running: TrialSide; readonly staged: TrialSide }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What became of one version in its copy of the process. */
export interface TrialSide {
  /** `unfinished`: its copy was ended from outside, or ended itself. */
  readonly outcome: 'unfinished' | 'done' | 'notSwitched' | 'crashed' | 'tooLong';
  readonly frames: number;
  /** Mean milliseconds of a frame, all modules. */
  readonly frameMs: number;
  /** Microseconds of each update of the module. */
  readonly updateUs: readonly number[];
  readonly looks: readonly TrialLook[];
  readonly loadBase: bigint;
  /** Why it crashed or could not take over; empty otherwise. */
  readonly problem: string;
}

/** The variables after a frame: addresses are those of the library's file. */
export interface TrialLook {
  readonly frame: number;
  readonly segments: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** What the host does about a crash inside a guarded call, by itself and before the next frame. */
export interface RecoverySettings {
  /** A version that crashes before it has run so many frames is taken back, with all that came in the same commit. */
  readonly probationFrames: number;
  /** A module that crashes more than `max` times within this time is stopped. */
  readonly restart: { readonly max: number; readonly withinMs: number };
  /** The variables of all modules are copied at the start of each frame, so that a crash can go back to that. */
  readonly frameCopies: boolean;
  /** Megabytes of variables above which a module goes without. */
  readonly frameCopyLimit: number;
  /** What is done about each class of crash; `default` where one is left out. */
  readonly policy?: Readonly<Partial<Record<FaultClass, CrashPolicy>>>;
  /** An update that crashes is called once more with the variables of the frame boundary; default: false. */
  readonly retryOnce?: boolean;
}

/** Why the variables of a crashed module are not those of the last frame boundary (`shadow_obstacle_t`). */
export const noCopyReasons = ['none', 'off', 'tooLarge', 'unknown', 'noMemory', 'notTaken', 'unwritable'] as const;

export type NoCopyReason = (typeof noCopyReasons)[number];

/** One module that the host took back. */
export interface WentBack {
  readonly module: string;
  readonly from: number;
  /** What runs now; 0 where the version before could not begin again, so that the module is out of the frame loop. */
  readonly generation: number;
  /** `boundary`: what it had at the last frame boundary, carried back. `reload`: what it had at the reload. */
  readonly state: 'boundary' | 'reload';
}

export interface RawCrash {
  readonly signal: string;
  /** Fault address, 0 where the signal has none. */
  readonly address: bigint;
  readonly stack: RawStack;
}

/** A module was called again after a crash; `recoveryMs` is the time from the signal to that call. */
export interface ModuleRecovered {
  readonly module: string;
  readonly generation: number;
  readonly recoveryMs: number;
}

export interface ModuleFault extends RawCrash {
  readonly module: string;
  readonly generation: number;
  readonly class: FaultClass;
  /** The guarded call that was abandoned: `update`, `module_view`, ... */
  readonly call: string;
  /** Function the fault was in as the loader knows it (dladdr); empty where unknown. */
  readonly function: string;
  /** Frames this version had completed. */
  readonly frames: number;
  /** The bytes of variables that were put back to the last frame boundary, or would have been, and why they were not. */
  readonly restored: { readonly bytes: number; readonly why: NoCopyReason };
  /** Modules that were taken back, in that order. */
  readonly wentBack: readonly WentBack[];
  /** The same version is called again in the next frame. */
  readonly goesOn: boolean;
  /** It crashed too often, or the policy says so, and is out of the frame loop. */
  readonly stopped: boolean;
  /** What the policy has the caller start anew; the module is out of the frame loop. */
  readonly restart: 'nothing' | 'module' | 'host';
  /** With `retryOnce`: the call went well the second time, from the same variables. */
  readonly passedAgain: boolean;
  /** From the signal until all of this was done. */
  readonly recoveryMs: number;
}

export interface HostStats {
  readonly frame: number;
  readonly rate: number;
  readonly paused: boolean;
  /** Mean of the last second's frames, microseconds spent in all updates of one frame. */
  readonly tickUs: number;
  /** Images that stay mapped although retired. */
  readonly keptImages: number;
  readonly modules: readonly {
    readonly module: string;
    readonly generation: number;
    readonly frames: number;
    readonly running: boolean;
    /** It asked not to be replaced now (`module_begin_critical`), and `why`. */
    readonly critical: boolean;
    readonly why: string;
    /** From its last fault to the next call of what runs now; 0 where there was none. */
    readonly recoveryMs: number;
  }[];
}

/** In the order of `hot_blocker_t` (engine/hotmod_engine.h). */
export const blockers = [
  'unsearched',
  'wayBack',
  'variable',
  'memory',
  'thread',
  'silentThread',
  'crash',
  'savedState',
  'destructors',
  'import',
  'loader',
  'unknown',
] as const satisfies readonly (Blocker | 'unsearched' | 'wayBack')[];

/** The image of a version that nothing runs any more, and why it is not closed. */
export interface KeptImage {
  readonly module: string;
  readonly generation: number;
  /** `unsearched`: nobody has looked yet; `wayBack`: a version that is kept to go back to points into it. */
  readonly blocker: (typeof blockers)[number];
  /** The version whose variable points into it; '' and 0 where none does. */
  readonly holder: string;
  readonly holderGeneration: number;
  /** Where the word lies that points into it: an address of the holder's file; of `memory` one of the process. */
  readonly place: bigint;
  /** What is pointed to, or where the thread is: an address of its own file. */
  readonly target: bigint;
  /** How many searches of all memory found that something points into it. */
  readonly searches: number;
  /** The thread's number as the system has it; 0 where it is not about one. */
  readonly thread: number;
  /** The name of the thread, of what is mapped around the word, or of the symbol that is still used. */
  readonly text: string;
}

export interface ModuleView {
  readonly module: string;
  readonly text: string;
}

/** How the process ended, put together from its exit status and what the engine last wrote into its status file. */
export interface HostEnd {
  /** True where `close` was called. */
  readonly expected: boolean;
  /** Signal name, `exit` where a module called exit(), `hang` where the watchdog killed it, `code N` otherwise. */
  readonly how: string;
  /** The engine, or whoever ended it for a hang, says so; otherwise the system alone. */
  readonly recorded: boolean;
  /** The module that was being called, empty where none was. */
  readonly module: string;
  readonly generation: number;
  readonly call: string;
  readonly frames: number;
  /** Fault address, 0 where there is none. */
  readonly address: bigint;
  /** Where the fault, the call that does not return, or exit() was; without frames where nobody could tell. */
  readonly stack: RawStack;
}

/** How a host is opened; everything it may need, so that it reads no environment of its own. */
export interface HostOptions {
  /** Default: the Node that runs this. */
  readonly program?: HostProgram;
  readonly engineLibrary: string;
  /** A folder of this session alone, for private copies and the status file; removed by the host when it ends. */
  readonly runDir: string;
  /** See `Host.copiesFile`. It must not exist; whoever takes the host's place removes it. */
  readonly copiesFile: string;
  /** Further files the host removes when its parent is gone: socket, lock file. */
  readonly cleanUp: readonly string[];
  /** A folder of files named by process groups that the host ends when its parent is gone: running build commands. */
  readonly groupsDir: string;
  readonly rate: number;
  readonly stepped: boolean;
  /** A call into a module that takes longer is a hang; 0: none is. */
  readonly hangTimeoutMs: number;
  /**
   * The same by phase: for calls while a version is loaded, while versions are switched, and for all others. Asked at each
   * look, because it may change while the host runs. Left out: hangTimeoutMs for all.
   */
  readonly timeouts?: () => { readonly load: number; readonly commit: number; readonly call: number };
  readonly recovery: RecoverySettings;
  /** The caller's environment, of which the host gets a few common variables. */
  readonly baseEnv: Readonly<Record<string, string | undefined>>;
  /** What the host gets beside those. */
  readonly env: Readonly<Record<string, string>>;
  readonly listener: HostListener;
}

/** Rejection of every pending call when the host process ends. */
export class HostGone extends Error {
  override readonly name = 'HostGone';
}
