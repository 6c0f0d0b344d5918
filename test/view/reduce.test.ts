import { describe, expect, test } from 'vitest';
import type { HotmodEvent, Reason, SessionEvent } from '../../src/events/events.js';
import { reduce } from '../../src/view/reduce.js';
import { initialState, keptHistory, keptLogLines, type ModuleState, type ViewState } from '../../src/view/state.js';
import {
  brokenTraffic,
  buildDone,
  cityEvents,
  crashPlace,
  diagnostic,
  imageKept,
  reloadDone,
  sessionStart,
  stamp,
  stateAfter,
} from '../helpers/view-events.js';

function moduleIn(state: ViewState, name: string): ModuleState {
  const module = state.modules.find((one) => one.name === name);
  if (module === undefined) throw new Error(`no module ${name}`);
  return module;
}

function crash(more: { readonly fatal: boolean; readonly generation?: number }): SessionEvent {
  return {
    type: 'host:crash',
    signal: 'SIGSEGV',
    module: 'traffic',
    generation: 2,
    function: 'update',
    file: 'traffic.c',
    line: 41,
    code: 'HM520',
    message: 'traffic crashed',
    ...crashPlace,
    ...more,
  };
}

const started = sessionStart(['simulation', 'traffic']);

describe('the stages of a module', () => {
  test('follow a build through to the running version', () => {
    const steps: readonly (readonly [SessionEvent, string])[] = [
      [{ type: 'build:start', module: 'traffic' }, 'building'],
      [{ type: 'build:progress', module: 'traffic', done: 2, total: 5 }, 'building'],
      [buildDone('traffic'), 'validating'],
      [{ type: 'validate:done', module: 'traffic', ok: true, findings: [], durationMs: 1 }, 'assessing'],
      [
        { type: 'assess:done', module: 'traffic', level: 'SAFE', reasons: [], affected: [], durationMs: 1 },
        'reloading',
      ],
      [reloadDone('traffic', { generation: 3 }), 'running'],
    ];
    let state = stateAfter([started]);
    expect(moduleIn(state, 'traffic').stage).toBe('waiting');
    for (const [event, stage] of steps) {
      state = stateAfter([event], state);
      expect(moduleIn(state, 'traffic').stage).toBe(stage);
    }
    expect(moduleIn(state, 'traffic')).toMatchObject({ generation: 3, version: '1.0.0', level: 'SAFE' });
  });

  test('a failed build keeps the running generation, shows its errors, and loses them with the next good build', () => {
    const broken = stateAfter([...cityEvents(), ...brokenTraffic()]);
    expect(moduleIn(broken, 'traffic')).toMatchObject({ stage: 'failed', failure: 'build failed', generation: 1 });
    expect(moduleIn(broken, 'traffic').diagnostics).toHaveLength(2);
    const building = stateAfter([{ type: 'build:start', module: 'traffic' }], broken);
    expect(moduleIn(building, 'traffic').diagnostics).toHaveLength(2);
    const mended = stateAfter([buildDone('traffic')], building);
    expect(moduleIn(mended, 'traffic').diagnostics).toEqual([]);
  });

  test('a superseded build says nothing about errors', () => {
    const state = stateAfter([
      started,
      { type: 'build:start', module: 'traffic' },
      diagnostic('traffic'),
      buildDone('traffic', { ok: false, superseded: true }),
    ]);
    expect(moduleIn(state, 'traffic')).toMatchObject({ stage: 'waiting', diagnostics: [], incoming: [] });
  });

  test('a build that changed nothing goes back to running when the session is idle', () => {
    const state = stateAfter([
      ...cityEvents(),
      { type: 'build:start', module: 'traffic' },
      buildDone('traffic', { cached: true }),
      { type: 'session:idle', modules: ['graphics', 'simulation', 'traffic', 'weather'] },
    ]);
    expect(moduleIn(state, 'traffic').stage).toBe('running');
  });

  test('a refused version names its reasons with advice and leaves the old one running', () => {
    const reason: Reason = {
      level: 'UNSAFE',
      code: 'HM402',
      message: 'count was removed',
      recommendation: 'Keep it.',
      where: 'traffic.c:3',
    };
    const state = stateAfter([
      ...cityEvents(),
      { type: 'assess:done', module: 'traffic', level: 'UNSAFE', reasons: [reason], affected: [], durationMs: 1 },
      reloadDone('traffic', {
        outcome: 'refused',
        level: 'UNSAFE',
        from: 1,
        reasons: [{ code: reason.code, message: reason.message }],
      }),
    ]);
    expect(moduleIn(state, 'traffic')).toMatchObject({
      failure: 'refused',
      generation: 1,
      level: 'UNSAFE',
      reasons: [reason],
    });
  });

  test('only the last hundred reloads count for the percentiles', () => {
    const reloads = Array.from({ length: 130 }, (_, index) => reloadDone('traffic', { timings: { total: index } }));
    const { recent } = moduleIn(stateAfter([started, ...reloads]), 'traffic');
    expect(recent).toHaveLength(100);
    expect(recent[0]?.total).toBe(30);
  });
});

