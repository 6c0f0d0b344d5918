import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryNames } from '../config/entry.js';
import { openJournal } from '../journal/journal.js';
import type { PlannedGeneration, Result } from '../journal/types.js';
import { percentile } from './statistics.js';
import { number, type Table } from './table.js';

const reloads = 2000;

/** What the journal of a session costs: each of its writes is on disk when it returns. */
export async function journal(): Promise<readonly Table[]> {
  const dir = await mkdtemp(join(tmpdir(), 'hotmod-bench-'));
  try {
    return [measure(join(dir, 'few.db'), 4), measure(join(dir, 'many.db'), 400)];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** @param inputs files that each generation is built from. */
function measure(file: string, inputs: number): Table {
  const took: Record<'intent' | 'decided' | 'outcome', number[]> = {
    intent: [],
    decided: [],
    outcome: [],
  };
  const time = <T>(what: keyof typeof took, work: () => T): T => {
    const start = performance.now();
    const result = work();
    took[what].push(performance.now() - start);
    return result;
  };
  const problems: string[] = [];
  using open = openJournal({ file, keep: () => 5, onProblem: (one) => problems.push(one.message) });
  for (let generation = 1; generation <= reloads; generation++) {
    const transaction = `t${generation}`;
    const modules = [planned(generation, inputs)];
    const missing = time('intent', () => open.write({ intents: [{ transaction, modules }] }).flat());
    time('decided', () => open.write({ decided: [transaction] }));
    const texts = new Map(missing.map(({ hash }) => [hash, `${hash}\n`.repeat(100)]));
    time('outcome', () => open.write({ results: [{ ...outcome(generation), transaction }], texts }));
  }
  if (problems.length > 0) throw new Error(problems.join('; '));
  const start = performance.now();
  const rows = open.entries({ module: null, limit: reloads }).length;
  const readMs = performance.now() - start;
  if (rows !== reloads) throw new Error(`${rows} rows of ${reloads}`);
  const row = (name: string, values: readonly number[]) => ({
    name,
    cells: [50, 95, 99].map((percent) => number(percentile(values, percent), 3)),
  });
  return {
    title: `Journal, ${reloads} reloads of a module of ${inputs} files (ms)`,
    columns: ['p50', 'p95', 'p99'],
    rows: [
      row('intent (goal: at most 1 p50)', took.intent),
      row('decided (goal: at most 1 p50)', took.decided),
      row('outcome, with the texts of what changed (goal: at most 1 p50)', took.outcome),
      { name: 'all rows read', cells: [number(readMs, 1), '', ''] },
    ],
  };
}

function planned(generation: number, inputs: number): PlannedGeneration {
  const files = Array.from({ length: inputs }, (_, index): readonly [string, string] => [
    `modules/m/file-${index}.c`,
    // One of them is another one each time.
    `hash-${index}-${index === 0 ? generation : 0}`.padEnd(32, '0'),
  ]);
  return {
    module: 'm',
    generation,
    from: generation - 1,
    restores: 0,
    hash: `library-${generation}`,
    entry: entryNames('m', {}),
    moduleVersion: '1.0.0',
    inputs: Object.fromEntries(files),
  };
}

function outcome(generation: number): Result {
  return {
    module: 'm',
    generation,
    from: generation - 1,
    outcome: generation === 1 ? 'loaded' : 'reloaded',
    level: 'SAFE',
    transaction: '',
    moduleVersion: '1.0.0',
    reasons: [{ code: 'HM400', message: 'nothing that lives changed its layout' }],
    timings: { detect: 3, build: 61, validate: 4, assess: 0.3, load: 0.4, pause: 0.01, total: 70 },
    state: { bytes: 112, kept: 1, converted: 0, reset: 0, dropped: 0 },
  };
}
