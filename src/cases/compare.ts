import { formatConflict } from '../view/format.js';
import type { Observed } from './observe.js';
import type { ModuleExpectation } from './schema.js';

/** Every way in which a step was not as expected, as sentences; none where it was. */
export function compare(expected: ModuleExpectation, observed: Observed, who: string): readonly string[] {
  const wrong: string[] = [];
  if (expected.outcome !== undefined && expected.outcome !== observed.outcome) {
    wrong.push(`${who}: expected the outcome ${expected.outcome}, got ${observed.outcome}.`);
  }
  if (expected.level !== undefined && expected.level !== observed.level) {
    wrong.push(`${who}: expected the level ${expected.level}, got ${observed.level}.`);
  }
  for (const code of expected.codes ?? []) {
    if (!observed.codes.includes(code)) {
      wrong.push(`${who}: expected the code ${code}, got ${observed.codes.join(', ') || 'none'}.`);
    }
  }
  for (const conflict of expected.conflicts ?? []) {
    const { kind, strategy, decidedBy } = conflict;
    const found = observed.conflicts.some(
      (one) =>
        one.kind === kind &&
        one.strategy === (strategy ?? one.strategy) &&
        one.decidedBy === (decidedBy ?? one.decidedBy),
    );
    const got = [...new Set(observed.conflicts.map(formatConflict))].join(', ') || 'none';
    if (!found) wrong.push(`${who}: expected the conflict ${JSON.stringify(conflict)}, got ${got}.`);
  }
  const spent = (observed.timings.load ?? 0) + (observed.timings.pause ?? 0);
  if (expected.maxDurationMs !== undefined && spent > expected.maxDurationMs) {
    wrong.push(`${who}: expected at most ${expected.maxDurationMs} ms for the reload, it took ${spent.toFixed(1)} ms.`);
  }
  return wrong.length === 0 ? [] : [...wrong, ...observed.messages.map((message) => `  ${message}`)];
}
