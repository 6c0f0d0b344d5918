import { describe, expect } from 'vitest';
import { findCases } from '../../src/cases/find.js';
import { runCases } from '../../src/cases/run-all.js';
import { githubReport } from '../../src/report/cases/github.js';
import { junitReport } from '../../src/report/cases/junit.js';
import { specReport } from '../../src/report/cases/spec.js';
import { targets } from '../../src/target/targets.js';
import { runCli } from '../helpers/cli.js';
import { machOLinker } from '../helpers/macho-workspace.js';
import { testWith } from '../helpers/programs.js';
import { testCacheDir } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

/** The target that neither this machine nor an emulator on it runs. */
const testLinked = testWith(machOLinker);

const counter = (fields: string, text = 'one') => `struct state { ${fields} };
struct state g_state = { 1 };
int counter_init(void) { return 0; }
void counter_update(double dt) { (void)dt; g_state.count++; }
const char *counter_view(void) { return "${text}"; }
`;
const older = counter('int count; int hours;');
const newer = counter('int count; int days; int hours;');

async function play(steps: readonly unknown[], more: Readonly<Record<string, string>> = {}) {
  const text = JSON.stringify({ name: 'a case', module: 'counter', steps }, null, 2);
  await using dir = await tempDir({ 'case.json': text, ...more });
  const found = await findCases(dir.path, [dir.path]);
  const target = targets({ platform: 'linux', arch: 'x64' }).get('macos-arm64');
  if (target === undefined) throw new Error('there is no target macos-arm64');
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  const flags = { target: target.name };
  return runCases(found, { cwd: dir.path, env, flags, target, cacheDir: testCacheDir }, 2);
}

const start = {
  files: { 'counter.c': older },
  frames: 10,
  expect: { outcome: 'loaded', level: 'SAFE', codes: ['HM400'] },
};

