import { expect, test } from 'vitest';
import { type HostBench, openBench, viewOf } from '../helpers/host-modules.js';

/** Version 1 saves "N", later ones add to the text what each step is: what was done shows in the view. */
interface Parts {
  /** Left out: nothing is declared. */
  readonly version?: number;
  /** Rows of the table: `{1, 2, add_b}`. */
  readonly steps?: string;
  readonly infoVersion?: string;
  readonly hooks?: string;
  readonly update?: string;
  readonly init?: string;
}

function source(parts: Parts): string {
  const table = `static const hotmod_migration_t steps[] = {${parts.steps ?? '{0, 0, NULL}'}};`;
  const declaration = parts.version === undefined ? '' : `${table} HOTMOD_STATE_VERSION(${parts.version}, steps);`;
  return `
#include "module_interface.h"
#include "hotmod_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char text[64] = "state";
static int add(char letter, const void *old, size_t size, void **now, size_t *now_size) {
  char *bytes = malloc(size + 1);
  memcpy(bytes, old, size);
  bytes[size - 1] = letter;
  bytes[size] = 0;
  *now = bytes;
  *now_size = size + 1;
  return 0;
}
#define STEP(name, letter) __attribute__((unused)) static int name(const void *o, size_t s, void **n, size_t *m) { return add(letter, o, s, n, m); }
STEP(add_b, 'b') STEP(add_c, 'c') STEP(add_d, 'd') STEP(add_x, 'x')
__attribute__((unused)) static int fail(const void *o, size_t s, void **n, size_t *m) { (void)o; (void)s; (void)n; (void)m; return 7; }
__attribute__((unused)) static int crash(const void *o, size_t s, void **n, size_t *m) { (void)o; (void)s; (void)n; (void)m; abort(); }
__attribute__((unused)) static int same(const void *o, size_t s, void **n, size_t *m) { *n = (void *)o; *m = s; return 0; }
static int save_state(void **data, size_t *size) {
  *size = strlen(text) + 1;
  *data = malloc(*size);
  memcpy(*data, text, *size);
  return 0;
}
static int load_state(const void *data, size_t size) { memcpy(text, data, size); return 0; }
__attribute__((unused)) static int migrate(const char *from, const char *to, void **data, size_t *size) {
  (void)from; (void)to; (void)size; memcpy(*data, "moved", 5); return 0;
}
static void update(double dt) { (void)dt; ${parts.update ?? ''} }
__attribute__((unused)) static void shut(void) {}
MODULE_EXPORT const char *module_view(void) { return text; }
static module_interface_t self = {
  .info = {.name = "m", .version = "${parts.infoVersion ?? '1.0.0'}", .api_version = MODULE_API_VERSION},
  .vtable = {.update = update, .save_state = save_state, .load_state = load_state, ${parts.hooks ?? ''}},
};
MODULE_EXPORT module_interface_t *get_module_interface(void) { return &self; }
${declaration}
`;
}

/** Starts the first version, then switches to the second. */
async function pass(bench: HostBench, first: Parts, second: Parts) {
  await bench.load('m', source(first), 1);
  const committed = await bench.load('m', source(second), 2);
  return { committed, view: await viewOf(bench.host, 'm') };
}

test('the steps between two declared versions are applied one after another', async () => {
  await using bench = await openBench();
  const { committed, view } = await pass(
    bench,
    { version: 1 },
    { version: 4, steps: '{3, 4, add_d}, {1, 2, add_b}, {2, 3, add_c}' },
  );
  expect(committed).toMatchObject({ ok: true, modules: [{ state: { kept: 1, bytes: 9 } }] });
  expect(view).toBe('statebcd');
});

test('the shortest way is taken where there are several, and one that leads nowhere is not', async () => {
  await using bench = await openBench();
  const steps = '{2, 4, add_d}, {1, 2, add_b}, {2, 3, add_c}, {3, 4, add_d}, {1, 9, add_x}';
  expect((await pass(bench, { version: 1 }, { version: 4, steps })).view).toBe('statebd');
});

test('without a way the commit is refused with both versions named, and the old version keeps its state', async () => {
  await using bench = await openBench();
  const { committed, view } = await pass(bench, { version: 1 }, { version: 3, steps: '{2, 3, add_c}, {1, 9, add_x}' });
  expect(committed).toMatchObject({ ok: false, code: 'HM504', step: 'migrate_state' });
  expect(committed.ok ? '' : committed.message).toMatch(/has version 1, .* declares version 3/);
  expect(view).toBe('state');
  expect((await bench.host.stats()).modules).toMatchObject([{ generation: 1, running: true }]);
});

test.each([
  ['fail', /migration 2 to 3 of "m" returned 7/],
  ['crash', /migration 2 to 3 of "m" crashed with SIGABRT/],
  ['same', /migration from version 2 to 3 gave back the old bytes/],
  ['NULL', /migration from version 2 to 3 has no function/],
])('a step that goes wrong (%s) takes the reload back and is named', async (step, message) => {
  await using bench = await openBench();
  const steps = `{1, 2, add_b}, {2, 3, ${step}}`;
  const { committed, view } = await pass(bench, { version: 1 }, { version: 3, steps });
  expect(committed).toMatchObject({ ok: false, step: 'migrate_state' });
  expect(committed.ok ? '' : committed.message).toMatch(message);
  expect(view).toBe('state');
});

test('state of a version that declared nothing goes through migrate_state, as before', async () => {
  await using bench = await openBench();
  const hooks = '.migrate_state = migrate,';
  const second = { version: 2, steps: '{1, 2, add_b}', infoVersion: '2.0.0', hooks };
  expect((await pass(bench, {}, second)).view).toBe('moved');
});

test.each([
  [1, 2, 'stateb'],
  [2, 2, 'state'],
])('between declared versions %i and %i migrate_state is not asked', async (from, to, expected) => {
  await using bench = await openBench();
  const second = { version: to, steps: '{1, 2, add_b}', infoVersion: '2.0.0', hooks: '.migrate_state = migrate,' };
  expect((await pass(bench, { version: from }, second)).view).toBe(expected);
});

test('a variable of that name that is no table is not taken for one', async () => {
  await using bench = await openBench();
  await bench.load('m', source({ version: 1 }), 1);
  const text = `${source({})}\nMODULE_EXPORT int hotmod_state_version = 9;`;
  expect(await bench.load('m', text, 2)).toMatchObject({ ok: true });
  expect(await viewOf(bench.host, 'm')).toBe('state');
});

test('saved bytes that something wrote over are not given back to the version they came from', async () => {
  await using bench = await openBench();
  // Only a version that was shut down is given its state again.
  await bench.load('m', source({ version: 1, hooks: '.shutdown = shut,' }), 1);
  const spoils = source({ version: 1, update: 'given[0]++; abort();' })
    .replace('static char text[64]', 'static char *given; static char text[64]')
    .replace('{ memcpy(text, data, size);', '{ given = (char *)data; memcpy(text, data, size);');
  expect(await bench.load('m', spoils, 2)).toMatchObject({ ok: true });
  await bench.host.step(1, 1 / 60);
  expect(bench.faults).toMatchObject([{ generation: 2 }]);
  const reverted = await bench.host.revert('m');
  expect(reverted).toMatchObject({ ok: false, code: 'HM506' });
  expect(reverted.message).toContain('its checksum no longer fits');
});
