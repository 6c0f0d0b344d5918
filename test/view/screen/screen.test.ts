import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../../src/events/events.js';
import { type Controls, initialControls } from '../../../src/view/controls.js';
import { glyphsFor } from '../../../src/view/glyphs.js';
import { lineText, lineWidth } from '../../../src/view/line.js';
import { liveRows, screenLines } from '../../../src/view/screen/screen.js';
import { initialState, type ViewState } from '../../../src/view/state.js';
import {
  brokenTraffic,
  buildDone,
  cityEvents,
  diagnostic,
  imageKept,
  reloadDone,
  sessionStart,
  stateAfter,
  taxReason,
} from '../../helpers/view-events.js';

interface Size {
  readonly columns: number;
  readonly rows: number;
}

function screen(
  state: ViewState,
  size: Size,
  controls: Partial<Controls> = {},
  unicode = true,
  atLeast = 0,
): readonly string[] {
  const options = { ...size, atLeast, glyphs: glyphsFor(unicode), canOpenLog: false };
  return screenLines(state, { ...initialControls, ...controls }, options).map(lineText);
}

/** Everything at once, in names and texts that are far too long and hostile to a terminal. */
function crowded(count: number): ViewState {
  const names = Array.from({ length: count }, (_, index) => `a_module_with_quite_a_long_name_木村_${index + 1}`);
  const last = names.at(-1) ?? '';
  return stateAfter([
    sessionStart(names),
    { type: 'host:up', pid: 1, restarts: 0 },
    { type: 'host:stats', frame: 123_456_789, rate: 1000, paused: true, tickUs: 123_456 },
    { type: 'config:rejected', file: 'hotmod.config.ts', code: 'HM101', message: 'x'.repeat(300) },
    { type: 'session:problem', code: 'HM560', message: 'first\nsecond\u001b[2J'.repeat(30) },
    ...names.flatMap((module): readonly SessionEvent[] => [
      { type: 'module:view', module, text: `${'#'.repeat(200)}\n`.repeat(30) },
      { type: 'host:output', stream: 'stderr', module, text: '\u001b[5Aup\t\tand\raway '.repeat(40) },
      {
        type: 'assess:done',
        module,
        level: 'WARNING',
        reasons: Array(12).fill(taxReason),
        affected: [],
        durationMs: 1,
      },
      reloadDone(module, {
        level: 'WARNING',
        reasons: Array(12).fill(taxReason),
        moduleVersion: '1.0.0-beta.with.a.tail',
      }),
    ]),
    { type: 'build:start', module: last },
    ...Array.from({ length: 30 }, (_, line) => diagnostic(last, { line: line + 1 })),
    buildDone(last, { ok: false, errors: 30 }),
    reloadDone(last, { outcome: 'buildFailed' }),
  ]);
}

const sizes: readonly Size[] = [
  { columns: 60, rows: 20 },
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 300, rows: 100 },
  { columns: 60, rows: 8 },
  { columns: 30, rows: 5 },
  { columns: 10, rows: 3 },
];

describe.each(sizes)('on $columns columns and $rows rows', (size) => {
  test.each([0, 1, 4, 40])('%i modules are never drawn wider or taller than allowed', (count) => {
    const state = count === 0 ? initialState : crowded(count);
    for (const controls of [{}, { help: true }, { fullError: true }, { bigLog: true }, { quitting: true }]) {
      for (const unicode of [true, false]) {
        const options = { ...size, atLeast: 99, glyphs: glyphsFor(unicode), canOpenLog: true };
        const lines = screenLines(state, { ...initialControls, ...controls }, options);
        expect(lines.length).toBeLessThanOrEqual(liveRows(size.rows));
        for (const line of lines) {
          expect(lineWidth(line)).toBeLessThanOrEqual(size.columns);
          expect(lineText(line)).not.toMatch(unicode ? /\p{Cc}/u : /[^ -~]/);
        }
      }
    }
  });
});

