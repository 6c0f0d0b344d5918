import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { counterSource, openBench, until, viewOf } from '../helpers/host-modules.js';

test('200 reloads leave neither descriptors, mappings, files nor kept images behind', async () => {
  await using bench = await openBench();
  const { host } = bench;
  const libraries = [
    await bench.compile('even', counterSource()),
    await bench.compile('odd', counterSource({ by: 2 })),
  ];
  const entry = {
    getInterface: ['get_module_interface'],
    init: [],
    update: [],
    shutdown: [],
    saveState: [],
    loadState: [],
    view: ['module_view'],
  };
  const reload = async (generation: number): Promise<void> => {
    const library = libraries[generation % 2] ?? '';
    expect(await host.stage({ module: 'counter', generation, library, entry })).toMatchObject({ ok: true });
    expect(await host.commit({ modules: ['counter'] })).toMatchObject({ ok: true });
    await host.step(1, 1 / 60);
  };
  const images = async (): Promise<number> => {
    const maps = await readFile(`/proc/${host.pid}/maps`, 'utf8');
    return new Set(maps.match(/\/\d+-counter\.so/g)).size;
  };
  const descriptors = async (): Promise<number> => (await readdir(`/proc/${host.pid}/fd`)).length;

  for (let generation = 1; generation <= 10; generation++) await reload(generation);
  const before = await descriptors();
  for (let generation = 11; generation <= 200; generation++) await reload(generation);
  expect(await descriptors()).toBe(before);
  expect(await images()).toBe(2);
  expect((await readdir(bench.options.runDir)).filter((name) => name.endsWith('.so'))).toHaveLength(2);
  expect((await host.stats()).keptImages).toBe(0);
  expect(await viewOf(host, 'counter')).toBe('300');
});

test('saved state that points into the old version keeps that version mapped', async () => {
  await using bench = await openBench();
  const extra = `
static const char *greeting = "hello";
static int save(void **data, size_t *size) { *data = malloc(sizeof greeting); *size = sizeof greeting; memcpy(*data, &greeting, sizeof greeting); return 0; }
static int load(const void *data, size_t size) { memcpy(&greeting, data, size); return 0; }
MODULE_EXPORT const char *shown(void) { return greeting; }`;
  const source = counterSource({ extra, hooks: { save_state: 'save', load_state: 'load' } }).replace(
    'snprintf(text, sizeof text, "%ld", count); return text;',
    'extern const char *shown(void); (void)text; return shown();',
  );
  await bench.load('counter', source, 1);
  expect(await bench.load('counter', source, 2)).toMatchObject({ ok: true, modules: [{ oldImageKept: true }] });
  await bench.load('counter', source, 3);
  await bench.load('counter', source, 4);
  expect(await viewOf(bench.host, 'counter')).toBe('hello');
  expect((await bench.host.stats()).keptImages).toBeGreaterThan(0);
});

test('lines reach the listener with the module that wrote them, flushed or not, in order', async () => {
  await using bench = await openBench();
  await bench.load(
    'talker',
    counterSource({
      body: 'printf("one\\n"); fflush(stdout); printf("two "); printf("three\\n"); fprintf(stderr, "trouble\\n");',
    }),
  );
  await bench.load('quiet', counterSource());
  await bench.load('other', counterSource({ body: 'printf("part"); if (count == 2) printf("\\n");' }));
  await bench.host.step(2, 1 / 60);
  await bench.host.close();
  const of = (stream: string) =>
    bench.lines.filter((line) => line.stream === stream).map((line) => `${line.module}: ${line.text}`);
  expect(of('stdout')).toEqual([
    'talker: one',
    'talker: two three',
    'talker: one',
    'talker: two three',
    'other: partpart',
  ]);
  expect(of('stderr')).toEqual(['talker: trouble', 'talker: trouble']);
});

