import { expect, test } from 'vitest';
import { createIdleWork } from '../../src/build/idle-work.js';

test('a build ends what is being made, which is begun anew when it is over', async () => {
  await using idle = createIdleWork({ restMs: 0 });
  const order: string[] = [];
  let started = (): void => undefined;
  const firstStart = new Promise<void>((resolve) => {
    started = resolve;
  });
  idle.offer('header', async (signal) => {
    order.push('begun');
    started();
    if (order.length > 1) return;
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  await firstStart;
  const release = idle.hold();
  order.push('build');
  release();
  await idle.done();
  expect(order).toEqual(['begun', 'build', 'begun']);
});

test('where too much waits, the oldest is dropped, and a newer offer takes the place of one of its name', async () => {
  await using idle = createIdleWork({ restMs: 0, most: 2 });
  const done: string[] = [];
  const release = idle.hold();
  for (const name of ['a', 'b', 'c', 'b']) {
    idle.offer(name, async () => void done.push(`${name}${done.length}`));
  }
  release();
  await idle.done();
  expect(done).toEqual(['c0', 'b1']);
});

test('work that fails is over, and at the end nothing is begun', async () => {
  const idle = createIdleWork({ restMs: 0 });
  const done: string[] = [];
  idle.offer('fails', () => Promise.reject(new Error('no')));
  idle.offer('works', async () => void done.push('works'));
  await idle.done();
  const release = idle.hold();
  idle.offer('late', async () => void done.push('late'));
  await idle[Symbol.asyncDispose]();
  release();
  await idle.done();
  expect(done).toEqual(['works']);
});
