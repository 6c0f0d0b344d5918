import type { LoadedModule } from '../assess/types.js';
import type { ConflictQuestion, EntryNames, ResolvedModule } from '../config/resolved.js';
import type { Level } from '../events/events.js';
import type { ModuleFacts, StageRequest } from '../host/host.js';
import type { LibraryFacts } from '../validate/types.js';

/** The major number of modules/include/module_interface.h (`MODULE_API_VERSION`). */
export const apiVersion = 1;

/** One generation of a module: a library on disk, what the file says of itself, and what it turned out to be. */
export interface Version {
  readonly generation: number;
  readonly library: string;
  /** Content hash of the library; the same text always gives the same one. */
  readonly hash: string;
  readonly file: LibraryFacts;
  /** Null for a version of an earlier session, which only a verdict is compared with. */
  readonly loaded: ModuleFacts | null;
  /** The verdict it was taken with. */
  readonly level: Level;
  readonly settings: ResolvedModule;
  /** The earlier generation that was gone back to, whose library this is; 0 for a build of the source. */
  readonly restores: number;
}

/** A generation of a module and its library. */
export interface KnownLibrary {
  readonly module: string;
  readonly generation: number;
  readonly library: string;
}

/** A generation that a module is to stay at, whatever its source says. */
export interface Pin {
  readonly generation: number;
  readonly hash: string;
  readonly library: string;
  readonly entry: EntryNames;
  readonly moduleVersion: string;
  readonly inputs: Readonly<Record<string, string>>;
}

/** What the session knows of one module. */
export interface ModuleRecord {
  settings: ResolvedModule;
  /** The version in the frame loop; null where none was ever good, or where it crashed too often. */
  running: Version | null;
  /** The version before it: where undo and probation go back to. */
  previous: Version | null;
  /**
   * The version that crashed too often. It lies in the host, out of the frame loop, and the next version takes its
   * state over, so verdicts compare with it.
   */
  stopped: Version | null;
  /** The highest generation number handed out. */
  generation: number;
  /** The module's folder is gone from disk; what runs goes on. */
  orphaned: boolean;
  /** The generation that goes on with what the host before this one left of it, which may be why that one ended; 0: none. */
  tookOver: number;
  /** When it last ended the host, milliseconds of a monotonic clock; null for never. */
  endedHostAt: number | null;
  /** Times of its crashes, milliseconds of a monotonic clock, oldest first. */
  crashes: readonly number[];
  /**
   * Modules that were to be switched together with this one when one of them failed. They are brought up to date
   * together, so that no frame runs a mix.
   */
  heldWith: ReadonlySet<string>;
  /** Attempts in a row whose base was taken back by the host before the commit. */
  staleRounds: number;
  /** Builds in a row whose inputs changed under the compiler. */
  unsettledRounds: number;
  /** Null where the module goes with its source. */
  pin: Pin | null;
  /** The transaction (`t7` is 7) that brought this generation in place of another; null where none did. */
  cameWith: { readonly transaction: number; readonly generation: number } | null;
  /** What may have changed the state of the version that runs, other than its frames; the last ones, oldest first. */
  touches: readonly Touch[];
  /** Conflicts that the last job left open, because nobody has answered yet. */
  asked: readonly ConflictQuestion[];
}

export interface Touch {
  /** As it was typed: `hotmod call m poke`. */
  readonly what: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** More are not told of one build. */
const keptTouches = 4;

export function noteTouch(record: ModuleRecord, what: string): void {
  const at = performance.timeOrigin + performance.now();
  record.touches = [...record.touches, { what, at }].slice(-keptTouches);
}

/** @param generation the highest number that was ever handed out for this module. */
export function newRecord(settings: ResolvedModule, generation = 0): ModuleRecord {
  return {
    settings,
    running: null,
    previous: null,
    stopped: null,
    generation,
    orphaned: false,
    tookOver: 0,
    endedHostAt: null,
    crashes: [],
    heldWith: new Set(),
    staleRounds: 0,
    unsettledRounds: 0,
    pin: null,
    cameWith: null,
    touches: [],
    asked: [],
  };
}

/** What is known of the version whose state the next one takes over; null where none ever ran. */
export function runningFacts({ running, stopped }: ModuleRecord): ModuleFacts | null {
  return (running ?? stopped)?.loaded ?? null;
}

/** What a host needs to load a version, the one that runs or a fresh copy of it. */
export function stageRequest(module: string, { generation, library, settings, file }: Version): StageRequest {
  const { imports, patches } = file;
  return { module, generation, library, entry: settings.entry, imports, patches };
}

/** What a verdict needs to know of another module. */
export function loadedModule(settings: ResolvedModule, file: LibraryFacts, changed: boolean): LoadedModule {
  return {
    changed,
    name: settings.name,
    dependencies: settings.dependencies.map((dependency) => dependency.name),
    ranges: Object.fromEntries(settings.dependencies.map(({ name, version }) => [name, version])),
    imports: file.imports.map(({ symbol }) => symbol),
  };
}