describe('the live screen', () => {
  const broken = stateAfter([...cityEvents(), ...brokenTraffic()]);

  test('on 80 by 24 shows a compile error, a WARNING, the city and the keys together', () => {
    expect(screen(broken, { columns: 80, rows: 24 })).toMatchInlineSnapshot(`
      [
        "hotmod 0.1.0 · native · 4 modules          frame    12,340 · 60/s · tick   18 us",
        "  module        gen  stage            verdict       last    p50/p95  version ",
        "  graphics       #1  ● running        ✓ SAFE       92 ms          -  1.0.0   ",
        "  simulation     #2  ● running        ! WARNING    92 ms      92/92  1.1.0   ",
        "▸ traffic        #1  ✗ build failed   ✓ SAFE       92 ms          -  1.0.0   ",
        "  weather        #1  ● running        ✓ SAFE       92 ms          -  1.0.0   ",
        "── traffic #1  ✗ build failed, #1 runs on ───────── 1 more error, e shows all ──",
        "  modules/traffic/traffic.c:41:9: error: use of undeclared identifier 'speedd';…",
        "      car->x += speedd * dt;",
        "                ^~~~~~",
        "                speed",
        "── graphics ────────────────────────────────────────────────────────────────────",
        "                   .  *        moon",
        "       _||_     .       _          ",
        "    __|    |__    ____ | |__   ___ ",
        "   | []  [] []|  |[][]||[][]| |[] |",
        "   | []  [] []|__|[][]||[][]|_|[] |",
        "  =====>=====>==========<======<====",
        "── output ──────────────────────────────────────────────────────────────────────",
        "  weather   rain starts, 14 degrees",
        "r reload  b rebuild  p pause  tab module  e error  s state  h help  q quit",
      ]
    `);
  });

  test('on 60 by 20 keeps every module, the error and the keys', () => {
    expect(screen(broken, { columns: 60, rows: 20 })).toMatchInlineSnapshot(`
      [
        "hotmod · 4 modules     frame    12,340 · 60/s · tick   18 us",
        "  module        gen  stage            verdict       last",
        "  graphics       #1  ● running        ✓ SAFE       92 ms",
        "  simulation     #2  ● running        ! WARNING    92 ms",
        "▸ traffic        #1  ✗ build failed   ✓ SAFE       92 ms",
        "  weather        #1  ● running        ✓ SAFE       92 ms",
        "── traffic #1  ✗ build failed, #1 runs on ──────────────────",
        "  modules/traffic/traffic.c:41:9: error: use of undeclared …",
        "      car->x += speedd * dt;",
        "                ^~~~~~",
        "                speed",
        "── graphics ────────────────────────────────────────────────",
        "                   .  *        moon",
        "       _||_     .       _          ",
        "    __|    |__    ____ | |__   ___ ",
        "   | []  [] []|  |[][]||[][]| |[] |",
        "   | []  [] []|__|[][]||[][]|_|[] |",
        "r reload  b rebuild  p pause  e error  h help  q quit",
      ]
    `);
  });

  test('on 5 rows keeps the header, the selected module and the keys', () => {
    const lines = screen(broken, { columns: 80, rows: 6 }).join('\n');
    expect(lines).toContain('hotmod 0.1.0');
    expect(lines).toContain('▸ traffic');
    expect(lines).toContain('q quit');
  });

  test('leaves an eighth of the terminal to history, between two and six lines', () => {
    expect([1, 8, 20, 24, 40, 100].map(liveRows)).toEqual([1, 6, 18, 21, 35, 94]);
  });

  test('never shrinks below the height it had, and fills the space above the keys', () => {
    const tall = screen(stateAfter(cityEvents()), { columns: 120, rows: 40 }, {}, true, 30);
    expect(tall).toHaveLength(30);
    expect(tall.at(-1)).toContain('q quit');
  });

  test('shows progress while building and what is wrong with the configuration', () => {
    const state = stateAfter(
      [
        { type: 'build:start', module: 'weather' },
        { type: 'build:progress', module: 'weather', done: 2, total: 5 },
        { type: 'config:rejected', file: 'hotmod.config.ts', code: 'HM101', message: 'unknown key "wach"' },
      ],
      broken,
    );
    const text = screen(state, { columns: 100, rows: 30 }).join('\n');
    expect(text).toContain('building 2/5');
    expect(text).toContain('✗ HM101 not applied, the settings before it stay: hotmod.config.ts: unknown key "wach"');
  });

  test('shows all errors on request, with a count of what does not fit', () => {
    const state = stateAfter([
      sessionStart(['traffic']),
      { type: 'build:start', module: 'traffic' },
      ...Array.from({ length: 30 }, (_, line) => diagnostic('traffic', { line: line + 1 })),
      buildDone('traffic', { ok: false, errors: 30 }),
    ]);
    const short = screen(state, { columns: 100, rows: 30 }).join('\n');
    expect(short).toContain('traffic.c:1:9: error:');
    expect(short).not.toContain('traffic.c:2:9: error:');
    expect(short).toContain('29 more errors, e shows all');
    const full = screen(state, { columns: 100, rows: 30 }, { fullError: true }).join('\n');
    expect(full).toContain('traffic.c:2:9: error:');
    expect(full).toMatch(/… \d+ more lines, all in the log file/);
  });

  test('names what p does by whether the program is paused', () => {
    const paused = stateAfter([{ type: 'host:stats', frame: 1, rate: 60, paused: true, tickUs: 1 }], broken);
    expect(screen(broken, { columns: 120, rows: 30 }).at(-1)).toContain('p pause');
    expect(screen(paused, { columns: 120, rows: 30 }).at(-1)).toContain('p resume  n step');
    expect(screen(paused, { columns: 120, rows: 30 })[0]).toContain('PAUSED');
  });
});

