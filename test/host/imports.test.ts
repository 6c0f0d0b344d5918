import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { ModuleImport, StageResult } from '../../src/host/host.js';
import { readElf } from '../../src/objfile/elf.js';
import { holdBackPatches } from '../../src/objfile/hold-back.js';
import { entryOf, type HostBench, openBench, viewOf } from '../helpers/host-modules.js';

const shows = (expression: string): string => `
#include <stdio.h>
#define EXPORT __attribute__((visibility("default")))
EXPORT const char *module_view(void) { static char text[64]; snprintf(text, sizeof text, "%ld", (long)(${expression})); return text; }`;

const provider = (answer: number): string => `
#define EXPORT __attribute__((visibility("default")))
long answers = ${answer};
EXPORT long answer(void) { return answers; }
EXPORT void provider_update(double dt) { (void)dt; }`;

const user = `
extern long answer(void);
long kept;
void user_update(double dt) { (void)dt; kept = answer(); }
${shows('kept * 1000 + answer()')}`;

const answerOf = (module: string, optional = false): ModuleImport => ({ symbol: 'answer', module, optional });

async function stage(
  bench: HostBench,
  module: string,
  source: string,
  generation: number,
  imports: readonly ModuleImport[] = [],
): Promise<StageResult> {
  const library = await bench.compile(module, source);
  const file = readElf(await readFile(library));
  const patches = imports.length === 0 ? [] : holdBackPatches(file, new Set(imports.map((one) => one.symbol)));
  return bench.host.stage({ module, generation, library, entry: entryOf(module), imports, patches });
}

async function load(bench: HostBench, ...request: [string, string, number, (readonly ModuleImport[])?]): Promise<void> {
  const staged = await stage(bench, ...request);
  if (!staged.ok) throw new Error(staged.message);
  expect(await bench.host.commit({ modules: [request[0]] })).toMatchObject({ ok: true });
}

test('a call into another module reaches its new version, which neither was loaded for', async () => {
  await using bench = await openBench();
  await load(bench, 'provider', provider(1), 1);
  await load(bench, 'user', user, 1, [answerOf('provider')]);
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'user')).toBe('1001');

  await load(bench, 'provider', provider(2), 2);
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'user')).toBe('2002');

  await load(bench, 'user', user, 2, [answerOf('provider')]);
  await load(bench, 'provider', provider(3), 3);
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'user')).toBe('3003');
});

test('tables and variables that hold its address follow as well, and so does a variable of the provider', async () => {
  await using bench = await openBench();
  const keeper = `
extern long answer(void);
extern long answers;
static long (*const table[])(void) = {answer};
static long (*initial)(void) = answer;
static long (*chosen)(void);
static long *counted;
void keeper_init(void *config) { (void)config; chosen = answer; counted = &answers; }
void keeper_update(double dt) { (void)dt; }
${shows('table[0]() * 1000000 + initial() * 10000 + chosen() * 100 + *counted * 10 + answers')}`;
  const imports = [answerOf('provider'), { symbol: 'answers', module: 'provider', optional: false }];
  await load(bench, 'provider', provider(1), 1);
  await load(bench, 'keeper', keeper, 1, imports);
  expect(await viewOf(bench.host, 'keeper')).toBe('1010111');

  await load(bench, 'provider', provider(2), 2);
  // Without a transfer plan nobody knows that \`counted\` is the variable's new place, but its symbol does.
  expect(await viewOf(bench.host, 'keeper')).toBe('2020222');
});

test('modules that are committed together call each other', async () => {
  await using bench = await openBench();
  const first =
    'extern long two(void); void first_update(double dt) { (void)dt; } long one(void) { return two() + 10; }';
  const second = (add: number): string =>
    `extern long one(void); void second_update(double dt) { (void)dt; } long two(void) { return ${add}; } ${shows('one()')}`;
  const imports = {
    first: [{ symbol: 'two', module: 'second', optional: true }],
    second: [{ symbol: 'one', module: 'first', optional: false }],
  };
  for (const generation of [1, 2]) {
    expect(await stage(bench, 'first', first, generation, imports.first)).toMatchObject({ ok: true });
    expect(await stage(bench, 'second', second(generation), generation, imports.second)).toMatchObject({ ok: true });
    expect(await bench.host.commit({ modules: ['first', 'second'] })).toMatchObject({ ok: true });
    expect(await viewOf(bench.host, 'second')).toBe(String(10 + generation));
  }
});

