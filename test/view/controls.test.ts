import { describe, expect, test } from 'vitest';
import type { Reason } from '../../src/events/events.js';
import {
  type Controls,
  initialControls,
  keyContext,
  press,
  type Request,
  selectedModule,
  visibleModules,
  watchedModule,
} from '../../src/view/controls.js';
import { keyTable } from '../../src/view/keys.js';
import type { ViewState } from '../../src/view/state.js';
import { brokenTraffic, cityEvents, reloadDone, sessionStart, stateAfter, taxReason } from '../helpers/view-events.js';

function typed(
  keys: readonly string[],
  state: ViewState,
): { readonly controls: Controls; readonly requests: readonly Request[] } {
  let controls = initialControls;
  const requests: Request[] = [];
  for (const key of keys) {
    const pressed = press(key, state, controls, false);
    controls = pressed.controls;
    if (pressed.request !== null) requests.push(pressed.request);
  }
  return { controls, requests };
}

const city = stateAfter(cityEvents());

describe('keys', () => {
  test('no key stands for two commands at once', () => {
    const keys = keyTable.flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('the first Ctrl+C asks to quit, every further one forces it, also after q', () => {
    expect(typed(['ctrl+c', 'ctrl+c', 'ctrl+c'], city).requests.map((request) => request.type)).toEqual([
      'quit',
      'forceQuit',
      'forceQuit',
    ]);
    expect(typed(['q', 'q', 'ctrl+c'], city).requests.map((request) => request.type)).toEqual(['quit', 'forceQuit']);
  });

  test('reload, rebuild and undo go to the chosen module', () => {
    expect(typed(['r', 'b', 'u', 'j', 'r'], city).requests).toEqual([
      { type: 'reload', module: 'simulation' },
      { type: 'rebuild', module: 'simulation' },
      { type: 'undo', modules: ['simulation'] },
      { type: 'reload', module: 'traffic' },
    ]);
  });

  test('undo is not offered where there is no generation to go back to', () => {
    expect(typed(['j', 'u'], city).requests).toEqual([]);
  });

  test('undo takes back together what was reloaded in one transaction, and the footer says how many', () => {
    const together = stateAfter(
      [
        ...['traffic', 'weather'].map((module) => reloadDone(module, { transaction: 't9' })),
        reloadDone('weather', { transaction: 't10', generation: 3, from: 2 }),
        reloadDone('simulation', { transaction: 't9', generation: 3, from: 2 }),
      ],
      city,
    );
    expect(typed(['u', 'j', 'u', 'j', 'u'], together).requests).toEqual([
      { type: 'undo', modules: ['simulation', 'traffic'] },
      { type: 'undo', modules: ['traffic', 'simulation'] },
      { type: 'undo', modules: ['weather'] },
    ]);
    const undo = keyTable.find((binding) => binding.command === 'undo');
    expect(undo?.label(keyContext(together, initialControls, false))).toBe('undo 2');
  });

  test('y takes what a conflict asks about, where nothing else stands against it', () => {
    const conflict = {
      kind: 'versionDown',
      strategy: 'ask',
      decidedBy: 'config',
      code: 'HM480',
      text: 'down',
    } as const;
    const refused = (...reasons: readonly Reason[]) =>
      stateAfter(
        [
          { type: 'assess:done', module: 'simulation', level: 'UNSAFE', reasons, affected: [], durationMs: 1 },
          reloadDone('simulation', { outcome: 'refused', level: 'UNSAFE', reasons, conflicts: [conflict] }),
        ],
        city,
      );
    const down: Reason = { level: 'UNSAFE', code: 'HM480', message: 'down', recommendation: '', where: '' };
    expect(typed(['y'], refused(down, taxReason)).requests).toEqual([{ type: 'accept', module: 'simulation' }]);
    expect(typed(['y'], refused(down, { ...down, code: 'HM403' })).requests).toEqual([]);
    expect(typed(['y'], city).requests).toEqual([]);
  });

  test('p pauses or resumes by what the host last said, and n steps only while paused', () => {
    const paused = stateAfter([{ type: 'host:stats', frame: 1, rate: 60, paused: true, tickUs: 1 }], city);
    expect(typed(['n', 'p'], city).requests.map((request) => request.type)).toEqual(['pause']);
    expect(typed(['n', 'p'], paused).requests.map((request) => request.type)).toEqual(['step', 'resume']);
  });

  test('e does nothing without an error, and escape closes what is open', () => {
    expect(typed(['e'], city).controls.fullError).toBe(false);
    const broken = stateAfter(brokenTraffic(), city);
    expect(typed(['e'], broken).controls.fullError).toBe(true);
    expect(typed(['e', 'h', 'escape'], broken).controls).toMatchObject({ help: false, fullError: false });
  });
});

describe('the panel of live values', () => {
  test('s opens it for the chosen module, tab takes it along, s closes it', () => {
    expect(watchedModule(city, typed([], city).controls)).toBe(null);
    expect(watchedModule(city, typed(['s'], city).controls)).toBe('simulation');
    expect(watchedModule(city, typed(['s', 'tab'], city).controls)).toBe('traffic');
    expect(watchedModule(city, typed(['s', 'tab', 's'], city).controls)).toBe(null);
  });

  test('follows the focus to a module that fails, and needs nothing while help or the end covers it', () => {
    const { controls } = typed(['s'], city);
    expect(watchedModule(stateAfter(brokenTraffic(), city), controls)).toBe('traffic');
    expect(watchedModule(city, typed(['s', 'h'], city).controls)).toBe(null);
    expect(watchedModule(city, typed(['s', 'q'], city).controls)).toBe(null);
  });
});

describe('the chosen module', () => {
  test('goes round in both directions', () => {
    const { controls } = typed(['tab', 'tab', 'tab'], city);
    expect(selectedModule(city, controls)?.name).toBe('graphics');
    expect(selectedModule(city, typed(['k', 'k'], city).controls)?.name).toBe('weather');
  });

  test('is the user’s own choice until another module changes or fails after it', () => {
    const { controls } = typed(['k'], city);
    expect(selectedModule(city, controls)?.name).toBe('graphics');
    expect(selectedModule(stateAfter(brokenTraffic(), city), controls)?.name).toBe('traffic');
  });

  test('falls back to another where it was removed', () => {
    const { controls } = typed(['k'], city);
    const state = stateAfter([{ type: 'module:removed', module: 'graphics' }], city);
    expect(selectedModule(state, controls)?.name).toBe('simulation');
  });
});

describe('many modules', () => {
  const names = Array.from({ length: 100 }, (_, index) => `m${String(index).padStart(2, '0')}`);
  const many = stateAfter([sessionStart(names), ...names.map((name) => reloadDone(name))]);
  const chosen = (...keys: readonly string[]): string | undefined =>
    selectedModule(many, typed(keys, many).controls)?.name;

  test('are moved through by steps, by pages, and to both ends', () => {
    expect(chosen('home')).toBe('m00');
    expect(chosen('home', 'pagedown', 'pagedown', 'down')).toBe('m21');
    expect(chosen('end')).toBe('m99');
    expect(chosen('end', 'pageup')).toBe('m89');
    expect(chosen('end', 'pagedown')).toBe('m99');
    expect(chosen('home', 'pageup')).toBe('m00');
    expect(chosen('end', 'down')).toBe('m00');
  });

  test('are filtered by what is typed after a slash, and keys of commands are text then', () => {
    const { controls, requests } = typed(['/', 'M', '7', 'q', 'backspace'], many);
    expect(requests).toEqual([]);
    expect(controls.filter).toEqual({ text: 'M7', typing: true });
    expect(visibleModules(many, controls).map((one) => one.name)).toEqual(names.slice(70, 80));
  });

  test('are chosen among those that the filter shows, while it is typed and after', () => {
    expect(chosen('/', '7', 'home', 'down')).toBe('m17');
    expect(chosen('/', '7', 'enter', 'end')).toBe('m97');
    expect(chosen('/', '7', 'enter', 'end', 'j')).toBe('m07');
  });

  test('stay chosen when the filter goes', () => {
    const { controls } = typed(['/', '4', '2', 'enter', 'escape'], many);
    expect(controls.filter).toBeNull();
    expect(selectedModule(many, controls)?.name).toBe('m42');
  });

  test('that no name fits leave nothing to act on', () => {
    const { controls, requests } = typed(['/', 'x', 'x', 'enter', 'r', 'u'], many);
    expect(selectedModule(many, controls)).toBeUndefined();
    expect(requests).toEqual([]);
  });

  test('a filter without text is none', () => {
    expect(typed(['/', 'enter'], many).controls.filter).toBeNull();
  });

  test('Ctrl+C ends the session while a filter is typed, too', () => {
    expect(typed(['/', 'x', 'ctrl+c'], many).requests).toEqual([{ type: 'quit' }]);
  });
});
