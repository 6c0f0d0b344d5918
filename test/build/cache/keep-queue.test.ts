import { expect, test } from 'vitest';
import { createKeepQueue } from '../../../src/build/cache/keep-queue.js';
import { waitFor } from '../../helpers/wait-for.js';

const nothing = async (): Promise<void> => undefined;

/** Work that goes on until it is told to stop. */
function endless(said: string[], name: string) {
  return (signal: AbortSignal): Promise<void> => {
    said.push(name);
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  };
}

test('work waits until nobody holds the queue, and of one name only the newest is done', async () => {
  const said: string[] = [];
  let empty = 0;
  const queue = createKeepQueue(1, async () => void empty++);
  const releases = [queue.hold(), queue.hold()];
  for (const text of ['first', 'second']) queue.add('a', async () => void said.push(`a ${text}`));
  queue.add('b', async () => void said.push('b'));
  releases[0]?.();
  releases[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual([]);
  releases[1]?.();
  await waitFor(() => empty === 1, 'the queue to be done');
  expect(said).toEqual(['a second', 'b']);
});

test('work that is under way when somebody holds the queue is stopped and done again', async () => {
  const said: string[] = [];
  const queue = createKeepQueue(1, nothing);
  queue.add('a', endless(said, 'a'));
  await waitFor(() => said.length === 1, 'it to begin');
  const release = queue.hold();
  await new Promise((resolve) => setImmediate(resolve));
  expect(said).toEqual(['a']);
  release();
  await waitFor(() => said.length === 2, 'it to begin again');
  await queue.finish(1);
});

test('an end waits no longer than it is told to, for what runs and for what waits', async () => {
  const said: string[] = [];
  const queue = createKeepQueue(1, nothing);
  for (const name of ['a', 'b', 'c']) queue.add(name, endless(said, name));
  await waitFor(() => said.length === 1, 'the first to begin');
  await queue.finish(20);
  expect(said).toEqual(['a']);
});

test('work that fails holds up nothing', async () => {
  const said: string[] = [];
  const queue = createKeepQueue(3_600_000, nothing);
  queue.add('a', () => Promise.reject(new Error('no')));
  queue.add('b', async () => void said.push('b'));
  await queue.finish(1000);
  expect(said).toEqual(['b']);
});
