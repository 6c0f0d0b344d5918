import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CrashPlace, EventOf } from '../../../src/events/events.js';
import { until } from '../../helpers/host-modules.js';
import { openTestSession, type TestSession } from '../../helpers/session.js';
import { tempDir } from '../../helpers/temp-dir.js';

const frame = 1 / 60;
const source = 'modules/city/city.c';

const good = `static int g_days;
void city_update(double dt) { (void)dt; g_days++; }
`;

const header = `static inline int price_of(int *house) {
  return *house;
}
`;

const bad = `#include "house.h"
static int g_days;
static int tax(int *house) {
  return price_of(house) / 10;
}
void city_update(double dt) { (void)dt; if (++g_days > 0) tax(0); }
`;

function spell({ stack }: CrashPlace): readonly string[] {
  return stack.map((one) => `${one.module} ${one.generation} ${one.function} ${one.file}:${one.line}`);
}

function crashes({ events }: TestSession): readonly EventOf<'host:crash'>[] {
  return events.filter((event) => event.type === 'host:crash');
}

async function change(running: TestSession, file: string, text: string): Promise<void> {
  await writeFile(file, text);
  running.session.request(['city']);
  await running.session.idle();
}

test('a crash is told with the stack of its generation before the version before it runs again', async () => {
  await using dir = await tempDir({ [source]: good, 'modules/city/house.h': header });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  await running.session.step(2, frame);
  await change(running, join(dir.path, source), bad);
  await running.session.step(1, frame);
  await until(() => running.outcomes('city').at(-1)?.outcome === 'rolledBack');
  const [crash] = crashes(running);
  expect(crash).toMatchObject({
    module: 'city',
    generation: 2,
    signal: 'SIGSEGV',
    address: '0x0',
    function: 'price_of',
    file: 'modules/city/house.h',
    line: 2,
    leftOut: null,
  });
  expect(crash?.message).toBe('city crashed with SIGSEGV in price_of during update, after 0 frames.');
  expect(spell(crash as CrashPlace)).toEqual([
    'city 2 price_of modules/city/house.h:2',
    'city 2 tax modules/city/city.c:4',
    'city 2 city_update modules/city/city.c:6',
  ]);
  expect(crash?.registers).toHaveProperty(process.arch === 'x64' ? 'rip' : 'pc');
  const order = running.events.map((event) => event.type);
  expect(order.indexOf('host:crash')).toBeLessThan(order.lastIndexOf('reload:done'));
  expect(JSON.parse(JSON.stringify(crash))).toEqual(crash);
});

test('an inlined function is told with who it was inlined into, and optimised code with its lines', async () => {
  const config = { 'hotmod.config.json': JSON.stringify({ build: { flags: ['-O2'] } }) };
  const noinline = bad
    .replace('static int tax', '__attribute__((noinline)) static int tax')
    .replace('tax(0)', 'g_days += tax((int *)(long)g_days)');
  await using dir = await tempDir({ [source]: noinline, 'modules/city/house.h': header, ...config });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  await running.session.step(1, frame);
  await until(() => crashes(running).length > 0);
  const [crash] = crashes(running);
  expect(crash?.stack[0]).toMatchObject({ function: 'price_of', line: 2, inlined: true });
  expect(crash?.stack[1]).toMatchObject({ function: 'tax', file: source, line: 4, inlined: false });
  expect(crash?.stack[2]).toMatchObject({ function: 'city_update', file: source, line: 6 });
});

test('C++ functions are told with their namespaces and classes', async () => {
  const text = `namespace city {
struct house {
  int *rooms = nullptr;
  int count() const { return *rooms; }
};
}
static city::house g_house;
extern "C" void city_update(double) { g_house.count(); }
`;
  await using dir = await tempDir({ 'modules/city/city.cpp': text });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  await running.session.step(1, frame);
  await until(() => crashes(running).length > 0);
  expect(crashes(running)[0]?.stack.map((one) => `${one.function}:${one.line}`)).toEqual([
    'city::house::count:4',
    'city_update:8',
  ]);
});

test('a step of a reload that crashes tells its stack with the outcome', async () => {
  await using dir = await tempDir({ [source]: good });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  const breaks = `#include "module_interface.h"
static int g_days;
static int begin(const module_config_t *config) {
  (void)config;
  return *(volatile int *)16;
}
static void update(double dt) { (void)dt; g_days++; }
static module_interface_t self = {
  .info = {.name = "city", .version = "1.0.0", .api_version = MODULE_API_VERSION},
  .vtable = {.init = begin, .update = update, .save_state = 0},
};
MODULE_EXPORT module_interface_t *get_module_interface(void) { return *(volatile int *)16 ? &self : 0; }
`;
  await change(running, join(dir.path, source), breaks);
  const outcome = running.outcomes('city').at(-1);
  expect(outcome?.outcome).toBe('failed');
  expect(outcome?.reasons[0]?.crash).toMatchObject({
    function: 'get_module_interface',
    file: source,
    line: 12,
    address: '0x10',
  });
});

test('a crash outside of calls, and a call that hangs, are told with their stacks after the host is gone', async () => {
  const threads = `#include <pthread.h>
#include <stddef.h>
static void *fall(void *unused) {
  *(volatile int *)16 = 1; return unused;
}
void city_update(double dt) { (void)dt; pthread_t t; pthread_create(&t, NULL, fall, NULL); pthread_join(t, NULL); }
`;
  const config = { 'hotmod.config.json': JSON.stringify({ host: { hangTimeoutMs: 400 } }) };
  await using dir = await tempDir({ [source]: threads, ...config });
  await using running = await openTestSession(dir.path, { watch: false, stepped: true });
  await running.session.step(1, frame).catch(() => undefined);
  await until(() => crashes(running).length === 1);
  expect(crashes(running)[0]).toMatchObject({ fatal: true, function: 'fall', file: source, line: 4, address: '0x10' });
  await running.session.idle();

  const hangs = `static volatile int g_stop;
void city_update(double dt) {
  (void)dt;
  while (!g_stop) {}
}
`;
  await change(running, join(dir.path, source), hangs);
  await running.session.step(1, frame).catch(() => undefined);
  await until(() => crashes(running).length === 2);
  expect(crashes(running)[1]).toMatchObject({ signal: 'hang', function: 'city_update', file: source, line: 4 });
  expect(spell(crashes(running)[1] as CrashPlace)).toEqual(['city 2 city_update modules/city/city.c:4']);
});
