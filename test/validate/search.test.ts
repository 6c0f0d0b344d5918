import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLdSoConf } from '../../src/validate/ld-so-conf.js';
import { createLibraryCache } from '../../src/validate/library-cache.js';
import { plainName } from '../../src/validate/mangled.js';
import { replaceOrigin, searchDirs } from '../../src/validate/search-path.js';
import { validate } from '../../src/validate/validate.js';
import { validateRequest } from '../helpers/elf-request.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

describe('ld.so.conf', () => {
  test('gives its folders and those of the files it includes, in order', async () => {
    await mkdir(join(work.path, 'conf.d'));
    await writeFile(join(work.path, 'conf.d/b.conf'), '/b\n');
    await writeFile(join(work.path, 'conf.d/a.conf'), '# first\n/a/x  # here\n/a/y=libc6\n');
    await writeFile(join(work.path, 'conf.d/.hidden.conf'), '/hidden\n');
    await writeFile(join(work.path, 'conf.d/a.txt'), '/text\n');
    await writeFile(
      join(work.path, 'ld.so.conf'),
      '/first\ninclude conf.d/*.conf absent/*.conf\nhwcap 1 x\nrelative\n/last\n',
    );

    expect(readLdSoConf(join(work.path, 'ld.so.conf'))).toEqual(['/first', '/a/x', '/a/y', '/b', '/last']);
  });

  test('that includes itself ends, and a missing one is empty', async () => {
    await writeFile(join(work.path, 'loop.conf'), '/x\ninclude loop.conf\n');

    expect(readLdSoConf(join(work.path, 'loop.conf'))).toEqual(['/x']);
    expect(readLdSoConf(join(work.path, 'absent.conf'))).toEqual([]);
  });

  test('decides where needed libraries are found, and a change of it is seen', async () => {
    const dir = join(work.path, 'configured');
    const conf = join(work.path, 'own.conf');
    await mkdir(dir);
    await work.build('configured/libconfigured.so', 'int configured(void) { return 1; }', { source: 'configured.c' });
    const path = await work.build('user.so', 'int configured(void); int counter_init(void) { return configured(); }', {
      args: ['-Lconfigured', '-lconfigured'],
    });
    const cache = createLibraryCache(conf, join(work.path, 'no.cache'));

    const before = await validate(validateRequest(path), cache);
    await writeFile(conf, `${dir}\n`);
    const after = await validate(validateRequest(path), cache);

    expect(before.findings.map((finding) => finding.where)).toContain('libconfigured.so');
    expect(after.findings).toEqual([]);
  });
});

describe('the library cache', () => {
  test('looks once at each file for what is validated together, and again for the next save', async () => {
    const cache = createLibraryCache();
    const path = await work.build('arriving.so', 'int one(void) { return 1; }');
    const absent = join(work.path, 'not-yet.so');
    const [save, next] = [cache.at([]), cache.at([])];
    const first = save.read(path);

    expect(save.read(absent)).toBeNull();
    await work.build('arriving.so', 'int two(void) { return 2; }');
    await utimes(path, new Date(), new Date('2030-01-01'));
    await work.build('not-yet.so', 'int three(void) { return 3; }');
    expect(save.read(path)).toBe(first);
    expect(save.read(absent)).toBeNull();
    expect([...(next.read(path)?.exports ?? [])]).toEqual(['two']);
    expect([...(next.read(absent)?.exports ?? [])]).toEqual(['three']);
  });

  test('reads a library once, and again when it changed', async () => {
    const cache = createLibraryCache();
    const path = await work.build('cached.so', 'int one(void) { return 1; }');
    const first = cache.read(path);

    expect(cache.read(path)).toBe(first);
    await work.build('cached.so', 'int two(void) { return 2; }');
    await utimes(path, new Date(), new Date('2030-01-01'));
    expect([...(cache.read(path)?.exports ?? [])]).toEqual(['two']);
    expect([...(first?.exports ?? [])]).toEqual(['one']);
  });

  test('answers null for what is no library', async () => {
    const cache = createLibraryCache();
    await writeFile(join(work.path, 'script.so'), 'INPUT(-lc)');

    expect(cache.read(join(work.path, 'script.so'))).toBeNull();
    expect(cache.read(join(work.path, 'absent.so'))).toBeNull();
    expect(cache.read(work.path)).toBeNull();
  });
});

test('a search path starts with what the library says itself', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the loader's own notation, not a template.
  const dirs = searchDirs({ origin: '/o', runpath: ['$ORIGIN/a', '${ORIGIN}'], inheritedRpath: ['/r'] }, ['/s', '/o']);

  expect(dirs).toEqual(['/o/a', '/o', '/s']);
  expect(searchDirs({ origin: '/o', runpath: [], inheritedRpath: ['/r'] }, ['/s'])).toEqual(['/r', '/s']);
  expect(replaceOrigin('$ORIGINAL/x', '/o')).toBe('/o/$ORIGINAL/x');
});

test('a plain name comes from functions outside any namespace alone', () => {
  expect(plainName('_Z14counter_updated')).toBe('counter_update');
  expect(plainName('_ZN4city5countEv')).toBeNull();
  expect(plainName('_Z99short')).toBeNull();
  expect(plainName('plain')).toBeNull();
});
