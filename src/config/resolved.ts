import type { ConflictKind, ConflictStrategy, StackFrame } from '../events/events.js';
import type { Target } from '../target/targets.js';

/**
 * The configuration as the stages see it: everything decided, every path absolute, nothing optional. Built once per
 * (re)load of the configuration by `resolve.ts`; whoever holds one may keep it, it is never changed.
 */
export interface ResolvedConfig {
  /** The project's folder, real path. */
  readonly root: string;
  /** The file the settings came from; null where defaults alone apply. */
  readonly file: string | null;
  /** Files and folders whose change means the configuration must be read again (config file, package.json). */
  readonly configFiles: readonly string[];
  /** Folder patterns relative to root, as given: `modules/*`, or `.` for a project that is itself one module. */
  readonly modulePatterns: readonly string[];
  readonly modules: readonly ResolvedModule[];
  /** Everything hotmod writes lies here: `<root>/.hotmod`, or the folder of the target's name in it. */
  readonly outDir: string;
  /** The machine whose modules run. */
  readonly target: Target;
  /** Further machines that modules are built and judged for. */
  readonly otherTargets: readonly Target[];
  readonly watch: WatchSettings;
  readonly build: BuildSettings;
  readonly host: HostSettings;
  readonly reload: ReloadSettings;
  readonly recovery: RecoveryConfig;
  readonly timeouts: Timeouts;
  /** Different libraries of each module that stay on disk to go back to, the one that runs among them. */
  readonly keepGenerations: number;
}

export interface WatchSettings {
  readonly polling: boolean;
  readonly pollIntervalMs: number;
  /** Patterns in .gitignore syntax, in addition to the project's own .gitignore files. */
  readonly ignore: readonly string[];
  /** Further folders to watch, absolute. */
  readonly paths: readonly string[];
}

export interface BuildSettings {
  /** A name or an absolute path; null means: find one. */
  readonly compiler: string | null;
  readonly linker: string | null;
  readonly jobs: number;
  /** Compiler and linker stay loaded between builds, where the system can do that. */
  readonly warm: boolean;
  /** Precompiled headers where they pay, or none. */
  readonly pch: 'auto' | 'off';
  /** The program that each compile command is given to, and its own arguments; empty for none. */
  readonly launcher: readonly string[];
  /** Megabytes of what is kept for all projects of the user; 0 for none. */
  readonly cacheLimit: number;
  readonly compileCommands: boolean;
}

export interface HostSettings {
  /** Frames a second of the update loop. */
  readonly rate: number;
  /** No clock: frames run only when asked for. */
  readonly stepped: boolean;
  /** A second host process waits to take over when the first one ends. */
  readonly standby: boolean;
  /** A guarded call that runs longer than this is a hang. */
  readonly hangTimeoutMs: number;
  /** A version that crashes within its first frames is taken back. */
  readonly probationFrames: number;
  /** More than `max` crashes of a module within `withinMs` stop it until its next successful build. */
  readonly restart: { readonly max: number; readonly withinMs: number };
  /** The variables of all modules are copied at the start of each frame, so that a crash can go back to that. */
  readonly frameCopies: boolean;
  /** Megabytes of variables above which a module goes without. */
  readonly frameCopyLimit: number;
  /** Added to the minimal environment of the host. */
  readonly env: Readonly<Record<string, string>>;
}

/** Crashes inside a call into a module, as the host tells them apart (`hot_crash_kind_t`, in this order). */
export const faultClasses = ['segv', 'bus', 'ill', 'fpe', 'abort', 'stackOverflow'] as const;
export type FaultClass = (typeof faultClasses)[number];

/** What is done about them (`hot_policy_t`, in this order). */
export const crashPolicies = ['default', 'rollBack', 'goOn', 'restartModule', 'restartHost', 'stop'] as const;
export type CrashPolicy = (typeof crashPolicies)[number];

/** What may be done where the process is gone: `hang`, a call that did not return; `hostEnd`, any other end of it. */
export const endPolicies = ['default', 'rollBack', 'restartHost', 'stop'] as const;
export type EndPolicy = (typeof endPolicies)[number];
export type EndClass = 'hang' | 'hostEnd';
export type ErrorClass = FaultClass | EndClass;

export type RecoveryPolicies = Readonly<Record<FaultClass, CrashPolicy> & Record<EndClass, EndPolicy>>;

export interface RecoveryConfig {
  readonly policy: RecoveryPolicies;
  /** Null where the user has none. */
  readonly onCrash: OnCrash | null;
  readonly onRecovered: OnRecovered | null;
  /** What a callback that the session waits for may take. */
  readonly callbackTimeoutMs: number;
}