describe('problems', () => {
  test('what another module lost with the host is a problem of its own, and what came along is none', () => {
    const state = { bytes: 0, kept: 0, converted: 0, reset: 0, dropped: 0 };
    const restarted = { type: 'module:restarted', generation: 1, message: 'Generation 1 runs again.', state } as const;
    const after = stateAfter([
      { ...restarted, module: 'audio', code: 'HM591' },
      { ...restarted, module: 'traffic' },
    ]);
    expect(after.problems).toMatchObject([{ code: 'HM591', module: 'audio' }]);
  });

  test('a crash stays in sight until a newer generation runs', () => {
    const crashed = stateAfter([...cityEvents(), crash({ fatal: false })]);
    expect(moduleIn(crashed, 'traffic')).toMatchObject({ stage: 'stopped', failure: 'crashed' });
    const back = stateAfter([reloadDone('traffic', { outcome: 'rolledBack', generation: 2, from: 1 })], crashed);
    expect(back.problems).toHaveLength(1);
    const restarted = stateAfter([reloadDone('traffic', { outcome: 'loaded', generation: 1, from: 0 })], back);
    expect(restarted.problems).toHaveLength(1);
    const mended = stateAfter([reloadDone('traffic', { generation: 3 })], restarted);
    expect(mended.problems).toEqual([]);
  });

  test('losing the host makes every other module wait for the next one', () => {
    const state = stateAfter([...cityEvents(), crash({ fatal: true })]);
    expect(state.modules.map((module) => module.stage)).toEqual(['waiting', 'waiting', 'failed', 'waiting']);
    expect(state.host.up).toBe(false);
    expect(stateAfter([{ type: 'host:up', pid: 9, restarts: 1 }], state).host).toEqual({
      up: true,
      pid: 9,
      restarts: 1,
    });
  });

  test('a rejected configuration stays until one is applied', () => {
    const rejected = stateAfter([
      started,
      { type: 'config:rejected', file: 'hotmod.config.ts', code: 'HM101', message: 'no' },
    ]);
    expect(rejected.rejectedConfig?.code).toBe('HM101');
    expect(stateAfter([{ type: 'config:applied', file: 'x', changed: [] }], rejected).rejectedConfig).toBeNull();
  });

  test('the same problem twice is shown once', () => {
    const problem: SessionEvent = { type: 'session:problem', code: 'HM560', message: 'disk full' };
    expect(stateAfter([started, problem, problem]).problems).toHaveLength(1);
  });
});

test('a journal that is not written to is a problem until the session ends, and others only until it works again', () => {
  const problems = ['HM562', 'HM524'].map((code): SessionEvent => ({ type: 'session:problem', code, message: code }));
  const state = stateAfter([started, ...problems, reloadDone('traffic')]);
  expect(state.problems.map(({ code }) => code)).toEqual(['HM562']);
});

