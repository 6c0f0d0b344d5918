import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Listener } from '../../src/events/bus.js';
import type { SessionEvent } from '../../src/events/events.js';
import { ndjson } from '../../src/report/ndjson.js';
import { type PlainOptions, plain } from '../../src/report/plain.js';
import type { TextStream } from '../../src/report/writer.js';
import {
  brokenTraffic,
  buildDone,
  cityEvents,
  diagnostic,
  imageKept,
  reloadDone,
  sessionStart,
  stackFrame,
  stamp,
  taxReason,
} from '../helpers/view-events.js';

function collector(): { readonly stream: Writable; readonly text: () => string } {
  let text = '';
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream, text: () => text };
}

function plainText(events: readonly SessionEvent[], options: PlainOptions = {}): string {
  const { stream, text } = collector();
  const listener = plain(stream, options);
  for (const event of events) listener(stamp(event));
  return text();
}

describe('the plain view', () => {
  test('a compile error stands as the compiler wrote it, between the lines that begin and end the build', () => {
    expect(plainText(brokenTraffic()).split('\n').slice(1, 8)).toEqual([
      '[hotmod] build begin traffic',
      "modules/traffic/traffic.c:41:9: error: use of undeclared identifier 'speedd'; did you mean 'speed'?",
      '    car->x += speedd * dt;',
      '              ^~~~~~',
      '              speed',
      "modules/traffic/traffic.c:57:3: error: expected ';' after expression",
      '[hotmod] build end traffic failed 2 errors in 48 ms',
    ]);
  });

  test('builds at the same time never mix their lines', () => {
    const text = plainText([
      { type: 'build:start', module: 'a' },
      { type: 'build:start', module: 'b' },
      diagnostic('b', { file: 'b.c', rendered: '' }),
      diagnostic('a', { file: 'a.c', rendered: '' }),
      { type: 'build:start', module: 'c' },
      buildDone('b', { ok: false, errors: 1 }),
      buildDone('a', { ok: false, errors: 1 }),
      diagnostic('c', { file: 'c.c', rendered: '' }),
      buildDone('c', { ok: false, errors: 1 }),
    ]);
    const order = text.split('\n').map((line) => /build (begin|end) (\w)|^(\w)\.c/.exec(line)?.slice(1).join('') ?? '');
    expect(order.filter(Boolean)).toEqual(['begina', 'a', 'enda', 'beginb', 'b', 'endb', 'beginc', 'c', 'endc']);
  });

  test('a build that never ended is not kept back when the session ends', () => {
    const text = plainText([
      { type: 'build:start', module: 'a' },
      { type: 'build:start', module: 'b' },
      diagnostic('b', { file: 'b.c', rendered: '' }),
      { type: 'session:end', reason: 'interrupted' },
    ]);
    expect(text).toContain('build begin b\nb.c:41:9: error');
    expect(text.trimEnd()).toMatch(/session ended: interrupted$/);
  });

  test('the end of a build says whether it was cached, superseded or failed', () => {
    const text = plainText([
      buildDone('a'),
      buildDone('b', { cached: true, warnings: 1 }),
      buildDone('c', { ok: false, superseded: true }),
    ]);
    expect(text.split('\n').slice(0, 3)).toEqual([
      '[hotmod] build end a ok in 61 ms',
      '[hotmod] build end b cached 1 warning in 61 ms',
      '[hotmod] build end c superseded in 61 ms',
    ]);
  });

  test('a verdict has its reasons, places and advice, and a reload its phases and state', () => {
    const text = plainText(cityEvents());
    expect(text).toContain('[hotmod] verdict simulation: ! WARNING, affects graphics\n');
    expect(text).toContain(`[hotmod]   ! ${taxReason.code} ${taxReason.message} (simulation.c:18)\n`);
    expect(text).toContain(`[hotmod]     → ${taxReason.recommendation}\n`);
    expect(text).toContain(
      '[hotmod] reload simulation generation 2: ✓ reloaded WARNING in 92 ms (detect 1.2, build 61, validate 1.4,' +
        ' assess 0.30, load 2.9, pause 0.41), state 1.2 KiB carried, 12 kept, 3 converted, 1 reset\n',
    );
    expect(text).toContain('[weather] rain starts, 14 degrees\n');
  });

  test('a refused reload repeats why and says what runs on', () => {
    const reasons = [{ code: 'HM402', message: 'count was removed' }];
    const text = plainText([
      reloadDone('traffic', { outcome: 'refused', level: 'UNSAFE', generation: 5, from: 4, reasons }),
    ]);
    expect(text).toMatch(
      /generation 5: ✗ refused UNSAFE in 92 ms .*, generation 4 runs on\n\[hotmod\] {3}HM402 count was removed\n/,
    );
  });

  test('a crash names module, signal, function and place', () => {
    const text = plainText([
      {
        type: 'host:crash',
        signal: 'SIGSEGV',
        module: 'traffic',
        generation: 4,
        function: 'move_cars',
        file: 'traffic.c',
        line: 41,
        code: 'HM520',
        message: 'The version before runs on.',
        fatal: false,
        address: '0x8',
        stack: [
          stackFrame({ function: 'speed_of', file: 'traffic.h', line: 7, inlined: true }),
          stackFrame({ function: 'move_cars', file: 'traffic.c', line: 41 }),
          stackFrame({ function: 'qsort', library: '/lib/libc.so.6', module: '', generation: 0, address: '0x7f00' }),
          stackFrame({ function: '', guessed: true, address: '0x11d0' }),
        ],
        leftOut: { after: 2, frames: 100 },
        registers: {},
      },
    ]);
    expect(text.split('\n')).toEqual([
      'traffic.c:41:1: error: traffic generation 4 crashed (SIGSEGV) in move_cars',
      '[hotmod] crash HM520: traffic generation 4 crashed (SIGSEGV at address 0x8) in move_cars at traffic.c:41: The version before runs on.',
      '[hotmod]   #0 speed_of traffic.h:7 (inlined)',
      '[hotmod]   #1 move_cars traffic.c:41',
      '[hotmod]   ... 100 calls are left out ...',
      '[hotmod]   #2 qsort /lib/libc.so.6 at 0x7f00',
      '[hotmod]   #3 ? traffic generation 4 at 0x11d0 (guessed)',
      '',
    ]);
  });

  test('problems, configuration and stderr of modules have their own lines', () => {
    const text = plainText([
      { type: 'session:problem', code: 'HM560', message: 'The disk is full.', module: 'traffic' },
      { type: 'config:rejected', file: 'hotmod.config.ts', code: 'HM101', message: 'unknown key' },
      { type: 'host:output', stream: 'stderr', module: 'traffic', text: 'oops\u001b[2J' },
      { type: 'host:output', stream: 'stdout', module: '', text: 'hello' },
    ]);
    expect(text.split('\n').slice(0, 4)).toEqual([
      '[hotmod] problem HM560: traffic: The disk is full.',
      '[hotmod] config hotmod.config.ts not applied, the settings before it stay: HM101 unknown key',
      '[traffic stderr] oops',
      '[host] hello',
    ]);
  });

  test('colour and signs beyond ASCII are used exactly when asked for', () => {
    const esc = String.fromCharCode(27);
    expect(plainText(cityEvents())).not.toContain(esc);
    expect(plainText(cityEvents(), { color: true })).toContain(`${esc}[33m! WARNING${esc}[39m`);
    expect(plainText([...cityEvents(), ...brokenTraffic()], { unicode: false })).toMatch(/^[ -~\n]+$/);
  });
});

