import { describe, expect, test } from 'vitest';
import { counterSource, openBench, until, viewOf } from '../helpers/host-modules.js';

const failing = (name: string, parameters: string) => `static int ${name}(${parameters}) { return 7; }`;
const crashing = (name: string, parameters: string) =>
  `static int ${name}(${parameters}) { volatile int *nowhere = 0; *nowhere = 1; return 0; }`;
const state = 'const void *data, size_t size';

/** Which version the hook belongs to, its parameters, and the code its failure has. */
const hooks = [
  { hook: 'prepare_reload', side: 'old', parameters: 'void', code: 'HM502' },
  { hook: 'save_state', side: 'old', parameters: 'void **data, size_t *size', code: 'HM503' },
  {
    hook: 'migrate_state',
    side: 'new',
    parameters: 'const char *from, const char *to, void **data, size_t *size',
    code: 'HM504',
  },
  { hook: 'init', side: 'new', parameters: 'const module_config_t *config', code: 'HM505' },
  { hook: 'load_state', side: 'new', parameters: state, code: 'HM506' },
  { hook: 'complete_reload', side: 'new', parameters: 'void', code: 'HM507' },
];

describe('a step that fails leaves the old version running with its state', () => {
  for (const { hook, side, parameters, code } of hooks) {
    for (const [way, make, expected] of [
      ['returns non-zero', failing, code],
      ['crashes', crashing, 'HM508'],
    ] as const) {
      test(`${hook} ${way}`, async () => {
        await using bench = await openBench();
        const bad = { extra: make(`bad_${hook}`, parameters), hooks: { [hook]: `bad_${hook}` } };
        await bench.load('counter', counterSource(side === 'old' ? bad : {}));
        await bench.host.step(5, 1 / 60);
        const result = await bench.load(
          'counter',
          counterSource({ version: '2.0.0', by: 100, ...(side === 'new' ? bad : {}) }),
          2,
        );
        expect(result).toMatchObject({ ok: false, code: expected, module: 'counter', step: hook });
        await bench.host.step(1, 1 / 60);
        expect(await viewOf(bench.host, 'counter')).toBe('6');
        const stats = await bench.host.stats();
        expect(stats.modules).toMatchObject([{ module: 'counter', generation: 1, frames: 6, running: true }]);
      });
    }
  }
});

for (const [hook, parameters] of [
  ['prepare_reload', 'void'],
  ['save_state', 'void **data, size_t *size'],
] as const) {
  test(`a crash half-way through ${hook} leaves the old version its variables as they were`, async () => {
    await using bench = await openBench();
    const extra = `static int half(${parameters}) { count = -1; volatile int *nowhere = 0; *nowhere = 1; return 0; }`;
    await bench.load('counter', counterSource({ extra, hooks: { [hook]: 'half' } }));
    await bench.host.step(5, 1 / 60);
    expect(await bench.load('counter', counterSource({ by: 100 }), 2)).toMatchObject({ ok: false, code: 'HM508' });
    expect(await viewOf(bench.host, 'counter')).toBe('5');
    await bench.host.step(1, 1 / 60);
    expect(await viewOf(bench.host, 'counter')).toBe('6');
  });
}

