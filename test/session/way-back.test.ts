import { describe, expect, test } from 'vitest';
import type { ModuleFacts } from '../../src/host/host.js';
import type { BothVersions } from '../../src/session/types-of-both.js';
import { foreseeWayBack, wayBackOf } from '../../src/session/way-back.js';
import { twoBuilds } from '../helpers/two-builds.js';

const facts: ModuleFacts = {
  style: 'functions',
  name: 'm',
  version: '',
  apiVersion: 0,
  hooks: ['update'],
  hasView: false,
};
const source = (fields: string): string =>
  `struct town { long people; ${fields} }; struct town town; void m_update(double dt) { (void)dt; town.people++; }`;

/** What two builds say of each other, each time as a new object: nothing is known of one that was just compared. */
async function comparison(before: string, after: string): Promise<() => BothVersions> {
  await using builds = await twoBuilds(before, after);
  const { old, now, state } = builds;
  const rest = { signatures: [], changedRecords: [], heldRecords: [] };
  return () => ({ before: old.model, after: now.model, state, ...rest });
}

describe('a way back that was worked out while the new version was being loaded', () => {
  test('is the same as one that is worked out when it is asked for', async () => {
    const both = await comparison(source('int grows;'), source('int grows; int added;'));
    const foreseen = both();
    foreseeWayBack(foreseen, facts);
    const way = wayBackOf(foreseen, facts, facts);
    expect(way?.plan.length).toBeGreaterThan(0);
    expect(way).toEqual(wayBackOf(both(), facts, facts));
  });

  test('is not taken where the new version turns out to have a hook that only it can undo', async () => {
    const both = (await comparison(source(''), source('int added;')))();
    foreseeWayBack(both, facts);
    expect(wayBackOf(both, facts, { ...facts, hooks: ['update', 'complete_reload'] })).toBeNull();
    expect(wayBackOf(both, facts, facts)).not.toBeNull();
  });

  test('is found all the same where the version that runs gave no reason to expect one', async () => {
    const both = await comparison(source(''), source('int added;'));
    const carriesItself = { ...facts, hooks: ['save_state', 'load_state'] as const };
    const foreseen = both();
    foreseeWayBack(foreseen, carriesItself);
    expect(wayBackOf(foreseen, carriesItself, { ...facts, hooks: [] })).toEqual(wayBackOf(both(), facts, facts));
  });
});