describe('the ndjson view', () => {
  test('writes every event as one line that reads back as it was', () => {
    const { stream, text } = collector();
    const listener = ndjson(stream);
    const events = [...cityEvents(), ...brokenTraffic()].map((event) => stamp(event));
    for (const event of events) listener(event);
    const lines = text().split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual(events);
  });
});

describe('a reader that goes away', () => {
  const views: readonly (readonly [string, (stream: TextStream, onClosed: (error: Error) => void) => Listener])[] = [
    ['plain', (stream, onClosed) => plain(stream, { onClosed })],
    ['ndjson', ndjson],
  ];

  test.each(views)('ends the %s view and not the session', async (_name, open) => {
    // It lives on after it closed its input, because Node tidies the pipes of a child that has exited away.
    const reader = spawn('sh', ['-c', 'exec <&-; echo closed; exec cat <&3'], {
      stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
    });
    const { stdin, stdout } = reader;
    if (stdin === null || stdout === null) throw new Error('no pipes');
    await once(stdout, 'data');
    const closed = Promise.withResolvers<Error>();
    const listener = open(stdin, closed.resolve);
    listener(stamp(sessionStart(['traffic'])));
    await expect(closed.promise).resolves.toMatchObject({ code: 'EPIPE' });
    expect(() => listener(stamp(reloadDone('traffic')))).not.toThrow();
    const gone = once(reader, 'exit');
    reader.kill();
    await gone;
  });
});

