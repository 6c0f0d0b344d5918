import type {
  CrashPlace,
  Diagnostic,
  EventOf,
  HotmodEvent,
  Reason,
  SessionEvent,
  StackFrame,
} from '../../src/events/events.js';
import { reduce } from '../../src/view/reduce.js';
import { initialState, type ViewState } from '../../src/view/state.js';

/** Events for the tests of the views: one maker each, with everything filled in that a test does not care about. */

export function stamp(event: SessionEvent, time = '2026-03-01T12:00:00.000Z'): HotmodEvent {
  return { v: 1, time, ...event };
}

export function stateAfter(events: readonly SessionEvent[], from: ViewState = initialState): ViewState {
  return events.reduce((state, event) => reduce(state, stamp(event)), from);
}

export function sessionStart(modules: readonly string[]): SessionEvent {
  return {
    type: 'session:start',
    version: '0.1.0',
    pid: 4242,
    cwd: '/project',
    target: 'native',
    modules,
    logFile: '/project/.hotmod/log',
  };
}

export function stackFrame(more: Partial<StackFrame> = {}): StackFrame {
  return {
    function: 'update',
    file: '',
    line: 0,
    module: 'traffic',
    generation: 4,
    address: '0x1000',
    inlined: false,
    guessed: false,
    library: '',
    ...more,
  };
}

/** What a crash says of its place, where a test asks for nothing of it. */
export const crashPlace: CrashPlace = { address: '0x0', stack: [], leftOut: null, registers: {} };

export function reloadDone(module: string, more: Partial<EventOf<'reload:done'>> = {}): SessionEvent {
  return {
    type: 'reload:done',
    module,
    outcome: 'reloaded',
    level: 'SAFE',
    generation: 2,
    from: 1,
    transaction: 't1',
    moduleVersion: '1.0.0',
    reasons: [],
    durationMs: 92,
    timings: { detect: 1.2, build: 61, validate: 1.4, assess: 0.3, load: 2.9, pause: 0.41, total: 92 },
    state: { bytes: 1228, kept: 12, converted: 0, reset: 0, dropped: 0 },
    ...more,
  };
}

export function buildDone(module: string, more: Partial<EventOf<'build:done'>> = {}): SessionEvent {
  return {
    type: 'build:done',
    module,
    ok: true,
    cached: false,
    superseded: false,
    errors: 0,
    warnings: 0,
    durationMs: 61,
    ...more,
  };
}

export const speedError: Diagnostic = {
  file: 'modules/traffic/traffic.c',
  line: 41,
  column: 9,
  severity: 'error',
  message: "use of undeclared identifier 'speedd'; did you mean 'speed'?",
  code: 'HM201',
  notes: [],
  rendered: [
    "modules/traffic/traffic.c:41:9: error: use of undeclared identifier 'speedd'; did you mean 'speed'?",
    '    car->x += speedd * dt;',
    '              ^~~~~~',
    '              speed',
  ].join('\n'),
};

export function diagnostic(module: string, more: Partial<Diagnostic> = {}): SessionEvent {
  return { type: 'build:diagnostic', module, ...speedError, ...more };
}

export const taxReason: Reason = {
  level: 'WARNING',
  code: 'HM421',
  message: "field 'tax_rate' was inserted into struct city; the fields after it are moved by name",
  recommendation: 'Nothing to do; the new field starts at zero.',
  where: 'simulation.c:18',
};

export const city = [
  '                 .  *        moon',
  '     _||_     .       _          ',
  '  __|    |__    ____ | |__   ___ ',
  ' | []  [] []|  |[][]||[][]| |[] |',
  ' | []  [] []|__|[][]||[][]|_|[] |',
  '=====>=====>==========<======<====',
].join('\n');

/** A session of the sample city: four modules run, then simulation is reloaded with a warning and traffic breaks. */
export function cityEvents(): readonly SessionEvent[] {
  const modules = ['graphics', 'simulation', 'traffic', 'weather'];
  return [
    sessionStart(modules),
    { type: 'host:up', pid: 4243, restarts: 0 },
    ...modules.flatMap((module): readonly SessionEvent[] => [
      { type: 'build:start', module },
      { type: 'build:progress', module, done: 2, total: 2 },
      buildDone(module),
      { type: 'validate:done', module, ok: true, findings: [], durationMs: 1.4 },
      { type: 'assess:done', module, level: 'SAFE', reasons: [], affected: [], durationMs: 0.3 },
      reloadDone(module, { outcome: 'loaded', generation: 1, from: 0, moduleVersion: '1.0.0' }),
    ]),
    { type: 'session:idle', modules },
    { type: 'host:stats', frame: 12_340, rate: 60, paused: false, tickUs: 18.4 },
    { type: 'module:view', module: 'graphics', text: city },
    { type: 'host:output', stream: 'stdout', module: 'weather', text: 'rain starts, 14 degrees' },
    { type: 'watch:change', files: ['modules/simulation/simulation.c'], modules: ['simulation'] },
    { type: 'build:start', module: 'simulation' },
    buildDone('simulation'),
    { type: 'validate:done', module: 'simulation', ok: true, findings: [], durationMs: 1.4 },
    {
      type: 'assess:done',
      module: 'simulation',
      level: 'WARNING',
      reasons: [taxReason],
      affected: ['graphics'],
      durationMs: 0.3,
    },
    reloadDone('simulation', {
      level: 'WARNING',
      moduleVersion: '1.1.0',
      reasons: [{ code: taxReason.code, message: taxReason.message }],
      state: { bytes: 1228, kept: 12, converted: 3, reset: 1, dropped: 0 },
    }),
    { type: 'session:idle', modules },
  ];
}

export function brokenTraffic(running = 1): readonly SessionEvent[] {
  return [
    { type: 'watch:change', files: ['modules/traffic/traffic.c'], modules: ['traffic'] },
    { type: 'build:start', module: 'traffic' },
    { type: 'build:progress', module: 'traffic', done: 1, total: 3 },
    diagnostic('traffic'),
    diagnostic('traffic', { line: 57, column: 3, message: "expected ';' after expression", rendered: '' }),
    buildDone('traffic', { ok: false, errors: 2, durationMs: 48 }),
    reloadDone('traffic', {
      outcome: 'buildFailed',
      level: 'BLOCKED',
      generation: running,
      from: running,
      reasons: [{ code: 'HM201', message: 'traffic.c does not compile' }],
      durationMs: 49,
      timings: { detect: 1.1, build: 48, total: 49 },
    }),
    { type: 'session:idle', modules: ['graphics', 'simulation', 'traffic', 'weather'] },
  ];
}

export function imageKept(more: Partial<EventOf<'image:kept'>> = {}): SessionEvent {
  return {
    type: 'image:kept',
    module: 'traffic',
    generation: 2,
    code: 'HM574',
    message: 'Generation 2 of traffic stays in memory: g_table.items[3].fn of main points to the function tick.',
    blocker: 'variable',
    holder: 'main',
    holderGeneration: 5,
    path: 'g_table.items[3].fn',
    target: 'the function tick',
    thread: null,
    function: '',
    file: '',
    line: 0,
    again: false,
    ...more,
  };
}
