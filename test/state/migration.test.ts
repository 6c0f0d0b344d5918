import { expect, test } from 'vitest';
import { twoBuilds } from '../helpers/two-builds.js';

const preamble = '#include <stdlib.h>\n#include <string.h>\n#include "hotmod_state.h"\n';

/** The new source with what was printed behind it, and a table that uses it. */
async function compiles(before: string, after: string, record: string): Promise<string> {
  await using both = await twoBuilds(before, after);
  const { migration } = both.state;
  if (migration === null) throw new Error('nothing was printed');
  const table = `static const hotmod_migration_t steps[] = {{1, 2, migrate_${record}}};\nHOTMOD_STATE_VERSION(2, steps);\n`;
  const args = ['-Wall', '-Werror', `-I${new URL('../../modules/include', import.meta.url).pathname}`];
  await both.workspace.build('pasted.so', `${preamble}${after}\n${migration}\n${table}`, { args });
  return migration;
}

test('the function that is printed for a refused struct compiles as it is', async () => {
  const rest = 'struct city *cities; int use(void) { return cities->mood; }';
  const migration = await compiles(
    `enum mood { CALM, ANGRY }; struct city { int people; enum mood mood; char name[8]; int (*call)(int, char *); unsigned a : 3; }; ${rest}`,
    `enum mood { CALM, ANGRY }; struct city { enum mood mood; long people; char name[16]; int (*call)(int, char *); unsigned a : 3; double money; }; ${rest}`,
    'city',
  );
  expect(migration).toContain('struct city_old {');
  expect(migration).toContain('now->people = (long)old->people');
  expect(migration).toContain('now->money is new');
});

test('it compiles for structs inside structs, texts that become shorter and fields that are gone', async () => {
  const rest = 'struct city *cities; int use(void) { return cities->x; }';
  const migration = await compiles(
    `struct point { int x, y; }; struct city { int x; char name[16]; struct point at; int gone; struct point *way[3]; }; ${rest}`,
    `struct point { int x, y; }; struct city { char name[8]; struct point at; struct point *way[3]; int x; }; ${rest}`,
    'city',
  );
  expect(migration).toContain('old->gone has no place');
});

test('it compiles where inner structs changed, are gone or have no name, and where a typedef means something else', async () => {
  const rest = 'struct city *cities; int use(void) { return cities->x; }';
  const migration = await compiles(
    `typedef int money_t; enum old_mood { CALM }; struct point { int x; }; struct gone { struct point p; long z; };
     struct city { int x; struct gone gone; money_t money; enum old_mood mood; union { int a; double b; }; struct { char c; } in[2]; }; ${rest}`,
    `typedef double money_t; struct point { int x, y; };
     struct city { int x; money_t money; int mood; union { int a; double b; }; struct { char c; } in[2]; }; ${rest}`,
    'city',
  );
  expect(migration.indexOf('struct point_old {')).toBeLessThan(migration.indexOf('struct gone_old {'));
});

test('a struct that only a typedef names is told and printed by that name', async () => {
  const rest = 'city_t home, *cities; int use(void) { return cities->x + home.x; }';
  const migration = await compiles(
    `typedef struct { int x; } city_t; ${rest}`,
    `typedef struct { int y; int x; } city_t; ${rest}`,
    'city_t',
  );
  expect(migration).toContain('city_t *now = calloc');
  await using both = await twoBuilds(
    `typedef struct { int x; } city_t; ${rest}`,
    `typedef struct { int y; int x; } city_t; ${rest}`,
  );
  expect(both.change('fieldAdded')).toMatchObject({ record: 'city_t', path: 'home.y' });
  expect(both.change('behindPointer')).toMatchObject({ record: 'city_t', path: 'cities' });
});

test('what is pasted carries values over', async () => {
  const rest = 'struct city *cities; int use(void) { return cities->x; }';
  const [before, after] = [
    `struct city { int x; char name[12]; float f; }; ${rest}`,
    `struct city { char name[6]; double f; long x; }; ${rest}`,
  ];
  await using both = await twoBuilds(before, after);
  const main = `
    #include <stdio.h>
    int main(void) {
      struct city_old old = {-5, "long name", 0.5f};
      void *made; size_t size;
      if (migrate_city(&old, sizeof old, &made, &size) != 0) return 1;
      struct city *now = made;
      printf("%s %g %ld %zu", now->name, now->f, now->x, size);
      return 0;
    }`;
  const args = [`-I${new URL('../../modules/include', import.meta.url).pathname}`];
  const program = await both.workspace.build('pasted', `${preamble}${after}\n${both.state.migration}\n${main}`, {
    kind: [],
    args,
  });
  expect(await both.workspace.run(program)).toBe('long  0.5 -5 24');
});

test('nothing is printed where nothing refuses', async () => {
  await using both = await twoBuilds('int a; int use(void) { return a; }', 'long a; int use(void) { return (int)a; }');
  expect(both.state.migration).toBeNull();
});
