import { chmod, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCases } from '../src/cases/find.js';
import { runCases } from '../src/cases/run-all.js';
import { packageRoot } from '../src/paths.js';
import { arm64, emulatedCacheDir, testOnArm64 } from './helpers/emulated.js';
import { tempDir } from './helpers/temp-dir.js';

const fixtures = join(packageRoot, 'fixtures');
const all = await findCases(packageRoot, [fixtures]);

const groupOf = (dir: string) => relative(fixtures, dir).split('/')[0] ?? '';

/** Groups in which a machine shows all cases, and single cases that went wrong on ARM64 alone. */
const whole = ['language', 'crashes'];
const always = ['recovery/restart-host', 'take-over/process-ends'];

/** Beside those the first of each group, and every tenth; `hotmod test --target` runs the rest. */
const some = all.filter(({ dir }, index) => {
  const isFirst = all.findIndex((other) => groupOf(other.dir) === groupOf(dir)) === index;
  return isFirst || index % 10 === 0 || whole.includes(groupOf(dir)) || always.includes(relative(fixtures, dir));
});
const around = {
  cwd: packageRoot,
  env: { PATH: process.env.PATH, HOME: process.env.HOME },
  cacheDir: emulatedCacheDir,
  flags: { target: arm64.name },
  target: arm64,
};

describe('the reload cases of fixtures/ on ARM64', () => {
  test('speak for every group', () => {
    const groups = (cases: typeof all) => new Set(cases.map((one) => groupOf(one.dir)));
    expect(groups(some)).toEqual(groups(all));
    expect(some.map((one) => relative(fixtures, one.dir))).toEqual(expect.arrayContaining(always));
    expect(some.length).toBeGreaterThan(50);
  });

  testOnArm64('go on in another process where addresses have 39 bits, as on smaller boards', async () => {
    const { runs } = arm64;
    // A kernel of that kind is nothing that a test can bring along.
    if (runs.how !== 'emulated') return;
    await using dir = await tempDir({});
    const emulator = join(dir.path, runs.emulator.program);
    await writeFile(emulator, `#!/bin/sh\nPATH=\${PATH#*:}\nexec ${runs.emulator.program} -R 0x8000000000 "$@"\n`);
    await chmod(emulator, 0o755);
    const env = { ...around.env, PATH: `${dir.path}:${around.env.PATH}` };
    const cases = all.filter(({ dir: one }) => always.includes(relative(fixtures, one)));
    const report = await runCases(cases, { ...around, env }, 1);
    expect(report.cases.map((result) => result.message).join('')).toBe('');
    expect(report.passed).toBe(always.length);
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
