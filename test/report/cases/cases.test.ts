import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { githubReport } from '../../../src/report/cases/github.js';
import { jsonReport } from '../../../src/report/cases/json.js';
import { junitReport } from '../../../src/report/cases/junit.js';
import { specReport } from '../../../src/report/cases/spec.js';
import type { CaseReport } from '../../../src/report/cases/types.js';
import { testWith } from '../../helpers/programs.js';

const control = `${String.fromCharCode(27)}[2J${String.fromCharCode(0, 8, 0xfffe)}${String.fromCharCode(0xd800)}`;
const hostile = `a "quoted" <tag> & 'more' ]]> 100%, a:b, 木 ${control}end`;

const report: CaseReport = {
  passed: 1,
  failed: 2,
  skipped: 1,
  cases: [
    {
      name: 'a field inserted mid-struct keeps every other field',
      file: 'fixtures/insert/case.json',
      ok: true,
      message: '',
      steps: [
        {
          outcome: 'reloaded',
          level: 'WARNING',
          codes: ['HM421'],
          state: { 'g_state.count': 15 },
          durationMs: 3.4,
          timings: { load: 3, pause: 0.4 },
        },
      ],
    },
    {
      name: hostile,
      file: 'fixtures/a, b:c/case.json',
      line: 7,
      ok: false,
      message: `${hostile}\nexpected 15\nreceived 14`,
      steps: [
        { outcome: 'refused', level: 'UNSAFE', codes: ['HM402', 'HM403'], state: {}, durationMs: 1500, timings: {} },
      ],
    },
    { name: 'no steps', file: 'fixtures/none/case.json', ok: false, message: '', steps: [] },
    { name: 'later', file: 'fixtures/later/case.json', ok: true, skipped: true, message: 'needs macOS', steps: [] },
  ],
};

/** Python's expat reads it, because a parser of our own would share our mistakes. */
function parseXml(xml: string): unknown {
  const script = [
    'import sys, json, xml.etree.ElementTree as E',
    'def out(e): return {"tag": e.tag, "attributes": e.attrib, "text": (e.text or "").strip(), "children": [out(c) for c in e]}',
    'print(json.dumps(out(E.fromstring(sys.stdin.buffer.read()))))',
  ].join('\n');
  const run = spawnSync('python3', ['-c', script], { input: xml, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

describe('reports of reload cases', () => {
  test('json is the report itself, as one object', () => {
    expect(JSON.parse(jsonReport(report))).toEqual(report);
    expect(jsonReport(report).endsWith('}\n')).toBe(true);
  });

  testWith('python3')('junit is well-formed whatever names and messages hold', () => {
    const clean = `a "quoted" <tag> & 'more' ]]> 100%, a:b, 木 [2Jend`;
    expect(parseXml(junitReport(report))).toMatchObject({
      tag: 'testsuites',
      attributes: { tests: '4', failures: '2', skipped: '1', errors: '0', time: '1.503' },
      children: [
        {
          tag: 'testsuite',
          children: [
            {
              attributes: { classname: 'fixtures/insert', time: '0.003' },
              children: [{ tag: 'system-out', text: 'step 1: reloaded WARNING HM421' }],
            },
            {
              attributes: { name: clean, line: '7' },
              children: [
                { tag: 'failure', attributes: { message: clean }, text: `${clean}\nexpected 15\nreceived 14` },
                { tag: 'system-out' },
              ],
            },
            { children: [{ tag: 'failure' }] },
            { children: [{ tag: 'skipped', attributes: { message: 'needs macOS' } }] },
          ],
        },
      ],
    });
  });

  test('junit holds no character that XML 1.0 does not know', () => {
    expect(junitReport(report)).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]+$/u);
  });

  test('github gets one escaped command a failed case and a notice with the counts', () => {
    const lines = githubReport(report).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^::error file=fixtures\/a%2C b%3Ac\/case\.json,line=7,title=a "quoted".*100%25%2C a%3Ab%2C .*::a "quoted"/,
    );
    expect(lines[0]).toMatch(/%0Aexpected 15%0Areceived 14$/);
    expect(lines[1]).toBe('::error file=fixtures/none/case.json,line=1,title=no steps::failed');
    expect(lines[2]).toBe('::notice title=hotmod reload cases::1 passed, 2 failed, 1 skipped');
  });

  test('spec gives a line a case, what went wrong below it, and the counts last', () => {
    const text = specReport(report);
    expect(text).toContain('✓ a field inserted mid-struct keeps every other field 3.4 ms\n');
    expect(text).toContain('    fixtures/a, b:c/case.json:7\n');
    expect(text).toContain('    expected 15\n    received 14\n    step 1: refused UNSAFE HM402 HM403, 1.5 s\n');
    expect(text).toContain('· later (skipped: needs macOS)\n');
    expect(text.trimEnd().split('\n').at(-1)).toBe('1 passed, 2 failed, 1 skipped');
    expect(text).not.toContain(String.fromCharCode(27));
    expect(specReport(report, { unicode: false })).toMatch(/^[ -~\n]+$/);
  });
});

test('a fault of the emulator is told with what went wrong the first time', () => {
  const [first] = report.cases;
  if (first === undefined) throw new Error('there is a case');
  const cases = [{ ...first, emulatorFault: 'Step 1: the host ended\nby SIGSEGV' }];
  const emulated = { target: 'linux-arm64', emulated: true, emulatorFaults: 1 };
  const lines = specReport({ passed: 1, failed: 0, skipped: 0, ...emulated, cases }).split('\n');
  expect(lines[0]).toContain('(the second time: a fault of the emulator, HM584)');
  expect(lines.slice(1, 3)).toEqual(['    Step 1: the host ended', '    by SIGSEGV']);
  expect(lines.at(-2)).toBe('1 passed, 0 failed, 0 skipped on linux-arm64, emulated, 1 fault of the emulator');
});
