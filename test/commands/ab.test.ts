import { expect, test } from 'vitest';
import type { Tried } from '../../src/control/protocol.js';
import { counting, goingBack } from '../helpers/going-back.js';
import { runIn } from '../helpers/served-session.js';
import { tempDir } from '../helpers/temp-dir.js';

test('shows what another generation would have done from the same state, and changes nothing', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  const before = await served.count();
  const { code, out } = await served.hotmod('ab', 'm', '--with', '1', '--frames', '50');
  expect(code).toBe(0);
  expect(out).toContain('m: generation 2, which runs, and generation 1; 50 frames each from the same state');
  expect(out).toMatch(/b #1: update median [\d.]+ us \(95 % between [\d.]+ us and [\d.]+ us\), p95/);
  expect(out).toMatch(/1 value differs in the end:\n {2}state\.count: a 510, b 60 \(seen first after frame \d+\)/);
  expect(out).toContain('"hotmod rollback m --to 1" has generation 1 run.');
  expect(await served.count()).toBe(before + 10);
});

test('as JSON it is the whole comparison', async () => {
  await using served = await goingBack(counting(1));
  await served.save(counting(10));
  const { out } = await served.hotmod('ab', 'm', '--frames', '5', '--json');
  const tried: Tried = JSON.parse(out);
  expect(tried).toMatchObject({ frames: 5, a: { generation: 2, frames: 5 }, b: { generation: 1, outcome: 'done' } });
});

test('a version that crashes in its copy is code 5, and the session goes on', async () => {
  await using served = await goingBack(
    counting(1).replace('state.count += 1;', 'state.count += 1; if (state.count > 20) *(volatile int *)0 = 1;'),
  );
  await served.save(counting(10));
  const { code, out } = await served.hotmod('ab', 'm', '--frames', '50');
  expect({ code, out }).toMatchObject({ code: 5, out: expect.stringMatching(/b #1, crashed after \d+ frames/) });
  expect(served.running.events.filter((event) => event.type === 'host:crash')).toEqual([]);
});

test('a generation that there is none of, and a project without a session, are told so', async () => {
  await using served = await goingBack(counting(1));
  expect(await served.hotmod('ab', 'm', '--with', '7')).toMatchObject({
    code: 2,
    err: expect.stringContaining('[HM564]'),
  });
  await using dir = await tempDir({ 'modules/m/m.c': counting(1) });
  expect(await runIn(dir.path, ['ab', 'm'])).toMatchObject({ code: 3, err: expect.stringContaining('[HM521]') });
});
