import { describe, expect, test } from 'vitest';
import type { EventOf, StackFrame } from '../../../src/events/events.js';
import { type Controls, initialControls } from '../../../src/view/controls.js';
import { glyphsFor } from '../../../src/view/glyphs.js';
import { lineText, lineWidth } from '../../../src/view/line.js';
import { liveRows, screenLines } from '../../../src/view/screen/screen.js';
import type { ViewState } from '../../../src/view/state.js';
import { cityEvents, crashPlace, reloadDone, stackFrame, stateAfter } from '../../helpers/view-events.js';

function crash(stack: readonly StackFrame[], more: Partial<EventOf<'host:crash'>> = {}): EventOf<'host:crash'> {
  return {
    v: 1,
    time: '2026-03-01T12:00:00.000Z',
    type: 'host:crash',
    signal: 'SIGSEGV',
    module: 'traffic',
    generation: 2,
    function: 'move_cars',
    file: 'traffic.c',
    line: 41,
    code: 'HM509',
    message: 'traffic crashed',
    fatal: false,
    ...crashPlace,
    stack,
    ...more,
  };
}

function screen(state: ViewState, columns: number, rows: number, controls: Partial<Controls> = {}): readonly string[] {
  const options = { columns, rows, atLeast: 0, glyphs: glyphsFor(true), canOpenLog: false };
  return screenLines(state, { ...initialControls, ...controls }, options).map(lineText);
}

const many = Array.from({ length: 64 }, (_, n) =>
  stackFrame({ function: `level_${n}_${'long_name_木村\u001b[2J'.repeat(8)}`, file: 'deep.c', line: n + 1 }),
);

describe('the stack of a crash', () => {
  test('stands with its module, the innermost call first', () => {
    const stack = [
      stackFrame({ function: 'move_cars', file: 'modules/traffic/traffic.c', line: 41 }),
      stackFrame({ function: 'qsort', module: '', library: '/lib/libc.so.6', address: '0x7f01' }),
      stackFrame({ function: 'update', file: 'modules/traffic/traffic.c', line: 60, guessed: true }),
    ];
    const lines = screen(stateAfter([...cityEvents(), crash(stack)]), 100, 40);
    const first = lines.findIndex((line) => line.includes('#0'));
    expect(lines.slice(first, first + 3).map((line) => line.trim())).toEqual([
      '#0 move_cars modules/traffic/traffic.c:41',
      '#1 qsort /lib/libc.so.6 at 0x7f01',
      '#2 update modules/traffic/traffic.c:60 (guessed)',
    ]);
  });

  test('has the registers behind it where all is asked for, vector registers that are 0 left out', () => {
    const registers = { x0: '0x8', sp: '0x7ff0', pc: '0x1000', pstate: '0x60000000' };
    const place = { registers, vectors: { v0: '0x0', v9: '0x7000000070000000700000007', fpsr: '0x11' } };
    const state = stateAfter([...cityEvents(), crash([stackFrame({ function: 'tick' })], place)]);
    expect(screen(state, 100, 50).join('\n')).toContain('e shows the registers');
    const full = screen(state, 100, 50, { fullError: true }).join('\n');
    expect(full).toContain('x0=0x8  sp=0x7ff0  pc=0x1000  pstate=0x60000000');
    expect(full).toContain('v9=0x7000000070000000700000007  fpsr=0x11');
    expect(full).not.toContain('v0=');
  });

  test('is cut to a few calls until all are asked for', () => {
    const state = stateAfter([...cityEvents(), crash(many, { leftOut: { after: 48, frames: 1000 } })]);
    const short = screen(state, 100, 50).filter((line) => /^ +#\d/.test(line));
    const full = screen(state, 100, 120, { fullError: true });
    expect(short).toHaveLength(5);
    expect(screen(state, 100, 50).join('\n')).toContain('60 more calls, e shows them');
    expect(full.filter((line) => /^ +#\d/.test(line))).toHaveLength(64);
    const at = full.findIndex((line) => line.includes('1000 calls are left out'));
    expect([full[at - 1], full[at + 1]].map((line) => /#(\d+)/.exec(line ?? '')?.[1])).toEqual(['47', '48']);
  });

  test.each([
    [60, 20],
    [80, 24],
    [30, 5],
    [10, 3],
    [200, 80],
  ])('never is wider or taller than %i columns and %i rows allow', (columns, rows) => {
    const state = stateAfter([...cityEvents(), crash(many)]);
    for (const fullError of [false, true]) {
      const options = { columns, rows, atLeast: 0, glyphs: glyphsFor(true), canOpenLog: false };
      const lines = screenLines(state, { ...initialControls, fullError }, options);
      expect(lines.length).toBeLessThanOrEqual(liveRows(rows));
      expect(Math.max(...lines.map(lineWidth))).toBeLessThanOrEqual(columns);
      expect(lines.map(lineText).join('')).not.toContain('\u001b');
    }
  });

  test('stays until a newer generation runs, and comes from a step of a reload too', () => {
    const crashed = stateAfter([...cityEvents(), crash([stackFrame()], { generation: 5 })]);
    const crashOf = (state: ViewState) => state.modules.find((one) => one.name === 'traffic')?.crash ?? null;
    expect(crashOf(crashed)).toMatchObject({ generation: 5 });
    const back = stateAfter([reloadDone('traffic', { outcome: 'rolledBack', generation: 5, from: 4 })], crashed);
    expect(crashOf(back)).toMatchObject({ generation: 5 });
    expect(crashOf(stateAfter([reloadDone('traffic', { generation: 6, from: 4 })], back))).toBeNull();
    const place = {
      ...crashPlace,
      function: 'begin',
      file: 'a.c',
      line: 3,
      stack: [stackFrame({ function: 'begin' })],
    };
    const reasons = [{ code: 'HM508', message: 'init crashed', crash: place }];
    const failed = stateAfter([
      ...cityEvents(),
      reloadDone('traffic', { outcome: 'rolledBack', generation: 7, reasons }),
    ]);
    expect(crashOf(failed)).toMatchObject({ generation: 7, stack: [{ function: 'begin' }] });
  });
});