test('constructors may call another module', async () => {
  await using bench = await openBench();
  const eager = `
extern long answer(void);
static long early;
__attribute__((constructor)) static void begin(void) { early = answer(); }
void eager_update(double dt) { (void)dt; }
${shows('early')}`;
  await load(bench, 'provider', provider(7), 1);
  await load(bench, 'eager', eager, 1, [answerOf('provider')]);
  expect(await viewOf(bench.host, 'eager')).toBe('7');
});

test('a constructor that crashes costs its version and nothing else', async () => {
  await using bench = await openBench();
  const broken = `
extern long answer(void);
__attribute__((constructor)) static void begin(void) { *(volatile int *)answer() = 1; }
void broken_update(double dt) { (void)dt; }`;
  await load(bench, 'provider', provider(0), 1);
  expect(await stage(bench, 'broken', broken, 1, [answerOf('provider')])).toMatchObject({
    ok: false,
    code: 'HM508',
    message: expect.stringContaining('constructors of "broken" crashed with SIGSEGV'),
    crash: { signal: 'SIGSEGV', stack: { frames: [{ module: 'broken', generation: 1 }] } },
  });
  await bench.host.step(3, 1 / 60);
  expect((await bench.host.stats()).modules).toMatchObject([{ module: 'provider', frames: 3 }]);
});

test('what may be missing is null until its module comes, and again when that is gone', async () => {
  await using bench = await openBench();
  const modest = `
extern long answer(void) __attribute__((weak));
void modest_update(double dt) { (void)dt; }
${shows('answer == 0 ? -1 : answer()')}`;
  await load(bench, 'modest', modest, 1, [answerOf('provider', true)]);
  expect(await viewOf(bench.host, 'modest')).toBe('-1');
  await load(bench, 'provider', provider(4), 1);
  expect(await viewOf(bench.host, 'modest')).toBe('4');
  await bench.host.unload('provider');
  expect(await viewOf(bench.host, 'modest')).toBe('-1');
});

test('a version that uses what its provider does not have is not loaded', async () => {
  await using bench = await openBench();
  await load(bench, 'provider', 'void provider_update(double dt) { (void)dt; }', 1);
  expect(await stage(bench, 'user', user, 1, [answerOf('provider')])).toMatchObject({
    ok: false,
    code: 'HM307',
    message: expect.stringContaining('answer of provider'),
  });
});

test('callers of a version that was taken back reach the one before it again', async () => {
  await using bench = await openBench();
  await load(bench, 'provider', provider(1), 1);
  await load(bench, 'user', user, 1, [answerOf('provider')]);
  await load(bench, 'provider', provider(2), 2);
  expect(await bench.host.revert('provider')).toMatchObject({ ok: true, generation: 1 });
  await bench.host.step(1, 1 / 60);
  expect(await viewOf(bench.host, 'user')).toBe('1001');
});

test('a hundred reloads of a provider leave no image behind', async () => {
  await using bench = await openBench();
  await load(bench, 'provider', provider(0), 1);
  await load(bench, 'user', user, 1, [answerOf('provider')]);
  const libraries = [await bench.compile('provider', provider(1)), await bench.compile('provider', provider(2))];
  for (let generation = 2; generation <= 100; generation++) {
    const library = libraries[generation % 2] ?? '';
    await bench.host.stage({ module: 'provider', generation, library, entry: entryOf('provider') });
    expect(await bench.host.commit({ modules: ['provider'] })).toMatchObject({ ok: true });
    await bench.host.step(1, 1 / 60);
  }
  expect(await viewOf(bench.host, 'user')).toBe('1001');
  expect((await bench.host.stats()).keptImages).toBe(0);
  const maps = await readFile(`/proc/${bench.host.pid}/maps`, 'utf8');
  expect(new Set(maps.match(/\/\d+-provider\.so/g)).size).toBe(2);
});
