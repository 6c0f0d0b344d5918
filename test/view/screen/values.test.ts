import { describe, expect, test } from 'vitest';
import type { EventOf } from '../../../src/events/events.js';
import { type Controls, initialControls } from '../../../src/view/controls.js';
import { glyphsFor } from '../../../src/view/glyphs.js';
import { lineText } from '../../../src/view/line.js';
import { liveRows, screenLines } from '../../../src/view/screen/screen.js';
import type { ViewState } from '../../../src/view/state.js';
import { cityEvents, stateAfter } from '../../helpers/view-events.js';

const world = {
  path: 'world',
  type: 'world_t',
  value: {
    seed: 2024,
    city: { day: 8, season: 'SPRING', people: 1331.5, name: 'a "town"', owner: null },
    floors: [5, 0, 3, '... 8 more'],
    cars: [{ x: 1, y: 2 }, { x: 3, y: 4 }, '... 12 more'],
  },
} as const;

const state = (more: Partial<EventOf<'module:state'>> = {}): ViewState =>
  stateAfter(
    [{ type: 'module:state', module: 'simulation', values: [world], changed: [], ...more }],
    stateAfter(cityEvents()),
  );

function panel(from: ViewState, controls: Partial<Controls> = {}, rows = 60, columns = 100): readonly string[] {
  const options = { columns, rows, atLeast: 0, glyphs: glyphsFor(true), canOpenLog: false };
  const lines = screenLines(from, { ...initialControls, values: true, ...controls }, options).map(lineText);
  expect(lines.length).toBeLessThanOrEqual(liveRows(rows));
  const start = lines.findIndex((line) => line.startsWith('── state of'));
  const rest = lines.slice(start + 1);
  return start < 0
    ? []
    : rest.slice(
        0,
        rest.findIndex((line) => line.startsWith('──') || line.startsWith('r reload')),
      );
}

describe('the panel of live values', () => {
  test('shows structs as a tree, small ones and arrays of numbers on one line', () => {
    expect(panel(state())).toEqual([
      '  world       world_t',
      '    seed      2024',
      '    city      ',
      '      day     8',
      '      season  SPRING',
      '      people  1331.5',
      '      name    "a \\"town\\""',
      '      owner   NULL',
      '    floors    [5, 0, 3, ... 8 more]',
      '    cars      ',
      '      [0]     {x = 1, y = 2}',
      '      [1]     {x = 3, y = 4}',
      '              ... 12 more',
    ]);
  });

  test('is not there while it is closed or the help covers it', () => {
    expect(panel(state(), { values: false })).toEqual([]);
    expect(panel(state(), { help: true })).toEqual([]);
  });

  test('marks what the last look found changed, and takes the mark off with the next', () => {
    const changed = state({ changed: ['world.city.day', 'world.cars[1].x', 'world.floors[2]'] });
    const marked = panel(changed).filter((line) => line.startsWith('~'));
    expect(marked.map((line) => line.trim().split(/\s+/)[1])).toEqual(['day', 'floors', '[1]']);
    const next = stateAfter([{ type: 'module:state', module: 'simulation', values: [world], changed: [] }], changed);
    expect(panel(next).filter((line) => line.startsWith('~'))).toEqual([]);
  });

  test('a value that grows moves nothing beside it', () => {
    const longer = { ...world, value: { ...world.value, seed: 1234567890, floors: [500000000, 0, 3, '... 8 more'] } };
    const names = (from: ViewState) => panel(from).map((line) => line.slice(0, 14));
    expect(names(state({ values: [longer] }))).toEqual(names(state()));
  });

  test('in a small terminal shows what fits and says how many lines more there are', () => {
    const shown = panel(state(), {}, 24);
    expect(shown.length).toBeGreaterThan(2);
    expect(shown.at(-1)).toBe(`  … ${13 - (shown.length - 1)} more lines`);
    for (const rows of [4, 8, 10, 12]) panel(state(), {}, rows, 40);
    for (const rows of [15, 18, 20]) expect(panel(state(), {}, rows, 60).length).toBeGreaterThan(3);
  });

  test('belongs to the chosen module', () => {
    expect(panel(state(), { chosen: { module: 'traffic', focusCount: state().focusCount } })).toEqual(['  reading …']);
  });

  test('keeps the last values in sight while the module does not run, and says so', () => {
    const shown = panel(state({ problem: 'simulation does not run.' }));
    expect(shown[0]).toBe('  ! simulation does not run.');
    expect(shown).toContain('    seed      2024');
  });

  test('a module without variables is no empty panel', () => {
    expect(panel(state({ values: [] }))).toEqual(['  it has no variables']);
  });

  test('texts of the program cannot tear the screen', () => {
    const value = { name: '\u001b[2Jgone\u0007', next: '\u202eabc' };
    const [line = ''] = panel(state({ values: [{ path: 'evil\u001b[5A', type: 'int', value }] }));
    for (const control of ['\u001b', '\u0007', '\u202e']) expect(line).not.toContain(control);
    expect(line).toContain('gone');
  });
});
