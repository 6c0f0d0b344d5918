import { entryNames } from '../../src/config/entry.js';
import { openJournal } from '../../src/journal/journal.js';
import type { Journal, JournalProblem, PlannedGeneration, Result } from '../../src/journal/types.js';

export interface TestJournal extends Disposable {
  readonly journal: Journal;
  readonly problems: readonly JournalProblem[];
  /** A whole transaction of one module, from intent to outcome. */
  reload(module: string, generation: number, text?: string, result?: Partial<Result>): void;
}

/** A journal in this file, or in memory, whose clock goes on by a second with each row. */
export function openTestJournal(file: string | null, keep = 5): TestJournal {
  const problems: JournalProblem[] = [];
  let now = Date.UTC(2026, 0, 1);
  const journal = openJournal({
    file,
    keep: () => keep,
    onProblem: (problem) => problems.push(problem),
    now: () => {
      now += 1000;
      return now;
    },
  });
  let transactions = 0;
  return {
    journal,
    problems,
    reload(module, generation, text = `${module} ${generation}`, result = {}) {
      transactions += 1;
      const transaction = `t${transactions}`;
      const missing = journal
        .write({ intents: [{ transaction, modules: [planned(module, generation, text)] }] })
        .flat();
      journal.write({ decided: [transaction] });
      journal.write({ results: [{ ...outcomeOf(module, generation), transaction, ...result }] });
      journal.write({ texts: new Map(missing.map(({ hash }) => [hash, text])) });
    },
    [Symbol.dispose]: () => journal[Symbol.dispose](),
  };
}

/** A generation that is built from one file with this text. */
export function planned(module: string, generation: number, text = `${module} ${generation}`): PlannedGeneration {
  return {
    module,
    generation,
    from: generation - 1,
    restores: 0,
    hash: `library of ${text}`,
    entry: entryNames(module, {}),
    moduleVersion: '1.0.0',
    inputs: { [`modules/${module}/${module}.c`]: `hash of ${text}` },
  };
}

export function outcomeOf(module: string, generation: number): Result {
  return {
    module,
    generation,
    from: generation - 1,
    outcome: generation === 1 ? 'loaded' : 'reloaded',
    level: 'SAFE',
    transaction: '',
    moduleVersion: '1.0.0',
    reasons: [{ code: 'HM400', message: 'code only' }],
    timings: { build: 61, pause: 0.4, total: 90 },
    state: { bytes: 8, kept: 1, converted: 0, reset: 0, dropped: 0 },
  };
}
