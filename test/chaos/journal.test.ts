import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lostRows } from '../../src/chaos/journal.js';
import type { HotmodEvent } from '../../src/events/events.js';
import { openTestJournal, outcomeOf } from '../helpers/journal.js';
import { tempProject } from '../helpers/temp-project.js';

const said = (generation: number): HotmodEvent => ({
  v: 1,
  time: '2026-01-01T00:00:00.000Z',
  type: 'reload:done',
  durationMs: 1,
  restores: 0,
  sourceNewer: false,
  ...outcomeOf('m', generation),
  transaction: `t${generation}`,
});

test('an outcome that was said and is not in the journal is found, and one that is there is not', async () => {
  const root = await tempProject();
  expect(lostRows(root, [said(1)])).toEqual([]);
  await mkdir(join(root, '.hotmod'));
  using open = openTestJournal(join(root, '.hotmod/history.db'));
  open.reload('m', 1);
  expect(lostRows(root, [said(1)])).toEqual([]);
  expect(lostRows(root, [said(1), said(2)])).toEqual([
    't2: reloaded of m, generation 2, was said; the journal has no row for it',
  ]);
});
