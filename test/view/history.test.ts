import { describe, expect, test } from 'vitest';
import { glyphsFor } from '../../src/view/glyphs.js';
import { historyItemLine, historyLine, historySince } from '../../src/view/history.js';
import { lineText, lineWidth } from '../../src/view/line.js';
import type { ViewState } from '../../src/view/state.js';
import { brokenTraffic, cityEvents, reloadDone, sessionStart, stateAfter } from '../helpers/view-events.js';

function lastLine(state: ViewState, width: number): string {
  const entry = state.history.at(-1);
  if (entry === undefined) throw new Error('no history');
  return lineText(historyLine(entry, width, glyphsFor(true)));
}

describe('a line of history', () => {
  test('has clock, module, generation, outcome, level, total and phases', () => {
    const line = lastLine(stateAfter([...cityEvents(), reloadDone('traffic', { generation: 4, from: 3 })]), 160);
    expect(line).toMatch(
      /^\d\d:\d\d:\d\d ✓ traffic {6}#4 {3}reloaded SAFE {6}92 ms {2}build 61, pause 0\.41, load 2\.9, detect 1\.2, validate 1\.4, assess 0\.30$/,
    );
  });

  test('says why it is not SAFE before anything that a narrow terminal may cut', () => {
    expect(lastLine(stateAfter(cityEvents()), 100)).toContain(
      "reloaded WARNING   92 ms  HM421 field 'tax_rate' was inserted",
    );
  });

  test('of a failed build gives the place and the first message, and how many more there are', () => {
    const line = lastLine(stateAfter([...cityEvents(), ...brokenTraffic()]), 160);
    expect(line).toContain('build failed');
    expect(line).toContain("traffic.c:41: use of undeclared identifier 'speedd'; did you mean 'speed'? (and 1 more)");
  });

  test('never cuts a phase in half and never exceeds the width', () => {
    const state = stateAfter([...cityEvents(), reloadDone('traffic', { generation: 4 })]);
    for (let width = 20; width < 140; width += 1) {
      const entry = state.history.at(-1);
      if (entry === undefined) throw new Error('no history');
      const line = historyLine(entry, width, glyphsFor(true));
      expect(lineWidth(line)).toBeLessThanOrEqual(width);
      if (width > 56)
        expect(lineText(line).trimEnd()).toMatch(/( ms|(build|pause|load|detect|validate|assess) [\d.]+)$/);
    }
  });
});

describe('what came since the last drawing', () => {
  const names = Array.from({ length: 100 }, (_, index) => `m${index}`);
  const since = (state: ViewState, lastId: number): readonly string[] =>
    historySince(state, lastId).map((item) => lineText(historyItemLine(item, 100, glyphsFor(true))));

  test('is one line for many modules that went well, and one for each that did not', () => {
    const state = stateAfter([
      sessionStart(names),
      ...names.slice(1).map((name) => reloadDone(name)),
      reloadDone('m0', { outcome: 'rolledBack', level: 'UNSAFE' }),
    ]);
    const lines = since(state, 0);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('m0 ');
    expect(lines[1]).toMatch(/^\d\d:\d\d:\d\d ✓ 99 modules reloaded SAFE$/);
    expect(since(state, 99)).toHaveLength(1);
    expect(since(state, 100)).toEqual([]);
  });

  test('is a line for the last of many that did not go well, and their number by what became of them', () => {
    const state = stateAfter([
      sessionStart(names),
      ...names.slice(0, 90).map((name) => reloadDone(name, { level: 'WARNING' })),
      ...names.slice(90).map((name) => reloadDone(name)),
    ]);
    const lines = since(state, 0);
    expect(lines).toHaveLength(5);
    expect(lines[3]).toContain('m89 ');
    expect(lines[4]).toMatch(/^\d\d:\d\d:\d\d ! 86 modules reloaded WARNING, 10 modules reloaded SAFE$/);
  });

  test('is a line for each where few modules are concerned, however often', () => {
    const state = stateAfter([sessionStart(names), ...names.map(() => reloadDone('m1'))]);
    expect(since(state, 0)).toHaveLength(100);
    const small = stateAfter([sessionStart(names.slice(0, 40)), ...names.slice(0, 40).map((name) => reloadDone(name))]);
    expect(since(small, 0)).toHaveLength(40);
  });
});