/** What a callback of the user's config is told of a crash: plain data. */
export interface CrashReport {
  /** Empty where the host process ended and no module is to blame. */
  readonly module: string;
  readonly generation: number;
  readonly errorClass: ErrorClass;
  /** Signal name; `hang`, `exit` or `code N` where the process ended so. */
  readonly signal: string;
  /** The call that was abandoned: `update`, `module_view`, ... */
  readonly call: string;
  /** Frames that this generation had completed. */
  readonly frames: number;
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly stack: readonly StackFrame[];
  /** What is done about it unless `onCrash` says otherwise. `goOn` and `rollBack` have been done already. */
  readonly action: CrashAction;
  /** What `onCrash` may still return; empty where everything has been done already. */
  readonly choices: readonly CrashAction[];
  /** From the signal until the host had done its part; null where the host itself is gone. */
  readonly recoveryMs: number | null;
}

export type CrashAction = Exclude<CrashPolicy, 'default'>;

export interface RecoveredReport {
  readonly module: string;
  /** What crashed, and what runs now. */
  readonly crashed: number;
  readonly generation: number;
  readonly errorClass: ErrorClass;
  readonly action: CrashAction;
  /** From the signal, or from the end of the process, until the module could be called again. */
  readonly recoveryMs: number;
}

/** Returns one of the report's `choices`, or nothing. */
export type OnCrash = (report: CrashReport) => unknown;
export type OnRecovered = (report: RecoveredReport) => unknown;

/** Milliseconds that a phase may take; 0 for any time. */
export interface Timeouts {
  /** One compiler, linker or build command. */
  readonly build: number;
  /** Reading the libraries and types of one save; looked at between two steps. */
  readonly validate: number;
  /** One call into a library while it is loaded: its constructors, get_module_interface. */
  readonly load: number;
  /** One call into a module while the program stands still: prepare_reload, init, ... */
  readonly commit: number;
  /** One call of a running module. The same as `host.hangTimeoutMs`. */
  readonly call: number;
}

export interface ReloadSettings {
  readonly defer: DeferSettings;
  readonly onConflict: ConflictSettings;
}

/** Limits beyond which a reload waits; null for none. */
export interface DeferSettings {
  /** Share of all processors that may be busy, 0 to 1. */
  readonly maxCpu: number | null;
  /** Megabytes. */
  readonly minFreeMemory: number | null;
  /** Mean milliseconds of a frame's updates. */
  readonly maxFrameMs: number | null;
  /** A reload that has waited this long for the limits goes ahead. */
  readonly maxWaitMs: number;
}

export interface ConflictSettings {
  /** Null where nothing is written, and the default of the kind holds. */
  readonly strategies: Readonly<Record<ConflictKind, ConflictStrategy | null>>;
  /** A function of the user's config, asked instead; null where there is none. */
  readonly decide: DecideConflict | null;
}

/** What a function of the user's config is asked. Kinds of which nothing can be decided are not asked. */
export type ConflictQuestion =
  | {
      readonly kind: 'versionDown';
      readonly module: string;
      /** Versions as module.json states them: of what runs, and of what was built. */
      readonly from: string;
      readonly to: string;
    }
  /** `running` are the modules that are being brought up to date. */
  | { readonly kind: 'editDuringTransaction'; readonly module: string; readonly running: readonly string[] }
  /** `changes` is what may have changed the state since the build began, as it was typed. */
  | { readonly kind: 'stateChanged'; readonly module: string; readonly changes: readonly string[] };

export type DecideConflict = (conflict: ConflictQuestion) => ConflictStrategy;

export interface ResolvedModule {
  readonly name: string;
  /** The module's folder, absolute. */
  readonly dir: string;
  /** As module.json states it; `0.0.0` where it does not. */
  readonly version: string;
  readonly dependencies: readonly ModuleDependency[];
  readonly entry: EntryNames;
  readonly build: ModuleBuild;
}

export interface ModuleDependency {
  readonly name: string;
  readonly version: string;
  readonly optional: boolean;
}

/**
 * Symbol names to look for, each a list in order of preference; the first one the library exports is used. Where
 * `getInterface` is exported, the others are not looked at.
 */
export interface EntryNames {
  readonly getInterface: readonly string[];
  readonly init: readonly string[];
  readonly update: readonly string[];
  readonly shutdown: readonly string[];
  readonly saveState: readonly string[];
  readonly loadState: readonly string[];
  readonly view: readonly string[];
}

export interface ModuleBuild {
  /** Null: sources are compiled by hotmod. Otherwise this command is run in `dir` and leaves `output`. */
  readonly command: string | null;
  /** Absolute path of the library that `command` leaves; null without a command. */
  readonly output: string | null;
  /** Sources relative to `dir` in place of all that are found; empty means: find them. */
  readonly sources: readonly string[];
  /** Flags for every language, then for one language each. */
  readonly flags: readonly string[];
  readonly cflags: readonly string[];
  readonly cxxflags: readonly string[];
  readonly asmflags: readonly string[];
  readonly ldflags: readonly string[];
  /** Absolute folders, in order. The module's own folder and hotmod's public headers are added by the build. */
  readonly includes: readonly string[];
  /** `NAME` or `NAME=value`. */
  readonly defines: readonly string[];
}