test('of two modules in one commit either both are switched or none, and hooks are taken back in reverse', async () => {
  await using bench = await openBench();
  const noted = {
    extra: `
static int prepare(void) { puts("prepare"); return 0; }
static void rollback(void) { puts("rollback"); }
static void leave(void) { puts("shutdown"); }`,
    hooks: { prepare_reload: 'prepare', rollback_reload: 'rollback', shutdown: 'leave' },
  };
  await bench.load('first', counterSource(noted));
  await bench.load('second', counterSource(noted));
  await bench.host.step(3, 1 / 60);
  await bench.stage('first', counterSource({ ...noted, by: 100 }), 2);
  const bad = { ...noted, extra: `${noted.extra}${failing('bad_load', state)}`, by: 100 };
  await bench.stage('second', counterSource({ ...bad, hooks: { ...noted.hooks, load_state: 'bad_load' } }), 2);
  const result = await bench.host.commit({ modules: ['first', 'second'] });
  expect(result).toMatchObject({ ok: false, code: 'HM506', module: 'second' });
  await bench.host.step(1, 1 / 60);
  expect(await bench.host.views()).toEqual([
    { module: 'first', text: '4' },
    { module: 'second', text: '4' },
  ]);
  await until(() => bench.lines.length >= 6);
  expect(bench.lines.map((line) => `${line.module} ${line.text}`)).toEqual([
    'first prepare',
    'second prepare',
    'second shutdown',
    'first shutdown',
    'second rollback',
    'first rollback',
  ]);
});

test('a crash that is not forgiven takes the module out of the loop, is reported, and costs the others no frame', async () => {
  await using bench = await openBench();
  await bench.load(
    'bad',
    counterSource({ body: 'if (count == 3) { volatile int *nowhere = (int *)16; *nowhere = 1; }' }),
  );
  await bench.load('good', counterSource());
  await bench.host.step(10, 1 / 60);
  expect(bench.faults).toMatchObject([
    {
      module: 'bad',
      generation: 1,
      signal: 'SIGSEGV',
      address: 16n,
      call: 'update',
      function: '',
      frames: 2,
      restored: { bytes: expect.any(Number), why: 'none' },
      wentBack: [],
      goesOn: false,
      stopped: true,
      recoveryMs: expect.any(Number),
    },
  ]);
  expect((await bench.host.stats()).modules).toMatchObject([
    { module: 'bad', running: false, frames: 2 },
    { module: 'good', running: true, frames: 10 },
  ]);
});

test('a stack overflow, an abort and a division by zero are caught as well', async () => {
  await using bench = await openBench();
  await bench.load(
    'deep',
    counterSource({
      extra:
        'MODULE_EXPORT int dive(volatile int *n) { volatile char room[4096]; room[0] = 1; return dive(n) + room[0]; }',
      body: 'volatile int n = 0; dive(&n);',
    }),
  );
  await bench.load('sad', counterSource({ body: 'abort();' }));
  await bench.load('zero', counterSource({ body: 'volatile int none = 0; count = 1 / none;' }));
  await bench.host.step(1, 1 / 60);
  expect(bench.faults.map((fault) => [fault.module, fault.signal])).toEqual([
    ['deep', 'SIGSEGV'],
    ['sad', 'SIGABRT'],
    ['zero', process.arch === 'x64' ? 'SIGFPE' : expect.anything()],
  ]);
  expect(bench.faults[0]?.function).toBe('dive');
});

test('the mend of a crashed version takes over the state of the frame boundary before the crash', async () => {
  await using bench = await openBench();
  await bench.load('counter', counterSource({ body: 'if (count == 5) abort();' }));
  await bench.host.step(10, 1 / 60);
  expect(bench.faults).toHaveLength(1);
  expect(await bench.load('counter', counterSource(), 2)).toMatchObject({ ok: true });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'counter')).toBe('5');
});

test('a version that crashes is taken back to the one before with the state of the switch', async () => {
  await using bench = await openBench();
  const ends = { extra: 'static void leave(void) { count = -1; }', hooks: { shutdown: 'leave' } };
  await bench.load('counter', counterSource(ends));
  await bench.host.step(5, 1 / 60);
  await bench.load('counter', counterSource({ body: 'abort();' }), 2);
  await bench.host.step(1, 1 / 60);
  expect(bench.faults).toMatchObject([{ generation: 2 }]);
  expect(await bench.host.revert('counter')).toMatchObject({ ok: true, generation: 1 });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'counter')).toBe('6');
  expect(await bench.host.revert('counter')).toMatchObject({ ok: false, code: 'HM515' });
});

