import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HotmodEvent } from '../events/events.js';
import { openUntouched } from '../journal/sqlite.js';
import { eventsOf } from './program.js';

/**
 * What was said must be in the journal, however the conductor ended: every outcome that was printed stands there for its
 * generation, or the later outcome that took its place (a version that was taken back after its reload; see `addOutcome`
 * of src/journal/write.ts). Nothing is checked where there is no journal.
 *
 * @returns one sentence for each outcome that is missing.
 */
export function lostRows(root: string, events: readonly HotmodEvent[]): readonly string[] {
  const file = join(root, '.hotmod/history.db');
  if (!existsSync(file)) return [];
  const db = openUntouched(file);
  try {
    const find = db.prepare('SELECT outcome FROM generations WHERE module = ? AND generation = ?');
    return eventsOf(events, 'reload:done')
      .filter(({ transaction }) => transaction !== '')
      .flatMap(({ module, generation, outcome, transaction }) => {
        const rows = find.all(module, generation).map((row) => String(row.outcome));
        if (rows.includes(outcome) || rows.includes('rolledBack')) return [];
        const has = rows.length === 0 ? 'no row' : rows.join(', ');
        return [
          `${transaction}: ${outcome} of ${module}, generation ${generation}, was said; the journal has ${has} for it`,
        ];
      });
  } finally {
    db.close();
  }
}
