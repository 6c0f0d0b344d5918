import { Console } from 'node:console';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { type Bus, createBus } from '../../src/events/bus.js';
import type { SessionEvent } from '../../src/events/events.js';
import { mountUi, type Ui } from '../../src/ui/mount.js';
import type { UiActions } from '../../src/view/actions.js';
import { brokenTraffic, cityEvents, reloadDone, sessionStart } from '../helpers/view-events.js';
import { createTerminal, type Terminal } from '../helpers/view-terminal.js';

interface Mounted {
  readonly bus: Bus;
  readonly terminal: Terminal;
  readonly asked: readonly string[];
  readonly ui: Ui;
}

// Ink redirects `console` while it is mounted and needs the constructor that the test runner's own console lacks.
Object.assign(console, { Console });

const colour = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`);
const open: Ui[] = [];
afterEach(async () => {
  for (const ui of open.splice(0)) await ui.unmount();
});

function mount(columns: number, rows: number, color = false): Mounted {
  const bus = createBus();
  const terminal = createTerminal(columns, rows);
  const asked: string[] = [];
  const note =
    (name: string) =>
    (module = ''): void => {
      asked.push(`${name} ${module}`.trim());
    };
  const actions: UiActions = {
    reload: note('reload'),
    rebuild: note('rebuild'),
    undo: (modules) => note('undo')(modules.join(' ')),
    accept: note('accept'),
    pause: note('pause'),
    resume: note('resume'),
    step: note('step'),
    watchState: (module) => asked.push(`watchState ${module}`),
    quit: note('quit'),
    forceQuit: note('forceQuit'),
  };
  const ui = mountUi({ bus, actions, stdout: terminal.stdout, stdin: terminal.stdin, color, unicode: true });
  open.push(ui);
  return { bus, terminal, asked, ui };
}

function emitAll(bus: Bus, events: readonly SessionEvent[]): void {
  for (const event of events) bus.emit(event);
}

describe('the Ink view', () => {
  test('writes finished generations above and keeps the live screen below them', async () => {
    const { bus, terminal } = mount(80, 24);
    emitAll(bus, [...cityEvents(), ...brokenTraffic()]);
    await terminal.until((text) => text.includes('build failed, #1 runs on') && text.includes('traffic.c:41:9'));
    const lines = terminal.scrollback();
    expect(lines.filter((line) => /^\d\d:\d\d:\d\d/.test(line))).toHaveLength(6);
    expect(terminal.screen().filter((line) => line.startsWith('hotmod 0.1.0'))).toHaveLength(1);
    expect(terminal.screen().join('\n')).toContain('| []  [] []|__|[][]||[][]|_|[] |');
    expect(terminal.screen().join('\n')).toContain('rain starts');
  });

  test.each([1, 4, 40])('with %i modules of long names stays within the terminal', async (count) => {
    const { bus, terminal } = mount(60, 20);
    const names = Array.from({ length: count }, (_, index) => `a_module_with_quite_a_long_name_${index + 1}`);
    emitAll(bus, [
      sessionStart(names),
      ...names.map((name) => reloadDone(name)),
      { type: 'host:up', pid: 1, restarts: 0 },
    ]);
    await terminal.until((text) => text.includes('q quit') && text.includes(`_${count} `));
    expect(Math.max(...terminal.scrollback().map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(terminal.screen().filter((line) => line.startsWith('hotmod'))).toHaveLength(1);
    expect(terminal.scrollback().filter((line) => line.startsWith('hotmod'))).toHaveLength(1);
  });

  test('each of more than a thousand generations is written exactly once', async () => {
    const { bus, terminal } = mount(100, 30);
    bus.emit(sessionStart(['traffic']));
    for (let generation = 1; generation <= 1100; generation += 1) {
      bus.emit(reloadDone('traffic', { generation, from: generation - 1 }));
      if (generation % 100 === 0) await terminal.until((text) => text.includes(` #${generation} `));
    }
    const numbers = terminal.scrollback().flatMap((line) => /^\d\d:\d\d:\d\d . traffic +#(\d+)/.exec(line)?.[1] ?? []);
    expect(numbers.map(Number)).toEqual(Array.from({ length: 1100 }, (_, index) => index + 1));
  });

  test('uses colours exactly when asked to, whatever the environment says', async () => {
    const plain = mount(80, 24, false);
    emitAll(plain.bus, cityEvents());
    await plain.terminal.until((text) => text.includes('simulation'));
    expect(plain.terminal.raw()).not.toMatch(colour);
    const colored = mount(80, 24, true);
    emitAll(colored.bus, cityEvents());
    await colored.terminal.until((text) => text.includes('simulation'));
    expect(colored.terminal.raw()).toContain('\u001b[33m');
  });

  test('keys reach the actions, and Ctrl+C quits first and forces second', async () => {
    const { bus, terminal, asked } = mount(80, 24);
    emitAll(bus, cityEvents());
    await terminal.until((text) => text.includes('r reload'));
    terminal.type('rjr');
    terminal.type('\u0003');
    await terminal.until((text) => text.includes('Ctrl+C again ends at once'));
    terminal.type('\u0003');
    await terminal.until(() => asked.length >= 4);
    expect(asked).toEqual(['reload simulation', 'reload traffic', 'quit', 'forceQuit']);
  });

  test('follows the size of the terminal', async () => {
    const { bus, terminal } = mount(120, 40);
    emitAll(bus, cityEvents());
    await terminal.until((text) => text.includes('trend'));
    terminal.resize(60, 20);
    await terminal.until((text) => text.includes('hotmod · 4 modules'));
    expect(Math.max(...terminal.screen().map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  test('takes the live screen away at the end and leaves the history', async () => {
    const { bus, terminal, ui } = mount(80, 24);
    emitAll(bus, cityEvents());
    await terminal.until((text) => text.includes('q quit'));
    bus.emit(reloadDone('weather', { generation: 7 }));
    await ui.unmount();
    await ui.done;
    const text = terminal.scrollback().join('\n');
    expect(text).not.toContain('q quit');
    expect(text).toContain('weather      #7');
    expect(terminal.raw()).toContain('\u001b[?25h');
  });

  test('asks for the values of the module whose panel is open, and of none once it is closed', async () => {
    const { bus, terminal, asked } = mount(100, 40);
    emitAll(bus, cityEvents());
    await terminal.until((text) => text.includes('simulation'));
    terminal.type('s');
    await terminal.until((text) => text.includes('state of simulation'));
    const values = [{ path: 'world', type: 'world_t', value: { seed: 4711, day: 3 } }];
    bus.emit({ type: 'module:state', module: 'simulation', values, changed: [] });
    await terminal.until((text) => text.includes('{seed = 4711, day = 3}'));
    terminal.type('j');
    await terminal.until((text) => text.includes('state of traffic'));
    terminal.type('s');
    await terminal.until(() => asked.filter((one) => one === 'watchState null').length === 2);
    expect(asked).toEqual(['watchState simulation', 'watchState null', 'watchState traffic', 'watchState null']);
    expect(terminal.screen().join('\n')).not.toContain('state of');
  });

  test('works without a keyboard', async () => {
    const bus = createBus();
    const terminal = createTerminal(80, 24);
    const stdin = Object.assign(new PassThrough(), { isTTY: false });
    const nothing = (): void => undefined;
    const actions: UiActions = {
      reload: nothing,
      rebuild: nothing,
      undo: nothing,
      accept: nothing,
      pause: nothing,
      resume: nothing,
      step: nothing,
      watchState: nothing,
      quit: nothing,
      forceQuit: nothing,
    };
    open.push(mountUi({ bus, actions, stdout: terminal.stdout, stdin, color: false, unicode: true }));
    emitAll(bus, cityEvents());
    await terminal.until((text) => text.includes('simulation'));
  });
});
