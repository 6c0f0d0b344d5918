import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findCases } from '../../src/cases/find.js';
import { runCases } from '../../src/cases/run-all.js';
import { nativeTarget } from '../../src/target/targets.js';
import { testCacheDir } from '../helpers/session.js';
import { tempDir } from '../helpers/temp-dir.js';

const counter = (text: string) => `static int count;
void counter_update(double dt) { (void)dt; count++; }
const char *counter_view(void) { return "${text}"; }
`;

async function play(files: Readonly<Record<string, string>>) {
  await using dir = await tempDir(files);
  const found = await findCases(dir.path, [dir.path]);
  const env = { PATH: process.env.PATH, HOME: process.env.HOME };
  return await runCases(found, { cwd: dir.path, env, flags: {}, target: nativeTarget(), cacheDir: testCacheDir }, 2);
}

const oneCase = (steps: readonly unknown[]) => JSON.stringify({ name: 'a case', module: 'counter', steps }, null, 2);

describe('reload cases', () => {
  test('a case whose expectations hold passes, with a result for each step', async () => {
    const report = await play({
      'case.json': oneCase([
        { source: 'v1', frames: 3, expect: { outcome: 'loaded', level: 'SAFE' } },
        {
          files: { 'counter.c': counter('two') },
          frames: 2,
          expect: { outcome: 'reloaded', level: 'SAFE', codes: ['HM400'], state: { count: 5 } },
        },
        { expect: { outcome: 'unchanged' } },
      ]),
      'v1/counter.c': counter('one'),
    });
    expect(report).toMatchObject({ passed: 1, failed: 0, skipped: 0 });
    expect(report.cases[0]?.steps.map((step) => step.outcome)).toEqual(['loaded', 'reloaded', 'unchanged']);
    expect(report.cases[0]?.steps[1]?.timings.pause).toBeGreaterThan(0);
  });

  test('a wrong expectation fails the case, and says what was expected, what came and where', async () => {
    const report = await play({
      'case.json': oneCase([{ source: 'v1', expect: { outcome: 'refused', level: 'BLOCKED', codes: ['HM305'] } }]),
      'v1/counter.c': counter('one'),
    });
    expect(report).toMatchObject({ passed: 0, failed: 1 });
    expect(report.cases[0]?.message).toMatch(/expected the outcome refused, got loaded/);
    expect(report.cases[0]?.message).toMatch(/expected the level BLOCKED, got SAFE/);
    expect(report.cases[0]?.message).toMatch(/expected the code HM305/);
    expect(report.cases[0]?.line).toBeGreaterThan(1);
  });

  test('a wrong value, a variable that is not there and a wrong result of a call fail the case by name', async () => {
    const call = [
      { fn: 'counter_twice', args: [21], returns: 42 },
      { fn: 'counter_twice', args: [4], returns: 9 },
    ];
    const report = await play({
      'case.json': oneCase([{ source: 'v1', frames: 2, expect: { state: { count: 3, cuont: 2 }, call } }]),
      'v1/counter.c': `${counter('one')}int counter_twice(int n) { return 2 * n; }\n`,
    });
    expect(report.failed).toBe(1);
    const message = report.cases[0]?.message ?? '';
    expect(message).toMatch(/count: expected 3, got 2/);
    expect(message).toContain('"cuont"');
    expect(message).toMatch(/counter_twice\(4\): expected 9, got 8/);
    expect(message).not.toContain('21');
  });

  test('a reload that takes longer than allowed fails the case', async () => {
    const report = await play({
      'case.json': oneCase([{ source: 'v1', expect: { maxDurationMs: 0.000001 } }]),
      'v1/counter.c': counter('one'),
    });
    expect(report.cases[0]?.message).toMatch(/expected at most .* ms for the reload/);
  });

  test('a case that needs a program which is not there is skipped, and says which', async () => {
    const reloadCase = {
      name: 'a case',
      module: 'counter',
      needs: ['sh', 'no-such-program'],
      steps: [{ source: 'v1' }],
    };
    const report = await play({ 'case.json': JSON.stringify(reloadCase) });
    expect(report).toMatchObject({ passed: 0, failed: 0, skipped: 1 });
    expect(report.cases[0]).toMatchObject({ ok: true, skipped: true, message: 'needs no-such-program' });
  });

  test('a case may not write outside its own folder', async () => {
    const report = await play({ 'case.json': oneCase([{ files: { '../../../escaped.c': '' } }]) });
    expect(report.cases[0]?.message).toContain("leaves the case's own folder");
  });

  test('no case found, a path that is not there, and a case with an unknown key are errors', async () => {
    await using dir = await tempDir({ 'empty/readme': '', 'bad/case.json': '{"name":"x","module":"m","stpes":[]}' });
    await expect(findCases(dir.path, ['empty'])).rejects.toMatchObject({ code: 'HM112', exitCode: 2 });
    await expect(findCases(dir.path, ['nowhere'])).rejects.toMatchObject({ code: 'HM111' });
    await expect(findCases(dir.path, [join(dir.path, 'bad')])).rejects.toMatchObject({ code: 'HM113' });
  });
});
