import { describe, expect, test } from 'vitest';
import { glyphsFor } from '../../src/view/glyphs.js';
import { historyLine } from '../../src/view/history.js';
import { lineText, lineWidth } from '../../src/view/line.js';
import type { ViewState } from '../../src/view/state.js';
import { brokenTraffic, cityEvents, reloadDone, stateAfter } from '../helpers/view-events.js';

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
