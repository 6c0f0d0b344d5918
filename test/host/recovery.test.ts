import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ModuleFault, ModuleRecovered, RecoverySettings } from '../../src/host/host.js';
import { counterSource, entryOf, type HostBench, openBench, until, viewOf } from '../helpers/host-modules.js';

const crash = '{ volatile int *nowhere = 0; *nowhere = 1; }';
const usual: RecoverySettings = {
  probationFrames: 5,
  restart: { max: 3, withinMs: 60_000 },
  frameCopies: true,
  frameCopyLimit: 1,
};
const recovering = (settings: Partial<RecoverySettings> = {}) => openBench({ recovery: { ...usual, ...settings } });

const steps = async (bench: HostBench, frames: number): Promise<void> => bench.host.step(frames, 1 / 60);
const last = (bench: HostBench): ModuleFault | undefined => bench.faults.at(-1);

/** Crashes in the frame that makes the count this, each time. */
const at = (count: number) => `if (count == ${count}) ${crash}`;

describe('a module that crashes after its probation', () => {
  test('is called again in the next frame with the variables of the last boundary, until it crashes too often', async () => {
    await using bench = await recovering();
    await bench.load('bad', counterSource({ body: at(7) }));
    await bench.load('good', counterSource());
    await steps(bench, 7);
    expect(bench.faults).toMatchObject([
      { module: 'bad', goesOn: true, stopped: false, wentBack: [], restored: { why: 'none' } },
    ]);
    expect(await viewOf(bench.host, 'bad')).toBe('6');
    await steps(bench, 5);
    expect(bench.faults.map(({ goesOn, stopped }) => [goesOn, stopped])).toEqual([
      [true, false],
      [true, false],
      [true, false],
      [false, true],
    ]);
    expect((await bench.host.stats()).modules).toMatchObject([
      { module: 'bad', running: false, frames: 6 },
      { module: 'good', running: true, frames: 12 },
    ]);
  });

  test('in its view or in a function that is called has its variables put back as well', async () => {
    await using bench = await recovering();
    const extra = `MODULE_EXPORT void spoil(void) { count = -1; ${crash} }`;
    const view = `MODULE_EXPORT const char *broken_view(void) { count = -2; ${crash} return ""; }`;
    await bench.load('called', counterSource({ extra }));
    const library = await bench.compile('seen', counterSource({ extra: view }));
    const entry = { ...entryOf('seen'), view: ['broken_view'] };
    await bench.host.stage({ module: 'seen', generation: 1, library, entry });
    await bench.host.commit({ modules: ['seen'] });
    await steps(bench, 8);
    const call = { integers: [], floats: [], stack: [], memory: [], patches: [], returns: { in: 'nothing' } } as const;
    expect(await bench.host.call({ module: 'called', symbol: 'spoil', ...call })).toMatchObject({ ok: false });
    await bench.host.views();
    expect(bench.faults.map((fault) => [fault.module, fault.call, fault.goesOn])).toEqual([
      ['called', 'call', true],
      ['seen', 'module_view', true],
    ]);
    await steps(bench, 1);
    expect(await viewOf(bench.host, 'called')).toBe('9');
    const answer = await bench.host.call({
      module: 'seen',
      symbol: 'get_count',
      ...call,
      returns: { in: 'registers', kinds: ['integer'] },
    });
    expect(answer.ok && Buffer.from(answer.bytes).readBigInt64LE()).toBe(9n);
  });

  test('without a copy of its variables leaves the frame loop, and the fault says why there is none', async () => {
    const large = { body: `static char much[2000000]; much[0]++; ${at(7)}` };
    for (const [settings, parts, why] of [
      [{ frameCopies: false }, { body: at(7) }, 'off'],
      [{}, large, 'tooLarge'],
    ] as const) {
      await using bench = await recovering(settings);
      await bench.load('bad', counterSource(parts));
      await steps(bench, 9);
      expect(bench.faults).toHaveLength(1);
      expect(last(bench)).toMatchObject({ goesOn: false, stopped: false, restored: { why } });
      expect(last(bench)?.restored.bytes).toBeGreaterThan(0);
    }
  });

  test('goes on as the settings say that were changed while it ran', async () => {
    await using bench = await recovering({ frameCopies: false });
    await bench.load('bad', counterSource({ body: at(7) }));
    await steps(bench, 6);
    await bench.host.setRecovery({ ...usual, restart: { max: 1, withinMs: 60_000 } });
    await steps(bench, 3);
    expect(bench.faults.map(({ goesOn, stopped }) => [goesOn, stopped])).toEqual([
      [true, false],
      [false, true],
    ]);
  });

  test('has a variable in each kind of storage put back, and its constants and tables of addresses left alone', async () => {
    await using bench = await recovering();
    const source = `
#include <stdio.h>
static void hook(void) {}
static int set = 5, unset, many[5000], *const fixed = &set;
static void (*where)(void) = hook;
void module_update(double dt) {
  static int frames;
  (void)dt; frames++; set++; unset++; many[4999]++; where = NULL;
  if (frames == 3) ${crash}
  where = hook;
}
const char *module_view(void) {
  static char text[100];
  snprintf(text, sizeof text, "%d %d %d %d %d", set, unset, *fixed, where == hook, many[4999]);
  return text;
}`;
    await bench.load('m', source);
    await steps(bench, 3);
    expect(bench.faults).toMatchObject([{ goesOn: true }]);
    expect(await viewOf(bench.host, 'm')).toBe('7 2 7 1 2');
  });
});

