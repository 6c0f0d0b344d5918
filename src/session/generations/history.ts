import { readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Builder } from '../../build/types.js';
import type { ResolvedConfig } from '../../config/resolved.js';
import type { Bus } from '../../events/bus.js';
import type { SessionEvent } from '../../events/events.js';
import { contentHash } from '../../files/hash.js';
import { openJournal } from '../../journal/journal.js';
import type { Intent, Interrupted, Journal, MissingText, PlannedGeneration } from '../../journal/types.js';
import type { ModuleRecord, Pin } from '../records.js';
import type { LastGood } from './last-good.js';

/** What the session tells its journal, and what it asks it. */
export interface History extends Disposable {
  readonly journal: Journal;
  /** The highest number that was handed out for a module, in any session; 0 for none. */
  highest(module: string): number;
  /** To be called before the first library of the transaction is loaded. */
  begin(transaction: string, generations: readonly PlannedGeneration[], written: WrittenWhen): Promise<void>;
  /** To be called immediately before the commit. */
  decided(transaction: string, written: WrittenWhen): Promise<void>;
  /** What was said must be in the journal: `say` is called when it is. */
  outcome(event: Outcome, say: () => void): void;
  /** Outcomes that come during `work` are written at its end, in one go, and said then. */
  together(work: () => void, written: WrittenWhen): Promise<void>;
  /** Says what the last session left unfinished. */
  sayInterrupted(): void;
}

/**
 * `now`: by when the call returns. `withOthers`: for transactions that come beside each other, together with what the others
 * have to write within a few milliseconds. It is written when the promise settles; where something else is to be written
 * before, it is so first.
 */
export type WrittenWhen = 'now' | 'withOthers';

interface Note {
  readonly intents: readonly Intent[];
  readonly decided: readonly string[];
  readonly outcomes: readonly Said[];
}

interface Said {
  readonly event: Outcome;
  readonly say: () => void;
}

/** How long the first of them waits for the others. */
const gatheringMs = 3;

const emptyNote: Note = { intents: [], decided: [], outcomes: [] };

type Outcome = Extract<SessionEvent, { readonly type: 'reload:done' }>;

/** Texts of larger files are not kept; a difference then only names them. */
const largestText = 1024 * 1024;

export function journalFile(outDir: string): string {
  return join(outDir, 'history.db');
}

/** @param config the settings of now, asked each time. */
export function openHistory(options: {
  readonly bus: Bus;
  readonly config: () => ResolvedConfig;
  /** `memory` leaves nothing behind. */
  readonly keptIn: 'disk' | 'memory';
  /** Still knows the numbers where the journal was lost. */
  readonly lastGood: LastGood;
}): History {
  const { bus, config, keptIn, lastGood } = options;
  const { root, outDir } = config();
  const journal = openJournal({
    file: keptIn === 'memory' ? null : journalFile(outDir),
    keep: () => config().keepGenerations,
    onProblem: (problem) => bus.emit({ type: 'session:problem', ...problem }),
  });
  /** Read when a transaction begins, when they are most surely what was built; written when it is over. */
  const texts = new Map<string, ReadonlyMap<string, string>>();
  let collected: Said[] | null = null;
  let waiting: Note[] = [];
  let turn: Promise<void> | null = null;

  const writeWaiting = (): void => {
    const notes = waiting;
    waiting = [];
    if (notes.length === 0) return;
    const intents = notes.flatMap((note) => note.intents);
    const outcomes = notes.flatMap((note) => note.outcomes);
    const results = outcomes.map(({ event }) => event);
    const ended = new Set(results.map(({ transaction }) => transaction));
    const missing = journal.write({
      intents,
      decided: notes.flatMap((note) => note.decided),
      results,
      texts: new Map([...ended].flatMap((name) => [...(texts.get(name) ?? [])])),
    });
    for (const name of ended) texts.delete(name);
    for (const [n, { transaction }] of intents.entries()) texts.set(transaction, readTexts(root, missing[n] ?? []));
    for (const { say } of outcomes) say();
  };

  const write = async (note: Partial<Note>, written: WrittenWhen): Promise<void> => {
    waiting.push({ ...emptyNote, ...note });
    if (written === 'now') return writeWaiting();
    turn ??= setTimeout(gatheringMs).then(() => {
      turn = null;
      writeWaiting();
    });
    return turn;
  };

  return {
    journal,
    highest: (module) => Math.max(journal.highest(module), lastGood[module]?.generation ?? 0),
    begin: (transaction, modules, written) => write({ intents: [{ transaction, modules }] }, written),
    decided: (transaction, written) => write({ decided: [transaction] }, written),
    outcome(event, say) {
      if (collected !== null) {
        collected.push({ event, say });
        return;
      }
      waiting.push({ ...emptyNote, outcomes: [{ event, say }] });
      writeWaiting();
    },
    async together(work, written) {
      const outcomes: Said[] = [];
      collected = outcomes;
      try {
        work();
      } finally {
        collected = null;
        await write({ outcomes }, written);
      }
    },
    sayInterrupted() {
      for (const { time: since, ...one } of journal.interrupted)
        bus.emit({ type: 'journal:interrupted', since, ...one, message: tell(one) });
    },
    [Symbol.dispose]() {
      writeWaiting();
      journal[Symbol.dispose]();
    },
  };
}

