import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCases } from '../src/cases/find.js';
import { runCases } from '../src/cases/run-all.js';
import { packageRoot } from '../src/paths.js';
import { arm64, emulatedCacheDir, testOnArm64 } from './helpers/emulated.js';

const fixtures = join(packageRoot, 'fixtures');
const all = await findCases(packageRoot, [fixtures]);

/** Of groups in which a machine shows all cases. Of the others every tenth; `hotmod test --target` runs the rest. */
const whole = ['language', 'crashes'];
const some = all.filter(
  (one, index) => index % 10 === 0 || whole.includes(relative(fixtures, one.dir).split('/')[0] ?? ''),
);
const around = {
  cwd: packageRoot,
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
  cacheDir: emulatedCacheDir,
  flags: { target: arm64.name },
  target: arm64,
};

describe('the reload cases of fixtures/ on ARM64', () => {
  test('speak for every group', () => {
    const groups = (cases: typeof all) => new Set(cases.map((one) => relative(fixtures, one.dir).split('/')[0]));
    expect(groups(some).size).toBeGreaterThan(groups(all).size / 2);
    expect(some.length).toBeGreaterThan(50);
  });

  describe.concurrent('each', () => {
    for (const one of some) {
      testOnArm64(`${relative(fixtures, one.dir)}: ${one.reloadCase.name}`, async () => {
        const report = await runCases([one], around, 1);
        expect(report.cases.map((result) => result.message).join('\n')).toBe(one.reloadCase.notOn?.arm64 ?? '');
        expect(report.failed).toBe(0);
      });
    }
  });
});