describe('a version that crashes on probation', () => {
  const noted = (name: string) => ({
    extra: `static int ready(void) { return 0; } static void back(void) { puts("${name} back"); }`,
    hooks: { prepare_reload: 'ready', rollback_reload: 'back' },
  });

  test('goes back with all that came in the same commit, last first, and no other', async () => {
    await using bench = await recovering();
    for (const name of ['a', 'b', 'c', 'd']) await bench.load(name, counterSource(noted(name)));
    await steps(bench, 3);
    await bench.load('d', counterSource({ ...noted('d'), by: 10 }), 2);
    for (const name of ['a', 'b', 'c']) {
      const parts = name === 'b' ? { body: at(5) } : { by: 10 };
      await bench.stage(name, counterSource({ ...noted(name), ...parts }), 2);
    }
    await bench.host.commit({ modules: ['a', 'b', 'c'] });
    await steps(bench, 4);
    expect(bench.faults).toMatchObject([
      {
        module: 'b',
        goesOn: false,
        wentBack: [
          { module: 'c', from: 2, generation: 1, state: 'reload' },
          { module: 'b', from: 2, generation: 1, state: 'reload' },
          { module: 'a', from: 2, generation: 1, state: 'reload' },
        ],
      },
    ]);
    const { modules } = await bench.host.stats();
    expect(modules.map((one) => [one.module, one.generation, one.running])).toEqual([
      ['a', 1, true],
      ['b', 1, true],
      ['c', 1, true],
      ['d', 2, true],
    ]);
    // Of four frames two ran in the version before, from the state of the reload on.
    expect((await bench.host.views()).map((view) => view.text)).toEqual(['5', '5', '5', '43']);
    await until(() => bench.lines.length >= 3);
    expect(bench.lines.map((line) => line.text)).toEqual(['c back', 'b back', 'a back']);
  });

  test('stays out of the frame loop where the version before cannot begin again, and the others go back', async () => {
    await using bench = await recovering();
    const once = {
      extra: `
static int begin(const module_config_t *config) { (void)config; return access("begun", 0) == 0 ? 1 : 0; }
static void leave(void) { fclose(fopen("begun", "w")); }`,
      hooks: { init: 'begin', shutdown: 'leave' },
    };
    const unable = counterSource(once).replace('#include <stdio.h>', '#include <stdio.h>\n#include <unistd.h>');
    const inside = unable.replaceAll('"begun"', JSON.stringify(join(bench.dir, 'begun')));
    await bench.load('unable', inside);
    await bench.load('able', counterSource());
    await bench.stage('unable', counterSource(), 2);
    await bench.stage('able', counterSource({ body: crash }), 2);
    await bench.host.commit({ modules: ['unable', 'able'] });
    await steps(bench, 3);
    expect(bench.faults).toMatchObject([
      {
        module: 'able',
        wentBack: [
          { module: 'able', generation: 1 },
          { module: 'unable', from: 2, generation: 0 },
        ],
      },
    ]);
    expect((await bench.host.stats()).modules).toMatchObject([
      { module: 'unable', running: false },
      { module: 'able', generation: 1, running: true },
    ]);
  });

  test('is not gone back from by hand a second time, and a commit made for it is refused', async () => {
    await using bench = await recovering();
    await bench.load('m', counterSource());
    await bench.load('m', counterSource({ body: crash }), 2);
    await bench.stage('m', counterSource({ by: 100 }), 3);
    await steps(bench, 2);
    expect(bench.faults).toMatchObject([{ wentBack: [{ generation: 1 }] }]);
    expect(await bench.host.revert('m')).toMatchObject({ ok: false, code: 'HM515' });
    const stale = await bench.host.commit({ modules: ['m'], replaces: { m: 2 } });
    expect(stale).toMatchObject({ ok: false, staleBase: true, code: 'HM528', module: 'm' });
    await bench.stage('m', counterSource({ by: 100 }), 3);
    expect(await bench.host.commit({ modules: ['m'], replaces: { m: 1 } })).toMatchObject({ ok: true });
    await steps(bench, 1);
    expect(await viewOf(bench.host, 'm')).toBe('101');
  });

  test('in a function that another module called is put back with it, and taken back', async () => {
    await using bench = await recovering();
    const callee = (body: string) =>
      counterSource({ extra: `MODULE_EXPORT void enter(void) { count += 1000; ${body} count -= 1000; }` });
    const caller = counterSource({
      extra: `static void visit(double dt) {
  void (*enter)(void) = (void (*)(void))module_get_symbol("callee", "enter");
  update(dt); count += 500; if (enter != NULL) enter(); count -= 500;
}`,
      hooks: { update: 'visit' },
    });
    await bench.load('callee', callee(''));
    await bench.load('caller', caller);
    // The caller has been back once itself, which must make no difference.
    await bench.load('caller', counterSource({ body: crash }), 2);
    await steps(bench, 1);
    expect(bench.faults.splice(0)).toMatchObject([{ wentBack: [{ module: 'caller' }] }]);
    await steps(bench, 10);
    await bench.load('callee', callee(crash), 2);
    await steps(bench, 1);
    expect(bench.faults).toMatchObject([
      { module: 'caller', goesOn: true, wentBack: [{ module: 'callee', from: 2, generation: 1 }] },
    ]);
    const { modules } = await bench.host.stats();
    expect(modules.map((one) => [one.module, one.generation, one.running])).toEqual([
      ['callee', 1, true],
      ['caller', 1, true],
    ]);
    await steps(bench, 1);
    // The callee has the state of its reload and one frame more; the caller lost the frame that crashed.
    expect((await bench.host.views()).map((view) => view.text)).toEqual(['12', '11']);
    expect(bench.faults).toHaveLength(1);
  });
});

