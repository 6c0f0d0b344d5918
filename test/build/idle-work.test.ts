import { expect, test } from 'vitest';
import { createIdleWork } from '../../src/build/idle-work.js';
import { waitFor } from '../helpers/wait-for.js';

/** Work that goes on until it is told to stop. */
function endless(said: string[], name: string) {
  return (signal: AbortSignal): Promise<void> => {
    said.push(name);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  };
}

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

test('work waits until nobody holds it, and when all of it is done that is told', async () => {
  const said: string[] = [];
  let empty = 0;
  await using idle = createIdleWork({ restMs: 1, afterwards: async () => void empty++ });
  const releases = [idle.hold(), idle.hold()];
  for (const text of ['first', 'second']) idle.offer('a', async () => void said.push(`a ${text}`));
  idle.offer('b', async () => void said.push('b'));
  releases[0]?.();
  releases[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual([]);
  releases[1]?.();
  await waitFor(() => empty === 1, 'all of it to be done');
  expect(said).toEqual(['a second', 'b']);
});

test('an end waits no longer than it is told to, for what runs and for what waits', async () => {
  const said: string[] = [];
  await using idle = createIdleWork({ restMs: 1 });
  for (const name of ['a', 'b', 'c']) idle.offer(name, endless(said, name));
  await waitFor(() => said.length === 1, 'the first to begin');
  await idle.finish(20);
  await idle.done();
  expect(said).toEqual(['a']);
});

test('an end does what waits without a rest before it, whatever fails', async () => {
  const said: string[] = [];
  await using idle = createIdleWork({ restMs: 3_600_000 });
  idle.offer('a', () => Promise.reject(new Error('no')));
  idle.offer('b', async () => void said.push('b'));
  await idle.finish(1000);
  expect(said).toEqual(['b']);
});
