import { join, relative } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { findCases } from '../src/cases/find.js';
import { runCase } from '../src/cases/run-case.js';
import { packageRoot } from '../src/paths.js';
import { nativeTarget } from '../src/target/targets.js';
import { testWith } from './helpers/programs.js';
import { testCacheDir } from './helpers/session.js';
import { compareWithPlain, openWarm } from './helpers/warm.js';

const around = {
  cwd: packageRoot,
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
  cacheDir: testCacheDir,
  flags: {},
  target: nativeTarget(),
};
const warm = openWarm();
const comparison = compareWithPlain(warm.tools);
afterAll(() => warm[Symbol.asyncDispose]());
const fixtures = join(packageRoot, 'fixtures');
const found = await findCases(packageRoot, [fixtures]);

describe('the reload cases of fixtures/', () => {
  test('there are enough of them to speak for every verdict', () => {
    expect(found.length).toBeGreaterThan(90);
  });

  describe.concurrent('each', () => {
    for (const one of found) {
      testWith(...(one.reloadCase.needs ?? []))(`${relative(fixtures, one.dir)}: ${one.reloadCase.name}`, async () => {
        const result = await runCase(one, { ...around, warm: comparison.tools });
        if (!result.ok) throw new Error(result.message);
      });
    }
  });

  test('each compiler and linker run of them gave byte for byte the same loaded as plain', () => {
    expect(comparison.different).toEqual([]);
    expect(comparison.count()).toBeGreaterThan(found.length);
  });
});
