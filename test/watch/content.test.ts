import { execFile } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contentHash } from '../../src/files/hash.js';
import { comesToRest, readContent } from '../../src/watch/content.js';
import { tempDir } from '../helpers/temp-dir.js';

let dir: Awaited<ReturnType<typeof tempDir>>;
const at = (name: string) => join(dir.path, name);

beforeEach(async () => {
  dir = await tempDir({ 'a.c': 'int a;\n' });
});
afterEach(() => dir[Symbol.asyncDispose]());

describe('what a file holds', () => {
  test('is the hash of its text and the time it was written', async () => {
    const { hash, savedAt } = readContent(at('a.c'));
    expect(hash).toBe(contentHash('int a;\n'));
    expect(Math.abs(savedAt - Date.now())).toBeLessThan(60_000);
  });

  test('is nothing for a file that is not there, a folder, and a pipe that nobody writes to', async () => {
    await promisify(execFile)('mkfifo', [at('pipe.c')]);
    expect(['gone.c', '.', 'pipe.c'].map((name) => readContent(at(name)).hash)).toEqual([null, null, null]);
  });
});

describe('a file that is being written', () => {
  test('rests when its text stays as it is', async () => {
    expect(await comesToRest(at('a.c'))).toBe(true);
  });

  test('does not rest while it is empty or gone, as between the two steps of a save', async () => {
    await writeFile(at('empty.c'), '');
    expect([await comesToRest(at('empty.c')), await comesToRest(at('gone.c'))]).toEqual([false, false]);
  });

  test('does not rest while block after block is written', async () => {
    let writes = true;
    const write = (): void => {
      appendFileSync(at('a.c'), 'int b;\n');
      if (writes) setImmediate(write);
    };
    write();
    expect(await comesToRest(at('a.c'))).toBe(false);
    writes = false;
  });
});