describe('the stream', () => {
  test('an unknown event changes nothing', () => {
    const unknown: HotmodEvent = JSON.parse(
      '{"v":1,"time":"2026-03-01T12:00:00.000Z","type":"later:kind","module":"x"}',
    );
    const state = stateAfter(cityEvents());
    expect(reduce(state, unknown)).toBe(state);
  });

  test('output and history are bounded while history keeps counting', () => {
    const many = Array.from({ length: keptHistory + 100 }, (_, index): SessionEvent[] => [
      reloadDone('traffic', { generation: index + 1 }),
      { type: 'host:output', stream: 'stdout', module: 'traffic', text: `line ${index}` },
    ]).flat();
    const state = stateAfter([started, ...many]);
    expect(state.log).toHaveLength(keptLogLines);
    expect(state.log.at(-1)?.text).toBe(`line ${keptHistory + 99}`);
    expect(state.history).toHaveLength(keptHistory);
    expect(state.historyCount).toBe(keptHistory + 100);
    expect(state.history.at(-1)?.id).toBe(keptHistory + 100);
  });

  test('a state that was handed out never changes', () => {
    const before = stateAfter(cityEvents());
    const copy = structuredClone(before);
    stateAfter([...brokenTraffic(), crash({ fatal: true })], before);
    expect(before).toEqual(copy);
    expect(initialState.modules).toEqual([]);
  });

  test('modules come and go', () => {
    const added = stateAfter([started, { type: 'module:added', module: 'weather' }]);
    expect(added.modules.map((module) => module.name)).toEqual(['simulation', 'traffic', 'weather']);
    const removed = reduce(added, stamp({ type: 'module:removed', module: 'traffic' }));
    expect(removed.modules.map((module) => module.name)).toEqual(['simulation', 'weather']);
  });
});

describe('a module that was gone back with', () => {
  const back = reloadDone('traffic', { generation: 3, from: 2, restores: 1, sourceNewer: true });
  const older = (state: ViewState): number => moduleIn(state, 'traffic').older;

  test('is marked as older than its source until a build of the source runs, or is what runs', () => {
    const state = stateAfter([started, back]);
    expect(older(state)).toBe(1);
    expect(older(stateAfter([{ type: 'build:start', module: 'traffic' }], state))).toBe(1);
    expect(older(stateAfter([reloadDone('traffic', { outcome: 'buildFailed', generation: 3, from: 3 })], state))).toBe(
      1,
    );
    expect(older(stateAfter([reloadDone('traffic', { generation: 4, from: 3 })], state))).toBe(0);
    const current = {
      type: 'module:current',
      module: 'traffic',
      generation: 3,
      level: 'SAFE',
      moduleVersion: '',
    } as const;
    expect(older(stateAfter([current], state))).toBe(0);
  });

  test('is not marked where that is what the source gives', () => {
    expect(older(stateAfter([started, reloadDone('traffic', { restores: 1, sourceNewer: false })]))).toBe(0);
  });

  test('that crashes and is taken back leaves no mark behind', () => {
    const taken = reloadDone('traffic', { outcome: 'rolledBack', generation: 3, from: 2 });
    expect(older(stateAfter([started, back, taken]))).toBe(0);
  });
});

test('a pin is shown until it is taken away, and what waits for it is no failure of its own', () => {
  const pinned = stateAfter([started, { type: 'module:pinned', module: 'traffic', generation: 2 }]);
  expect(moduleIn(pinned, 'traffic').pinned).toBe(2);
  const held = reloadDone('traffic', { outcome: 'refused', from: 2, reasons: [{ code: 'HM565', message: 'pinned' }] });
  expect(moduleIn(stateAfter([held], pinned), 'traffic')).toMatchObject({ failure: 'held by its pin', generation: 2 });
  expect(moduleIn(stateAfter([{ type: 'module:unpinned', module: 'traffic' }], pinned), 'traffic').pinned).toBe(0);
});

test('an old version that stays in memory is shown until it is let go, with what keeps it now', () => {
  const kept = stateAfter([
    started,
    imageKept(),
    imageKept({ generation: 4 }),
    imageKept({ code: 'HM576', again: true }),
  ]);
  expect(moduleIn(kept, 'traffic').kept).toMatchObject([{ generation: 4 }, { generation: 2, code: 'HM576' }]);
  const closed = stateAfter([{ type: 'image:closed', module: 'traffic', generation: 2 }], kept);
  expect(moduleIn(closed, 'traffic').kept).toMatchObject([{ generation: 4 }]);
});

test('what the last session left unfinished stands in the log', () => {
  const state = stateAfter([
    {
      type: 'journal:interrupted',
      transaction: 't4',
      since: '2026-03-01T11:00:00.000Z',
      phase: 'decided',
      modules: [{ module: 'traffic', generation: 4, from: 3 }],
      message: 'The last session ended while it reloaded traffic #4.',
    },
  ]);
  expect(state.log.map((line) => line.text)).toEqual(['The last session ended while it reloaded traffic #4.']);
});