describe('a case for a machine that is not here', () => {
  testLinked('passes where its verdicts hold, and counts what only running code could answer', async () => {
    const report = await play([
      start,
      {
        files: { 'counter.c': newer },
        frames: 5,
        expect: {
          outcome: 'reloaded',
          level: 'WARNING',
          codes: ['HM421'],
          state: { 'g_state.count': 99, 'g_state.days': 99 },
          call: [{ fn: 'counter_view', args: [], returns: 'never looked at' }],
          maxDurationMs: 0.000001,
        },
      },
      { expect: { outcome: 'unchanged' } },
    ]);

    expect(report).toMatchObject({ passed: 1, failed: 0, skipped: 0, target: 'macos-arm64' });
    expect(report.notRun).toEqual({ frames: 15, expectations: 4 + 1 });
    expect(report.cases[0]?.steps.map((step) => [step.outcome, step.level, step.notRun])).toEqual([
      ['loaded', 'SAFE', { frames: 10, expectations: 0 }],
      ['reloaded', 'WARNING', { frames: 5, expectations: 4 }],
      ['unchanged', 'SAFE', { frames: 0, expectations: 1 }],
    ]);
  });

  testLinked('fails where a verdict is another one, and says which', async () => {
    const report = await play([
      start,
      { files: { 'counter.c': newer }, expect: { outcome: 'reloaded', level: 'SAFE', codes: ['HM400'] } },
    ]);

    expect(report).toMatchObject({ passed: 0, failed: 1 });
    expect(report.cases[0]?.message).toMatch(/expected the level SAFE, got WARNING/);
    expect(report.cases[0]?.message).toMatch(/expected the code HM400, got HM421/);
    expect(report.cases[0]?.line).toBeGreaterThan(1);
  });

  testLinked('a refusal and a build that fails are verdicts, and what ran before stays', async () => {
    const other = counter('int count; struct { int days; int rest; } hours;');
    const report = await play([
      start,
      {
        files: { 'counter.c': 'int counter_init(void) { return 0 }' },
        expect: { outcome: 'buildFailed', level: 'BLOCKED', codes: ['HM201'] },
      },
      {
        files: { 'counter.c': 'static int other;' },
        expect: { outcome: 'refused', level: 'BLOCKED', codes: ['HM305'] },
      },
      { files: { 'counter.c': other }, expect: { outcome: 'refused', level: 'UNSAFE' } },
      { files: { 'counter.c': older }, expect: { outcome: 'unchanged' } },
    ]);

    expect(report.cases[0]?.message).toBe('');
    expect(report).toMatchObject({ passed: 1 });
  });

  testLinked('a version that is expected to fail when it runs does not stay', async () => {
    const report = await play([
      start,
      { files: { 'counter.c': newer }, expect: { outcome: 'rolledBack', level: 'WARNING' } },
      {
        files: { 'counter.c': counter('int count; int hours;', 'two') },
        expect: { outcome: 'reloaded', level: 'SAFE', codes: ['HM400'] },
      },
    ]);

    expect(report.cases[0]?.message).toBe('');
    expect(report).toMatchObject({ passed: 1, notRun: { frames: 10, expectations: 2 } });
  });

  testLinked('a verdict that the live values have a say in is skipped, whatever is expected', async () => {
    const report = await play([
      start,
      {
        files: { 'counter.c': counter('int count; short hours;') },
        expect: { outcome: 'refused', level: 'UNSAFE', codes: ['HM425'] },
      },
    ]);

    expect(report).toMatchObject({ passed: 1, notRun: { frames: 10, expectations: 3 } });
  });

  testLinked('a case that needs a header of the system is skipped, and so is one with nothing to judge', async () => {
    const sdk = await play([{ ...start, files: { 'counter.c': `#include <stdlib.h>\n${older}` } }]);
    const nothing = await play([
      { files: { 'counter.c': older }, frames: 3, expect: { state: { 'g_state.count': 4 } } },
    ]);

    expect(sdk).toMatchObject({ passed: 0, failed: 0, skipped: 1, notRun: { frames: 0, expectations: 0 } });
    expect(sdk.cases[0]?.message).toMatch(/HM320: <stdlib.h> is not found for macos-arm64/);
    expect(nothing).toMatchObject({ passed: 0, failed: 0, skipped: 1 });
    expect(nothing.cases[0]?.message).toContain('nothing in it can be judged');
  });

  testLinked('every report says that nothing was run, and how much was left out', async () => {
    const report = await play([{ ...start, expect: { ...start.expect, state: { 'g_state.count': 1 } } }]);

    const skipped = 'on macos-arm64, judged and not run: 10 frames and 1 expectations skipped';
    expect(specReport(report)).toContain(`1 passed, 0 failed, 0 skipped ${skipped}`);
    expect(specReport(report)).toContain('a case');
    expect(githubReport(report)).toContain(`1 passed, 0 failed, 0 skipped ${skipped}`);
    expect(junitReport(report)).toContain(`<testsuite name="reload cases ${skipped}"`);
    expect(junitReport(report)).toContain('step 1: loaded SAFE HM400 (10 frames and 1 expectations skipped)');
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ notRun: { frames: 10, expectations: 1 } });
  });

  testLinked('the exit code is that of the verdicts, and 1 where nothing could be judged', async () => {
    const text = (level: string) =>
      JSON.stringify({
        name: 'a case',
        module: 'counter',
        steps: [{ ...start, expect: { outcome: 'loaded', level } }],
      });
    await using good = await tempDir({ 'case.json': text('SAFE') });
    await using bad = await tempDir({ 'case.json': text('WARNING') });
    await using sdk = await tempDir({
      'case.json': text('SAFE').replace('struct state', '#include <stdio.h>\\nstruct state'),
    });

    const target = ['test', '.', '--target', 'macos-arm64'];
    const runs = await Promise.all([good, bad, sdk].map((dir) => runCli(dir.path, target)));

    expect(runs.map(({ code }) => code)).toEqual([0, 1, 1]);
    expect(runs[0]?.stdout).toContain('10 frames and 0 expectations skipped');
  });
});
