import type { EntryNames } from '../config/resolved.js';
import type { DecidedConflict, Finding, Level, Outcome, StateSummary, Timings } from '../events/events.js';

/** How far a transaction came. Each is written before what it announces; `outcome` after the fact. */
export type Phase = 'intent' | 'decided' | 'outcome';

/** A transaction that is about to load something. */
export interface Intent {
  /** As events name it: unique within a session only. */
  readonly transaction: string;
  readonly modules: readonly PlannedGeneration[];
}

/** A generation that is about to be loaded. */
export interface PlannedGeneration {
  readonly module: string;
  readonly generation: number;
  /** The generation that runs; 0 where none does. */
  readonly from: number;
  /** The earlier generation whose library this is, where it was asked for; 0 for a build of the source. */
  readonly restores: number;
  /** Names the library, as the build does. */
  readonly hash: string;
  readonly entry: EntryNames;
  /** As module.json states it. */
  readonly moduleVersion: string;
  /** Path relative to the project -> content hash, of the files of the project it was built from. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A text that the journal does not have yet. */
export interface MissingText {
  readonly path: string;
  readonly hash: string;
}

/** What became of a module in a transaction, or of a build that never came to one. */
export interface Result {
  readonly module: string;
  readonly outcome: Outcome;
  readonly level: Level;
  readonly generation: number;
  readonly from: number;
  /** Empty where there was none. */
  readonly transaction: string;
  readonly moduleVersion: string;
  readonly reasons: readonly Finding[];
  readonly timings: Timings;
  readonly state: StateSummary;
  readonly conflicts?: readonly DecidedConflict[];
}

/** What of several transactions is written in one go. */
export interface Writing {
  /** Transactions that are about to load something. */
  readonly intents: readonly Intent[];
  /** Names of those whose one step that changes the program comes next. */
  readonly decided: readonly string[];
  readonly results: readonly Result[];
  /** By content hash: what `intents` were found to miss, of transactions that are over. */
  readonly texts: ReadonlyMap<string, string>;
}

/** One line of the past. */
export interface Entry {
  /** ISO 8601. */
  readonly time: string;
  readonly module: string;
  /** 0 for a build that was never given a number: it failed, or was refused before it was loaded. */
  readonly generation: number;
  readonly from: number;
  readonly restores: number;
  readonly transaction: string;
  readonly phase: Phase;
  /** Null while it is under way. `interrupted`: the session ended, or lost its host, before there was an outcome. */
  readonly outcome: Outcome | 'interrupted' | null;
  readonly level: Level | null;
  readonly reasons: readonly Finding[];
  readonly timings: Timings;
  readonly state: StateSummary | null;
  /** What stood in its way, and which strategy decided. */
  readonly conflicts: readonly DecidedConflict[];
  readonly moduleVersion: string;
  /** Files of the project that differ from the last good generation before it, relative to the project. */
  readonly files: readonly string[];
}

/** A generation whose library stays on disk, so that it can be gone back to. */
export interface KeptGeneration {
  readonly module: string;
  /** Where it restores an earlier one, that one's number: the build is what is meant. */
  readonly generation: number;
  /** All the numbers that its library ran under, newest first. */
  readonly numbers: readonly number[];
  readonly hash: string;
  readonly entry: EntryNames;
  readonly moduleVersion: string;
  readonly level: Level;
  readonly inputs: Readonly<Record<string, string>>;
}

/** One file as two generations have it; null where it is not part of one, or its text was not kept. */
export interface TextPair {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  /** It is part of both or of one of them, and a text of it was not kept: too large, or changed meanwhile. */
  readonly missing: boolean;
}

/** What a generation changed in the source. */
export interface Difference {
  readonly generation: number;
  /** The good generation before it. */
  readonly base: number;
  readonly files: readonly TextPair[];
}

/** A transaction that an earlier session began and did not end. */
export interface Interrupted {
  readonly transaction: string;
  /** ISO 8601. */
  readonly time: string;
  readonly phase: Exclude<Phase, 'outcome'>;
  readonly modules: readonly { readonly module: string; readonly generation: number; readonly from: number }[];
}

/** What is wrong with the journal, said once; work goes on. */
export interface JournalProblem {
  readonly code: string;
  readonly message: string;
}

/** What can be read of the past. */
export interface JournalReader extends Disposable {
  /** Newest first. */
  entries(query: { readonly module: string | null; readonly limit: number }): readonly Entry[];
  /** Newest first. */
  kept(module: string): readonly KeptGeneration[];
  /** Only which libraries that are, of many modules. */
  keptHashes(modules: Iterable<string>): readonly { readonly module: string; readonly hash: string }[];
  /** Module -> generation, as `kept` numbers them. */
  pins(): ReadonlyMap<string, number>;
  /** Null where there is no such generation, or its texts are gone. */
  difference(module: string, generation: number): Difference | null;
  /** The highest number handed out; 0 where there is none. */
  highest(module: string): number;
}

/**
 * The session's own journal. None of its methods throws: what cannot be written is said once (`onProblem`) and kept in
 * memory from then on, so that everything but the way into the next session goes on.
 */
export interface Journal extends JournalReader {
  /** What earlier sessions left unfinished, marked so by now. */
  readonly interrupted: readonly Interrupted[];
  /**
   * Intents before anything is loaded, decisions immediately before the commit, results of one transaction together: each is
   * on disk when the call returns, as far as the writer (`write.ts`) says. Returns, for each of the intents, the texts that
   * are to be given with its results.
   */
  write(writing: Partial<Writing>): readonly (readonly MissingText[])[];
  pin(module: string, generation: number): void;
  unpin(module: string): void;
  /** To be called when nothing happens: see the writer (`write.ts`). */
  settle(): void;
}
