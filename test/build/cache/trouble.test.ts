import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cacheUsage, clearCache, pruneEntries } from '../../../src/build/cache/contents.js';
import { unwrapEntry } from '../../../src/build/cache/entry-file.js';
import { type CacheProblem, entryKinds, openCacheStore, storeFolder } from '../../../src/build/cache/store.js';
import { contentHash } from '../../../src/files/hash.js';
import { type BuildProject, buildProject } from '../../helpers/build-project.js';
import { buildAfresh, entriesOf, openTestCache } from '../../helpers/shared-cache.js';
import { coverReadOnly, fill, smallDisk } from '../../helpers/small-disk.js';
import { tempDir } from '../../helpers/temp-dir.js';

const files = {
  'modules/demo/a.c': '#include <stdio.h>\n#include "own.h"\nint a(void) { return puts("a") + OWN; }\n',
  'modules/demo/own.h': '#define OWN 1\n',
};

interface Built {
  /** Of each source, whether its object was found; at last, whether the library was. */
  readonly found: readonly boolean[];
  readonly problems: readonly CacheProblem[];
}

/** Builds with the cache, compares with a clean build, and has what was made stored. */
async function build(project: BuildProject, cacheDir: string): Promise<Built> {
  await using shared = openTestCache(cacheDir);
  await using made = await buildAfresh(project, shared.cache);
  await using clean = await buildAfresh(project, undefined);
  expect(made.result.diagnostics).toEqual([]);
  expect(made.library.equals(clean.library)).toBe(true);
  await shared.cache.settle();
  return { found: [...made.fromCache, made.linked], problems: shared.problems };
}

/** What somebody may do to a file. */
const damages: Readonly<Record<string, (path: string) => void>> = {
  'cut to nothing': (path) => truncateSync(path, 0),
  'cut in its first line': (path) => truncateSync(path, 7),
  'cut after its head': (path) => truncateSync(path, 48),
  'without its last byte': (path) => truncateSync(path, readFileSync(path).length - 1),
  'with a byte more': (path) => writeFileSync(path, 'x', { flag: 'a' }),
  'with one bit turned': (path) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  },
  'with the hash of something else': (path) => {
    const bytes = readFileSync(path);
    bytes.write(contentHash('else'), 15, 'latin1');
    writeFileSync(path, bytes);
  },
  'replaced by a folder': (path) => {
    rmSync(path);
    mkdirSync(join(path, 'folder'), { recursive: true });
  },
};

/** What is found where this entry is not: an object that is made anew is the same, and so its library is there. */
function without(entry: string): readonly boolean[] {
  return entry.includes('/libraries/') ? [true, false] : [false, true];
}

function isOneOf<T extends string>(kinds: readonly T[], kind: string): kind is T {
  return kinds.some((one) => one === kind);
}

describe('an entry of the shared cache', () => {
  for (const [how, damage] of Object.entries(damages)) {
    test(`${how} is told apart, removed, said once and made anew, whichever it is`, async () => {
      await using dir = await tempDir();
      await using project = await buildProject(files);
      await build(project, dir.path);
      const entries = entriesOf(dir.path);
      expect(entries.length).toBe(4);
      for (const entry of entries) {
        damage(entry);
        const after = await build(project, dir.path);
        expect(after.found, entry).toEqual(without(entry));
        expect(after.problems, entry).toEqual([{ code: 'HM227', message: expect.stringContaining(entry) }]);
        expect(await build(project, dir.path)).toEqual({ found: [true, true], problems: [] });
      }
    });
  }

  test('that is missing is a miss and nothing to speak of', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    await build(project, dir.path);
    for (const entry of entriesOf(dir.path)) {
      rmSync(entry);
      expect(await build(project, dir.path)).toEqual({ found: without(entry), problems: [] });
      expect(await build(project, dir.path)).toEqual({ found: [true, true], problems: [] });
    }
  });

  test('whose content is whole and of another form is removed as well', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    await build(project, dir.path);
    const store = openCacheStore(dir.path, () => undefined);
    for (const entry of entriesOf(dir.path)) {
      const [kind = '', , key = ''] = entry.slice(join(dir.path, storeFolder).length + 1).split('/');
      if (!isOneOf(entryKinds, kind)) throw new Error(kind);
      for (const text of ['{"units":', '[{"object":"../../etc"}]', '']) {
        expect(await store.write(kind, key, Buffer.from(text))).toBe(true);
        const after = await build(project, dir.path);
        expect(after.found, entry).toEqual(without(entry));
        expect(await build(project, dir.path)).toEqual({ found: [true, true], problems: [] });
      }
    }
  });
});