test('names that lead nowhere crash before the table of modules is locked, and the engine lives on', async () => {
  await using bench = await recovering();
  await bench.load('bad', counterSource({ body: 'if (count == 3) module_get_symbol("bad", (const char *)8);' }));
  await bench.load('good', counterSource());
  await steps(bench, 3);
  expect(bench.faults).toMatchObject([{ module: 'bad', goesOn: true }]);
  await bench.load('good', counterSource({ by: 10 }), 2);
  await steps(bench, 1);
  expect(await viewOf(bench.host, 'good')).toBe('13');
});

describe('a policy for a class of crashes', () => {
  const deep =
    'MODULE_EXPORT long deep(int n) { volatile char room[4096]; room[0] = (char)n; return deep(n + 1) + room[0]; }';
  const bodies = {
    segv: crash,
    bus: '{ extern int raise(int); raise(7); }',
    ill: '__builtin_trap();',
    fpe: '{ volatile int zero = 0; count += 1 / zero; }',
    abort: 'abort();',
    stackOverflow: '{ extern long deep(int); count += deep(1); }',
  } as const;

  for (const [name, body] of Object.entries(bodies)) {
    test(`${name}: what crashed so is told as that, and only crashes of that class follow it`, async () => {
      await using bench = await recovering({ policy: { [name]: 'stop' } });
      await bench.load('bad', counterSource({ body, extra: deep }));
      await bench.load('other', counterSource({ body: name === 'abort' ? crash : 'abort();' }));
      await bench.load('good', counterSource());
      await steps(bench, 1);
      expect(bench.faults).toMatchObject([
        { module: 'bad', class: name, stopped: true, goesOn: false },
        { module: 'other', class: name === 'abort' ? 'segv' : 'abort', stopped: false, goesOn: true },
      ]);
      await steps(bench, 1);
      expect(await viewOf(bench.host, 'good')).toBe('2');
    });
  }

  for (const [policy, restart] of [
    ['restartModule', 'module'],
    ['restartHost', 'host'],
  ] as const) {
    test(`"${policy}" leaves the module out of the frame loop for the caller, until it crashes too often`, async () => {
      await using bench = await recovering({ policy: { segv: policy }, restart: { max: 1, withinMs: 60_000 } });
      await bench.load('bad', counterSource({ body: at(3) }));
      await steps(bench, 5);
      expect(bench.faults).toMatchObject([{ restart, stopped: false, goesOn: false, wentBack: [] }]);
      await bench.stage('bad', counterSource({ body: at(1) }), 1);
      await bench.host.commit({ modules: ['bad'], afresh: true });
      await steps(bench, 1);
      expect(last(bench)).toMatchObject({ restart: 'nothing', stopped: true });
    });
  }

  test('"rollBack" takes back all that came in the same commit, long after probation', async () => {
    await using bench = await recovering({ policy: { segv: 'rollBack' } });
    for (const module of ['a', 'b']) await bench.load(module, counterSource());
    await bench.stage('a', counterSource({ by: 10, body: `if (count > 100) ${crash}` }), 2);
    await bench.stage('b', counterSource({ by: 10 }), 2);
    await bench.host.commit({ modules: ['a', 'b'] });
    await steps(bench, 15);
    expect(bench.faults).toMatchObject([
      {
        module: 'a',
        frames: 10,
        wentBack: [
          { module: 'b', from: 2, generation: 1 },
          { module: 'a', from: 2, generation: 1 },
        ],
      },
    ]);
  });

  test('a commit that starts afresh calls init as at a first load, and neither save_state nor load_state', async () => {
    await using bench = await recovering({ policy: { segv: 'restartModule' } });
    const extra = 'static int begin(const module_config_t *c) { count = c->is_reload ? 1000 : 500; return 0; }';
    const parts = { extra, hooks: { init: 'begin' }, body: `if (count == 503) ${crash}` };
    await bench.load('m', counterSource(parts));
    await steps(bench, 3);
    await bench.stage('m', counterSource({ ...parts, body: '' }), 1);
    await bench.host.commit({ modules: ['m'], afresh: true });
    await steps(bench, 2);
    expect(await viewOf(bench.host, 'm')).toBe('502');
  });
});

