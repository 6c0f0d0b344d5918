import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { codes, findCode } from '../src/codes/index.js';
import { packageRoot } from '../src/paths.js';

describe('the codes', () => {
  test('every code that the program emits has its explanation', async () => {
    const src = join(packageRoot, 'src');
    const files = (await readdir(src, { recursive: true })).filter(
      (name) => /\.(tsx?|c|h)$/.test(name) && !name.startsWith('codes/'),
    );
    const missing: string[] = [];
    for (const name of files) {
      const text = await readFile(join(src, name), 'utf8');
      for (const [code] of text.matchAll(/HM\d{3}/g))
        if (findCode(code) === undefined) missing.push(`${name}: ${code}`);
    }
    expect(missing).toEqual([]);
    expect(files.length).toBeGreaterThan(50);
  });

  test('no code is explained twice', () => {
    const names = codes.map((entry) => entry.code);
    expect(names.filter((code, index) => names.indexOf(code) !== index)).toEqual([]);
  });

  test('every explanation says what it means and what to do', () => {
    for (const { code, title, meaning, remedy } of codes) {
      expect(code).toMatch(/^HM[1-5]\d\d$/);
      expect(title, code).not.toMatch(/[.]$/);
      expect(meaning, code).toMatch(/\.$/);
      expect(remedy, code).toMatch(/\.$/);
    }
  });
});
