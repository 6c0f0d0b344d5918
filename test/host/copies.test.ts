import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCopies } from '../../src/host/copies.js';
import type { StageRequest } from '../../src/host/host.js';
import { tempDir } from '../helpers/temp-dir.js';

const bytes = Buffer.from([1, 2, 3, 4, 5, 6]);
const patches = [{ offset: 2, bytes: Uint8Array.of(9, 9) }];
const patched = Buffer.from([1, 2, 9, 9, 5, 6]);

/** A library of six bytes, and the folders of the processes that load it one after the other. */
async function layLibrary() {
  const dir = await tempDir();
  const folder = join(dir.path, 'generations');
  const library = join(folder, 'key.so');
  mkdirSync(folder);
  writeFileSync(library, bytes);
  const request: StageRequest = {
    module: 'm',
    generation: 1,
    library,
    entry: { getInterface: [], init: [], update: [], shutdown: [], saveState: [], loadState: [], view: [] },
    patches,
    startsWith: true,
  };
  let processes = 0;
  const nextProcess = () => {
    processes += 1;
    const own = join(dir.path, `host-${processes}`);
    mkdirSync(own);
    return createCopies(own);
  };
  const left = () => readdirSync(folder).filter((name) => name.endsWith('.load'));
  const ready = `${library}.load`;
  return {
    library,
    folder,
    ready,
    request,
    nextProcess,
    left,
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

function inode(file: string): number {
  return statSync(file).ino;
}

test('a module starts with the copy that was made for the start before', async () => {
  await using laid = await layLibrary();
  const first = laid.nextProcess().make(laid.request);
  const second = laid.nextProcess().make(laid.request);

  expect(readFileSync(second)).toEqual(patched);
  expect(inode(second)).toBe(inode(first));
  expect(readFileSync(laid.library)).toEqual(bytes);
});

test('the copy stays for the next start when that of a process is removed, as the engine does when it unloads it', async () => {
  await using laid = await layLibrary();
  const first = laid.nextProcess().make(laid.request);
  const kept = inode(first);
  rmSync(first);

  expect(inode(laid.nextProcess().make(laid.request))).toBe(kept);
});

test('one process never gets one inode twice, as the loader would take both for one library', async () => {
  await using laid = await layLibrary();
  laid.nextProcess().make(laid.request);
  const copies = laid.nextProcess();
  const made = [copies.make(laid.request), copies.make(laid.request), copies.make({ ...laid.request, generation: 2 })];

  expect(new Set(made.map(inode)).size).toBe(3);
  for (const file of made) expect(readFileSync(file)).toEqual(patched);
});

test('an edit has a copy of its own, and leaves none', async () => {
  await using laid = await layLibrary();
  const copy = laid.nextProcess().make({ ...laid.request, startsWith: false });

  expect(readFileSync(copy)).toEqual(patched);
  expect(laid.left()).toEqual([]);
});

test.each([
  ['cut off', (file: string) => truncateSync(file, 3)],
  ['of other bytes', (file: string) => writeFileSync(file, Buffer.from([1, 2, 9, 9, 5, 7]))],
  [
    'a folder',
    (file: string) => {
      rmSync(file);
      mkdirSync(file);
    },
  ],
])('a copy that is %s is not loaded, and made again where that can be', async (_, damage) => {
  await using laid = await layLibrary();
  laid.nextProcess().make(laid.request);
  damage(laid.ready);
  const damaged = inode(laid.ready);
  const copy = laid.nextProcess().make(laid.request);

  expect(readFileSync(copy)).toEqual(patched);
  expect(inode(copy)).not.toBe(damaged);
});

test('a copy with other changes in it is not loaded: what a module uses of others decides which they are', async () => {
  await using laid = await layLibrary();
  laid.nextProcess().make(laid.request);
  const copy = laid.nextProcess().make({ ...laid.request, patches: [] });

  expect(readFileSync(copy)).toEqual(bytes);
});

test('the copy of one version is left, in the place of those before it', async () => {
  await using laid = await layLibrary();
  laid.nextProcess().make(laid.request);
  const newer = join(laid.folder, 'newer.so');
  writeFileSync(newer, Buffer.concat([bytes, bytes]));
  laid.nextProcess().make({ ...laid.request, library: newer });

  expect(laid.left()).toEqual(['newer.so.load']);
  expect(existsSync(laid.library)).toBe(true);
});