test('a conflict has its line when it is found, and the result says which strategy decided', () => {
  const conflict = {
    kind: 'stateChanged',
    strategy: 'keep',
    decidedBy: 'function',
    code: 'HM482',
    text: 'what runs stays',
  } as const;
  const text = plainText([
    { type: 'conflict', module: 'traffic', ...conflict },
    reloadDone('traffic', { outcome: 'refused', level: 'BLOCKED', conflicts: [conflict] }),
  ]);
  const [found, , decided] = text.split('\n');
  expect(found).toBe('[hotmod] conflict traffic: HM482 what runs stays');
  expect(decided).toBe('[hotmod]   conflict stateChanged decided by "keep" (the function reload.onConflict)');
});

describe('going back in the plain view', () => {
  const lines = (event: SessionEvent): readonly string[] => plainText([event]).trimEnd().split('\n');

  test('says that older code runs than lies on disk, and only where it does', () => {
    const back = { generation: 5, from: 4, restores: 3 };
    expect(lines(reloadDone('traffic', { ...back, sourceNewer: true })).at(-1)).toBe(
      '[hotmod] traffic runs generation 3 again; the source is newer, and its next change is taken again',
    );
    expect(lines(reloadDone('traffic', { ...back, sourceNewer: false })).at(-1)).toBe(
      '[hotmod] traffic runs generation 3 again',
    );
    expect(lines(reloadDone('traffic', { restores: 0 }))).toHaveLength(1);
  });

  test('sums the crashes of a session up at its end', () => {
    const counts = { crashes: 2, byClass: { abort: 2 }, tried: 0, recovered: 0, rate: null };
    const times = { recoveryMs: null, nextCallMs: null };
    expect(lines({ type: 'recovery:statistics', ...counts, ...times, modules: {} })).toEqual([
      '[hotmod] crashes: 2 (2 abort)',
    ]);
  });

  test('has one line for an old version that stays in memory, and none where nobody can do anything about it', () => {
    const message = 'Generation 2 of traffic stays in memory: thread 7 (worker) is inside it, in work (traffic.c:7).';
    expect(lines(imageKept({ code: 'HM576', message }))).toEqual([`[hotmod] HM576 ${message}`]);
    expect(lines(imageKept({ again: true }))).toEqual(['']);
    expect(lines(imageKept({ blocker: 'crash', code: 'HM579' }))).toEqual(['']);
    expect(lines({ type: 'image:closed', module: 'traffic', generation: 2 })).toEqual(['']);
  });

  test('has a line for a pin, its end, and what the last session left unfinished', () => {
    expect(lines({ type: 'module:pinned', module: 'traffic', generation: 3 })).toEqual([
      '[hotmod] traffic is pinned: it stays at generation 3, whatever is saved',
    ]);
    expect(lines({ type: 'module:unpinned', module: 'traffic' })).toEqual([
      '[hotmod] traffic is not pinned any more: it goes with its source',
    ]);
    const message = 'The last session ended while it reloaded traffic #4.';
    const interrupted = { transaction: 't4', since: '2026-03-01T11:00:00.000Z', phase: 'intent', modules: [] } as const;
    expect(lines({ type: 'journal:interrupted', ...interrupted, message })).toEqual([`[hotmod] ${message}`]);
  });
});

test('many modules are told of with the first names, and what became of them is summed up at the end', () => {
  const names = Array.from({ length: 1000 }, (_, index) => `m${index}`);
  const text = plainText([
    sessionStart(names),
    { type: 'watch:change', files: ['all.h'], modules: names },
    ...names.slice(2).map((name) => reloadDone(name)),
    ...names.slice(0, 2).map((name) => reloadDone(name, { outcome: 'buildFailed', level: 'BLOCKED' })),
    { type: 'session:idle', modules: names },
    { type: 'session:idle', modules: names },
  ]);
  expect(text).toContain('[hotmod] 1,000 modules: m0, m1,');
  expect(text).toContain('m19 and 980 more');
  expect(text).toContain('changed all.h: m0, m1,');
  expect(text.split('\n').filter((line) => line.includes('998 reloaded, 2 build failed'))).toHaveLength(1);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(200);
});