describe('the shared cache', () => {
  test('on a full disk is said once and done without, and what it holds is used', async ({ skip }) => {
    await using dir = await tempDir();
    const place = join(dir.path, 'disk');
    await using disk = await smallDisk(place, 'size=400k');
    if (disk === null) skip('only root may mount a file system');
    await using project = await buildProject(files);
    await build(project, place);
    await fill(join(place, 'filler'));
    await project.write({
      'modules/demo/b.c': 'int b(void) { return 1; }\n',
      'modules/demo/c.c': 'int c(void) { return 1; }\n',
    });
    const full = await build(project, place);
    expect(full.found).toEqual([true, false, false, false]);
    expect(full.problems).toEqual([{ code: 'HM228', message: expect.stringContaining('ENOSPC') }]);
    rmSync(join(place, 'filler'));
    expect(await build(project, place)).toEqual({ found: [true, false, false, false], problems: [] });
    expect(await build(project, place)).toEqual({ found: [true, true, true, true], problems: [] });
  });

  test('in a folder that cannot be written is said once, and what it holds is used', async ({ skip }) => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    await build(project, dir.path);
    await project.write({ 'modules/demo/b.c': 'int b(void) { return 1; }\n' });
    await using cover = await coverReadOnly(dir.path);
    if (cover === null) skip('only root may mount a file system');
    const after = await build(project, dir.path);
    expect(after.found).toEqual([true, false, false]);
    expect(after.problems).toEqual([{ code: 'HM228', message: expect.stringContaining('no folder can be made') }]);
  });

  test('whose place is a file is said once', async () => {
    await using dir = await tempDir({ cache: 'a file' });
    await using project = await buildProject(files);
    const after = await build(project, join(dir.path, 'cache'));
    expect(after).toEqual({
      found: [false, false],
      problems: [{ code: 'HM228', message: expect.stringContaining('ENOTDIR') }],
    });
  });

  test('that is cleared while sessions use it is filled again', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    await using shared = openTestCache(dir.path);
    await using first = await buildAfresh(project, shared.cache);
    expect(first.fromCache).toEqual([false]);
    await shared.cache.settle();
    await clearCache(dir.path);
    expect(existsSync(join(dir.path, storeFolder))).toBe(false);
    await using second = await buildAfresh(project, shared.cache);
    expect(second.fromCache).toEqual([false]);
    await shared.cache.settle();
    await using third = await buildAfresh(project, shared.cache);
    expect(third.fromCache).toEqual([true]);
    expect(shared.problems).toEqual([]);
  });

  test('is right whatever times its files have and whatever the clock says', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    const year = 31_536_000;
    const now = Date.now() / 1000;
    await build(project, dir.path);
    for (const time of [now + year, now - 20 * year, 1]) {
      for (const entry of entriesOf(dir.path)) utimesSync(entry, time, time);
      utimesSync(project.path('modules/demo/own.h'), time, time);
      expect(await build(project, dir.path)).toEqual({ found: [true, true], problems: [] });
      await project.write({ 'modules/demo/own.h': `#define OWN ${100 + Math.round(time)}\n` });
      utimesSync(project.path('modules/demo/own.h'), time, time);
      expect((await build(project, dir.path)).found).toEqual([false, false]);
      await project.write({ 'modules/demo/own.h': '#define OWN 1\n' });
    }
  });

  test('while the clock stands before the times of all files, nothing new is kept', async () => {
    await using dir = await tempDir();
    await using project = await buildProject(files);
    await using shared = openTestCache(dir.path);
    await using made = await buildAfresh(project, shared.cache, { now: () => 1000 });
    expect(made.result.ok).toBe(true);
    await shared.cache.settle();
    expect((await cacheUsage(dir.path)).entries.objects).toBe(0);
    expect(shared.problems).toEqual([]);
  });

  test('serves two sessions that build and store the same at once', async () => {
    await using dir = await tempDir();
    const many = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => [
        `modules/demo/f${n}.c`,
        `#include <stdio.h>\nint f${n}(void) { return ${n}; }\n`,
      ]),
    );
    await using project = await buildProject(many);
    await using one = openTestCache(dir.path);
    await using other = openTestCache(dir.path);
    await using clean = await buildAfresh(project, undefined);
    for (let round = 0; round < 3; round++) {
      const [a, b] = await Promise.all([buildAfresh(project, one.cache), buildAfresh(project, other.cache)]);
      await using first = a;
      await using second = b;
      expect(first.library.equals(clean.library) && second.library.equals(clean.library)).toBe(true);
      expect(new Set([...first.fromCache, ...second.fromCache])).toEqual(new Set([round > 0]));
      await Promise.all([one.cache.settle(), other.cache.settle()]);
    }
    expect([...one.problems, ...other.problems]).toEqual([]);
    expect((await cacheUsage(dir.path)).entries).toMatchObject({ units: 12, objects: 12 });
    for (const entry of entriesOf(dir.path)) expect(unwrapEntry(readFileSync(entry))).toBeDefined();
  });

  test('keeps to its limit, and lets go of what was used least recently', async () => {
    await using dir = await tempDir();
    const store = openCacheStore(dir.path, () => undefined);
    const keys = Array.from({ length: 10 }, (_, n) => contentHash(`key ${n}`));
    for (const key of keys) await store.write('objects', key, Buffer.alloc(1000));
    const path = (key: string): string => entriesOf(dir.path).find((one) => one.endsWith(key)) ?? '';
    const now = Date.now();
    // The last one is from the future: the clock was set back. It counts as used now, and then grows old like all.
    for (const [n, key] of keys.entries()) {
      const time = n === 9 ? now / 1000 + 1e6 : now / 1000 - 1000 + n;
      utimesSync(path(key), time, time);
    }
    expect(await pruneEntries(dir.path, 5500, now)).toBeGreaterThan(4500);
    const left = keys.filter((key) => store.has('objects', key));
    expect(left).toEqual(keys.slice(-left.length));
    expect(left.length).toBe(4);
    expect((await cacheUsage(dir.path)).bytes).toBeLessThan(5500);
    utimesSync(path(keys[8] ?? ''), now / 1000 + 5, now / 1000 + 5);
    await pruneEntries(dir.path, 1200, now + 10_000);
    expect(keys.filter((key) => store.has('objects', key))).toEqual([keys[8]]);
  });
});