describe('crashes of a module', () => {
  const counts = {
    crashes: 4,
    byClass: { segv: 3, hang: 1 },
    tried: 4,
    recovered: 3,
    rate: 0.75,
    recoveryMs: { mean: 2.04, p50: 0.05, p99: 6 },
    nextCallMs: null,
  };
  const crashed: SessionEvent = {
    type: 'recovery:done',
    module: 'traffic',
    ...{ generation: 1, crashed: 1, errorClass: 'segv', action: 'goOn', recovered: true, recoveryMs: 6 },
    counts,
  };
  const loaded = reloadDone('traffic', { outcome: 'loaded', generation: 1, from: 0 });

  test('are one line: how many of which class, what share recovered, and how long that took', () => {
    const state = stateAfter([sessionStart(['traffic']), loaded, crashed]);
    const line = '  crash 4 (3 segv, 1 hang), 3 of 4 recovered (75 %) in 2.0 ms on average, p99 6.0 ms';
    expect(screen(state, { columns: 100, rows: 40 })).toContain(line);
  });

  test('have no line where there were none', () => {
    const state = stateAfter([sessionStart(['traffic']), loaded]);
    expect(screen(state, { columns: 100, rows: 40 }).join('\n')).not.toContain('crash ');
  });
});

test('a view of one line is shown where it is the only panel', () => {
  const view: SessionEvent = { type: 'module:view', module: 'traffic', text: 'cars 7' };
  const state = stateAfter([sessionStart(['traffic']), reloadDone('traffic'), view]);
  expect(screen(state, { columns: 100, rows: 40 })).toContain('  cars 7');
});

describe('the past of a module', () => {
  const size = { columns: 100, rows: 40 };

  test('is one line: the last generations and what became of them, newest first', () => {
    const state = stateAfter([
      sessionStart(['traffic']),
      reloadDone('traffic', { outcome: 'loaded', generation: 1, from: 0 }),
      reloadDone('traffic', { generation: 2 }),
      reloadDone('traffic', { outcome: 'rolledBack', generation: 2, from: 1 }),
      reloadDone('traffic', { outcome: 'refused', generation: 1, from: 1, transaction: '' }),
    ]);
    expect(screen(state, size)).toContain('  past  refused · #2 rolled back · #2 reloaded · #1 loaded');
  });

  test('is told in the title where older code runs, and in the table where it is pinned', () => {
    const back = reloadDone('traffic', { generation: 5, from: 4, restores: 3, sourceNewer: true });
    const older = stateAfter([sessionStart(['traffic']), back]);
    expect(screen(older, size).join('\n')).toMatch(/── traffic #5 {2}runs #3 again; the source is newer {2}✓ SAFE ─/);
    expect(screen(older, size).join('\n')).toContain('● running older');
    const pinned = stateAfter([{ type: 'module:pinned', module: 'traffic', generation: 3 }], older);
    expect(screen(pinned, size).join('\n')).toMatch(/traffic +#5 +● pinned /);
    expect(screen(pinned, size).join('\n')).toContain('pinned at #3');
  });

  test('names what keeps an old version in memory, beside the selected module', () => {
    const kept = [2, 3, 4].map((generation) =>
      imageKept({
        module: 'simulation',
        generation,
        message: `Generation ${generation} of simulation stays in memory: why.`,
      }),
    );
    const state = stateAfter([
      ...cityEvents(),
      ...kept,
      imageKept({ module: 'simulation', generation: 5, code: 'HM579', message: 'crashed' }),
    ]);
    const text = screen(state, { columns: 100, rows: 40 }, {}).join('\n');
    expect(text).toContain('HM574 Generation 4 of simulation stays in memory: why. (1 more stay)');
    expect(text).not.toContain('Generation 2 of');
    expect(text).not.toContain('crashed');
  });
});

describe('a conflict', () => {
  const size = { columns: 100, rows: 40 };
  const conflict = {
    kind: 'editDuringTransaction',
    strategy: 'latest',
    decidedBy: 'default',
    code: 'HM481',
    text: 'an edit arrived; the default strategy "latest" decides',
  } as const;

  test('stands with its module from the moment it is found, and again with the result where all is well', () => {
    const line = `  ! HM481 ${conflict.text}`;
    const found = stateAfter([sessionStart(['traffic']), { type: 'conflict', module: 'traffic', ...conflict }]);
    expect(screen(found, size)).toContain(line);
    const building = stateAfter([{ type: 'build:start', module: 'traffic' }], found);
    expect(screen(building, size)).toContain(line);
    const done = stateAfter([reloadDone('traffic', { conflicts: [conflict] })], building);
    expect(screen(done, size)).toContain(line);
    expect(done.history.at(-1)?.reason).toBe('HM481 editDuringTransaction decided by "latest" (the default)');
    expect(screen(stateAfter([reloadDone('traffic')], done), size)).not.toContain(line);
  });

  test('that is a reason of the verdict is told once', () => {
    const reasons = [{ code: 'HM481', message: conflict.text }];
    const refused = reloadDone('traffic', { outcome: 'refused', level: 'UNSAFE', reasons, conflicts: [conflict] });
    const lines = screen(stateAfter([sessionStart(['traffic']), refused]), size);
    expect(lines.filter((line) => line.includes(conflict.text))).toEqual([`  ✗ HM481 ${conflict.text}`]);
  });
});