/** What the journal is told of a version that is about to be loaded. */
export function plannedGeneration(config: ResolvedConfig, one: Planned): PlannedGeneration {
  const { record, generation, build, pinned } = one;
  const { settings, running } = record;
  const common = { module: settings.name, generation, from: running?.generation ?? 0, hash: build.hash };
  if (pinned !== null) {
    const { generation: restores, entry, moduleVersion, inputs } = pinned;
    return { ...common, restores, entry, moduleVersion, inputs };
  }
  const { entry, version: moduleVersion } = settings;
  return { ...common, restores: 0, entry, moduleVersion, inputs: projectInputs(config, build.inputs) };
}

interface Planned {
  readonly record: ModuleRecord;
  readonly generation: number;
  readonly build: { readonly hash: string; readonly inputs: ReadonlyMap<string, string> };
  readonly pinned: Pin | null;
}

/** Only files of the project count; those of the system do not change by an edit. */
function projectInputs(
  { root, outDir }: ResolvedConfig,
  inputs: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  const own = [...inputs].filter(([path]) => path.startsWith(root + sep) && !path.startsWith(outDir + sep));
  return Object.fromEntries(own.map(([path, hash]) => [relative(root, path), hash]));
}

/** Libraries, absolute, that somebody may go back to. */
export function keptLibraries(journal: Journal, builder: Builder, modules: Iterable<string>): readonly string[] {
  return journal.keptHashes(modules).map(({ module, hash }) => builder.placeOf(module, hash));
}

/** The texts that are still what was built; a file that was written again meanwhile has lost its text. */
function readTexts(root: string, missing: readonly MissingText[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const { path, hash } of missing) {
    const text = readText(join(root, path));
    if (text !== null && contentHash(text) === hash) texts.set(hash, text.toString('utf8'));
  }
  return texts;
}

function readText(file: string): Buffer | null {
  try {
    if (statSync(file).size > largestText) return null;
    const bytes = readFileSync(file);
    return bytes.includes(0) ? null : bytes;
  } catch {
    return null;
  }
}

function tell({ phase, modules }: Pick<Interrupted, 'phase' | 'modules'>): string {
  const what = modules.map(({ module, generation }) => `${module} #${generation}`).join(', ');
  const before = modules.flatMap(({ module, from }) => (from > 0 ? [`${module} #${from}`] : []));
  const ran = before.length === 0 ? '' : ` ${before.join(', ')} ran before.`;
  const when =
    phase === 'intent'
      ? 'before it was decided: nothing was switched.'
      : 'after the decision: whether it was switched is not known.';
  return `The last session ended while it reloaded ${what}, ${when}${ran}`;
}