test('what prepare_reload did is undone in a version that was shut down and is gone back to', async () => {
  await using bench = await openBench();
  const rests = {
    body: 'if (resting) count = -1000;',
    hooks: { shutdown: 'leave', prepare_reload: 'prepare', rollback_reload: 'roll_back' },
    extra: `static void leave(void) { }
static int prepare(void) { resting = 1; return 0; }
static void roll_back(void) { resting = 0; }`,
  };
  const source = (body = ''): string =>
    counterSource({ ...rests, body: rests.body + body }).replace('MODULE_EXPORT', 'static int resting;\nMODULE_EXPORT');
  await bench.load('counter', source());
  await bench.host.step(5, 1 / 60);
  await bench.load('counter', source('abort();'), 2);
  await bench.host.step(1, 1 / 60);
  expect(await bench.host.revert('counter')).toMatchObject({ ok: true, generation: 1 });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'counter')).toBe('6');
});

test('migrate_state may change the bytes in place, and going back still finds them as they were saved', async () => {
  await using bench = await openBench();
  const ends = 'static void leave(void) { count = -1; }';
  const migrating = `
static int migrate(const char *from, const char *to, void **data, size_t *size) {
  if (strcmp(from, "1.0.0") != 0 || strcmp(to, "2.0.0") != 0 || *size != sizeof count) return 1;
  *(long *)*data *= 1000; return 0;
}`;
  await bench.load('counter', counterSource({ extra: ends, hooks: { shutdown: 'leave' } }));
  await bench.host.step(5, 1 / 60);
  const newer = { version: '2.0.0', extra: migrating, hooks: { migrate_state: 'migrate' } };
  expect(await bench.load('counter', counterSource(newer), 2)).toMatchObject({ ok: true });
  expect(await viewOf(bench.host, 'counter')).toBe('5000');
  expect(await bench.host.revert('counter')).toMatchObject({ ok: true, generation: 1 });
  expect(await viewOf(bench.host, 'counter')).toBe('5');
});

test('a version without save_state and shutdown simply goes on where it was when it is gone back to', async () => {
  await using bench = await openBench();
  const stateless = {
    hooks: { save_state: 'NULL', load_state: 'NULL', init: 'zero' },
    extra: 'static int zero(const module_config_t *c) { (void)c; count = 0; return 0; }',
  };
  await bench.load('counter', counterSource(stateless));
  await bench.host.step(5, 1 / 60);
  await bench.load('counter', counterSource({ ...stateless, body: 'abort();' }), 2);
  await bench.host.step(1, 1 / 60);
  expect(await bench.host.revert('counter')).toMatchObject({ ok: true, generation: 1 });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'counter')).toBe('6');
});

test('a library that is none, an interface that is NULL and one for another engine are refused with a reason', async () => {
  await using bench = await openBench();
  const nothing = await bench.stage('counter', 'int nothing_here;');
  expect(nothing).toMatchObject({ ok: false, code: 'HM514' });
  const empty = await bench.stage('counter', 'void *get_module_interface(void) { return 0; }');
  expect(empty).toMatchObject({ ok: false, code: 'HM514' });
  const other = await bench.stage('counter', counterSource().replace('= MODULE_API_VERSION', '= 9'));
  expect(other).toMatchObject({ ok: false, code: 'HM402', message: expect.stringContaining('api_version 9') });
  const unresolved = await bench.stage(
    'counter',
    'int missing_thing(void); void counter_update(double t) { (void)t; missing_thing(); }',
  );
  expect(unresolved).toMatchObject({ ok: false, code: 'HM501', message: expect.stringContaining('missing_thing') });
  const crash = await bench.stage('counter', '#include <stdlib.h>\nvoid *get_module_interface(void) { abort(); }');
  expect(crash).toMatchObject({ ok: false, code: 'HM508' });
  expect(await bench.host.commit({ modules: ['counter'] })).toMatchObject({ ok: false, code: 'HM501' });
});