test('a text larger than every buffer arrives whole', async () => {
  await using bench = await openBench();
  await bench.load('big', counterSource({ body: 'for (int n = 0; n < 20000; n++) printf("line %d\\n", n);' }));
  await bench.host.step(1, 1 / 60);
  await bench.host.close();
  expect(bench.lines).toHaveLength(20_000);
  expect(bench.lines.every((line, index) => line.module === 'big' && line.text === `line ${index}`)).toBe(true);
});

test('module_get_symbol finds what runs now, before and after a reload, and nothing of an absent module', async () => {
  await using bench = await openBench();
  const asking = counterSource({
    body: `
  long (*get)(void) = (long (*)(void))module_get_symbol("provider", "get_count");
  count = get == NULL ? -1 : get() * 1000 + (long)module_frame_number();
  if (module_is_loaded("nobody") || module_get_symbol("nobody", "x") || module_get_symbol("provider", "printf")) count = -2;`,
  });
  await bench.load('asker', asking);
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'asker')).toBe('-1');
  await bench.load('provider', counterSource());
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'asker')).toBe('2');
  await bench.load('provider', counterSource({ by: 10 }), 2);
  await bench.host.step(2, 1 / 60);
  expect(await viewOf(bench.host, 'asker')).toBe('11004');
});

test('a module of plain functions runs, whatever its void functions leave in the result register', async () => {
  await using bench = await openBench();
  const source = `
#include <stdio.h>
static int frames;
int seven(void); int seven(void) { return 7; }
void plain_init(void) { seven(); }
void plain_update(double dt) { frames += dt > 0; }
const char *module_view(void) { static char t[32]; snprintf(t, sizeof t, "%d", frames); return t; }`;
  const staged = await bench.stage('plain', source);
  expect(staged).toMatchObject({ ok: true, facts: { style: 'functions', hooks: ['init', 'update'], hasView: true } });
  expect(await bench.host.commit({ modules: ['plain'] })).toMatchObject({ ok: true });
  await bench.host.step(3, 0.5);
  expect(await viewOf(bench.host, 'plain')).toBe('3');
  await bench.host.unload('plain');
  await bench.host.unload('unknown');
  expect((await bench.host.stats()).modules).toEqual([]);
});

test('without a clock nothing runs but the frames asked for; with one, pause stops them and step runs through it', async () => {
  await using bench = await openBench({ stepped: false, rate: 200 });
  await bench.load('counter', counterSource());
  await until(async () => (await bench.host.stats()).frame > 5);
  await bench.host.pause();
  const paused = await bench.host.stats();
  expect(paused.paused).toBe(true);
  await bench.host.step(3, 1 / 60);
  expect((await bench.host.stats()).frame).toBe(paused.frame + 3);
  await bench.host.setRate(100);
  await bench.host.resume();
  await until(async () => (await bench.host.stats()).frame > paused.frame + 5);
  expect((await bench.host.stats()).rate).toBe(100);
});

test('names outside ASCII are kept', async () => {
  await using bench = await openBench();
  await bench.load('städte', counterSource({ body: 'printf("läuft\\n");' }));
  await bench.host.step(1, 1 / 60);
  expect((await bench.host.stats()).modules).toMatchObject([{ module: 'städte', frames: 1 }]);
  await until(() => bench.lines.length === 1);
  expect(bench.lines).toEqual([{ stream: 'stdout', module: 'städte', text: 'läuft' }]);
});

test('a view is cut between two characters and a view that crashes takes the module out', async () => {
  await using bench = await openBench();
  const long = `
#include <string.h>
void long_update(double t) { (void)t; }
const char *module_view(void) { static char t[100000]; for (int n = 0; n + 3 < 99999; n += 3) memcpy(t + n, "\\xe2\\x82\\xac", 3); return t; }`;
  await bench.load('long', long);
  const [view] = await bench.host.views();
  expect(Buffer.byteLength(view?.text ?? '')).toBe(65_535);
  expect(view?.text.endsWith('€')).toBe(true);
  await bench.load(
    'bad',
    'void bad_update(double t) { (void)t; }\nconst char *module_view(void) { return (const char *)1; }',
  );
  await bench.host.views();
  expect(bench.faults).toMatchObject([{ module: 'bad', call: 'module_view' }]);
});