test('the first call after a crash is told with the time since the signal, of a version started anew too', async () => {
  const recovered: ModuleRecovered[] = [];
  await using bench = await openBench({
    recovery: { ...usual, policy: { abort: 'restartModule' } },
    listener: { output: () => {}, fault: () => {}, recovered: (one) => recovered.push(one) },
  });
  await bench.load('goes', counterSource({ body: at(2) }));
  await bench.load('anew', counterSource({ body: 'if (count == 2) abort();' }));
  await steps(bench, 3);
  await until(() => recovered.length === 1);
  await bench.stage('anew', counterSource(), 1);
  await bench.host.commit({ modules: ['anew'], afresh: true });
  await steps(bench, 1);
  await until(() => recovered.length === 3);
  expect(recovered.map(({ module, generation }) => [module, generation])).toEqual([
    ['goes', 1],
    ['goes', 1],
    ['anew', 1],
  ]);
  for (const { recoveryMs } of recovered) expect(recoveryMs).toBeGreaterThan(0);
});

describe('an update that crashes where it is to be tried twice', () => {
  /** What is not among the variables that are put back tells the second time from the first. */
  const once = `static _Thread_local int tries; if (count == 7 && tries++ == 0) ${crash}`;

  test('goes on in the same frame where it goes well the second time, and nobody is taken back', async () => {
    await using bench = await recovering({ retryOnce: true });
    await bench.load('odd', counterSource({ body: once }));
    await steps(bench, 10);
    expect(bench.faults).toMatchObject([
      { module: 'odd', passedAgain: true, goesOn: false, stopped: false, wentBack: [] },
    ]);
    expect(await viewOf(bench.host, 'odd')).toBe('10');
    expect((await bench.host.stats()).modules).toMatchObject([{ module: 'odd', running: true, frames: 10 }]);
  });

  test('is the module’s own fault where it crashes again, and told once', async () => {
    await using bench = await recovering({ retryOnce: true });
    await bench.load('bad', counterSource({ body: at(7) }));
    await steps(bench, 7);
    expect(bench.faults).toMatchObject([{ module: 'bad', passedAgain: false, goesOn: true }]);
    expect(await viewOf(bench.host, 'bad')).toBe('6');
  });

  test('on probation does not take the new version back', async () => {
    await using bench = await recovering({ retryOnce: true });
    await bench.load('odd', counterSource());
    await steps(bench, 6);
    await bench.stage('odd', counterSource({ body: once }), 2);
    await bench.host.commit({ modules: ['odd'] });
    await steps(bench, 8);
    expect(bench.faults.map(({ passedAgain, wentBack }) => [passedAgain, wentBack])).toEqual([[true, []]]);
    expect((await bench.host.stats()).modules).toMatchObject([{ module: 'odd', generation: 2 }]);
  });

  test('is not tried twice without being asked to', async () => {
    await using bench = await recovering();
    await bench.load('odd', counterSource({ body: once }));
    await steps(bench, 10);
    expect(bench.faults).toMatchObject([{ passedAgain: false, goesOn: true }]);
  });
});
