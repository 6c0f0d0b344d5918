import { expect, test } from 'vitest';
import { twoBuilds } from '../helpers/two-builds.js';

test('unchanged variables side by side go over in one copy', async () => {
  const text = 'int a; long b; char c[100]; int d; int use(void) { return a + (int)b + c[0] + d; }';
  await using both = await twoBuilds(text, text);
  for (const [name, value] of [
    ['a', 1],
    ['b', 2n],
    ['c[99]', 3],
    ['d', 4],
  ] as const)
    both.old.set(name, value);
  expect(both.transfer()).toEqual([]);
  expect([both.now.get('a'), both.now.get('b'), both.now.get('c[99]'), both.now.get('d')]).toEqual([1, 2n, 3, 4]);
  expect(both.kinds()).toEqual([]);
  expect(both.state.plan?.summary).toMatchObject({ kept: 4, converted: 0, reset: 0, dropped: 0 });
});

test('a field inserted in the middle leaves every other field its value', async () => {
  const body = '} city; int use(void) { return city.people; }';
  await using both = await twoBuilds(
    `struct city { int people; double money; short mood; ${body}`,
    `struct city { int people; int houses; double money; long trees; short mood; ${body}`,
  );
  both.old.set('city.people', -7);
  both.old.set('city.money', 2.5);
  both.old.set('city.mood', 9);
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('city.people')).toBe(-7);
  expect(both.now.get('city.houses')).toBe(0);
  expect(both.now.get('city.money')).toBe(2.5);
  expect(both.now.get('city.trees')).toBe(0n);
  expect(both.now.get('city.mood')).toBe(9);
  expect(both.kinds()).toContain('fieldAdded');
});

test('a new field of a converted struct starts with its initial value', async () => {
  await using both = await twoBuilds(
    'struct city { int people; int mood; } city = {1, 2}; int use(void) { return city.people; }',
    'struct city { int people; int houses; int mood; } city = {1, 77, 2}; int use(void) { return city.people; }',
  );
  both.old.set('city.people', 100);
  both.transfer();
  expect([both.now.get('city.people'), both.now.get('city.houses'), both.now.get('city.mood')]).toEqual([100, 77, 2]);
});

test('a variable that nobody changed takes its new initial value, and one that changed keeps the live one', async () => {
  await using both = await twoBuilds(
    'int speed = 5; int limit = 6; int use(void) { return speed + limit; }',
    'int speed = 50; int limit = 60; int use(void) { return speed + limit; }',
  );
  both.old.set('limit', 7);
  const found = both.transfer();
  expect([both.now.get('speed'), both.now.get('limit')]).toEqual([50, 7]);
  expect(found.map((one) => [one.check.kind, one.check.path])).toEqual([['initialValue', 'limit']]);
});

test('arrays of structs are converted element by element, nested arrays too', async () => {
  const rest = '} houses[3]; int use(void) { return houses[0].floor; }';
  await using both = await twoBuilds(
    `struct room { int size; char name[6]; }; struct house { int floor; struct room rooms[2]; ${rest}`,
    `struct room { char name[6]; long size; }; struct house { char open; int floor; struct room rooms[2]; ${rest}`,
  );
  for (const h of [0, 1, 2]) {
    both.old.set(`houses[${h}].floor`, 10 + h);
    for (const r of [0, 1]) {
      both.old.set(`houses[${h}].rooms[${r}].size`, -(h * 10 + r));
      both.old.setText(`houses[${h}].rooms[${r}].name`, `r${h}${r}`);
    }
  }
  expect(both.transfer()).toEqual([]);
  for (const h of [0, 1, 2]) {
    expect(both.now.get(`houses[${h}].floor`)).toBe(10 + h);
    for (const r of [0, 1]) {
      expect(both.now.get(`houses[${h}].rooms[${r}].size`)).toBe(BigInt(-(h * 10 + r)));
      expect(both.now.text(`houses[${h}].rooms[${r}].name`)).toBe(`r${h}${r}`);
    }
  }
});

test('what is new between two fields that stay where they are is not filled with what was there', async () => {
  const use = 'int use(void) { return outer.inner.c; }';
  await using both = await twoBuilds(
    `struct outer { char x; struct { int a; int b; int c; } inner; } outer; ${use}`,
    `struct outer { char x; char y; struct { int a; int fresh; int c; } inner; } outer; ${use}`,
  );
  for (const name of ['a', 'b', 'c']) both.old.set(`outer.inner.${name}`, 9);
  both.transfer();
  expect(['a', 'fresh', 'c'].map((name) => both.now.get(`outer.inner.${name}`))).toEqual([9, 0, 9]);
});

test('pointers to variables, fields and elements follow what they point to through a conversion', async () => {
  const rest =
    'struct city cities[4]; struct city *best; int *people; struct city *end; double *money; int use(void) { return *people; }';
  await using both = await twoBuilds(
    `struct city { int people; double money; }; ${rest}`,
    `struct city { char open; double money; long trees; int people; }; ${rest}`,
  );
  both.old.set('best', BigInt(both.old.address('cities[2]')));
  both.old.set('people', BigInt(both.old.address('cities[1].people')));
  both.old.set('money', BigInt(both.old.address('cities[0].money')));
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('best')).toBe(BigInt(both.now.address('cities[2]')));
  expect(both.now.get('people')).toBe(BigInt(both.now.address('cities[1].people')));
  expect(both.now.get('money')).toBe(BigInt(both.now.address('cities[0].money')));
  expect(both.now.get('end')).toBe(0n);
});

test('tables of function pointers lead to the new functions', async () => {
  const table =
    'int (*table[3])(void); int use(void) { return table[0](); } int one(void) { return 1; } int two(void) { return 2; }';
  await using both = await twoBuilds(table, `int zero(void) { return 0; } ${table}`);
  both.old.set('table[0]', BigInt(both.old.function('one')));
  both.old.set('table[2]', BigInt(both.old.function('two')));
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('table[0]')).toBe(BigInt(both.now.function('one')));
  expect(both.now.get('table[1]')).toBe(0n);
  expect(both.now.get('table[2]')).toBe(BigInt(both.now.function('two')));
});

test('a pointer to a function that is gone is found by its check', async () => {
  await using both = await twoBuilds(
    'int (*hook)(void); int old(void) { return 1; } int use(void) { return hook(); }',
    'int (*hook)(void); int use(void) { return hook(); }',
  );
  const change = both.change('functionGone');
  expect(change.detail).toContain('old');
  expect(both.transfer()).toEqual([]);
  both.old.set('hook', BigInt(both.old.function('old')));
  expect(both.transfer().map((one) => one.number)).toEqual([change.check]);
  expect(both.now.get('hook')).toBe(0n);
});

test('numbers become wider, floating, or narrower where they fit', async () => {
  const use = 'int use(void) { return (int)a + (int)b + (int)c + (int)d; }';
  await using both = await twoBuilds(
    `int a; int b; long c; double d; ${use}`,
    `long a; double b; short c; float d; ${use}`,
  );
  both.old.set('a', -3);
  both.old.set('b', 1 << 20);
  both.old.set('c', 1000n);
  both.old.set('d', 0.5);
  expect(both.transfer()).toEqual([]);
  expect([both.now.get('a'), both.now.get('b'), both.now.get('c'), both.now.get('d')]).toEqual([
    -3n,
    1 << 20,
    1000,
    0.5,
  ]);
  both.old.set('c', -40000n);
  const found = both.transfer();
  expect(found.map((one) => [one.check.kind, one.check.path, BigInt.asIntN(64, one.value)])).toEqual([
    ['narrowed', 'c', -40000n],
  ]);
  expect(both.now.get('c')).toBe(-32768);
});

test('bit-fields keep their values wherever they move', async () => {
  await using both = await twoBuilds(
    'struct flags { unsigned a : 3; int b : 7; unsigned c : 12; } flags; int use(void) { return flags.b; }',
    'struct flags { unsigned c : 13; unsigned x : 5; unsigned a : 3; long b : 33; } flags; int use(void) { return flags.a; }',
  );
  both.old.set('flags.a', 5);
  both.old.set('flags.b', -33);
  both.old.set('flags.c', 4000);
  expect(both.transfer()).toEqual([]);
  expect([both.now.get('flags.a'), both.now.get('flags.b'), both.now.get('flags.c'), both.now.get('flags.x')]).toEqual([
    5,
    -33n,
    4000,
    0,
  ]);
});

test('enumerators go over by name, and one that is gone is found only where a value has it', async () => {
  const use = 'enum mood mood; enum mood moods[2]; int use(void) { return mood; }';
  await using both = await twoBuilds(
    `enum mood { CALM, HAPPY, ANGRY }; ${use}`,
    `enum mood { HAPPY, BORED, CALM }; ${use}`,
  );
  both.old.set('mood', 1);
  both.old.set('moods[0]', 0);
  both.old.set('moods[1]', 1);
  expect(both.transfer()).toEqual([]);
  expect([both.now.get('mood'), both.now.get('moods[0]'), both.now.get('moods[1]')]).toEqual([0, 2, 0]);
  both.old.set('moods[1]', 2);
  expect(both.transfer().map((one) => [one.check.kind, one.value, one.round])).toEqual([['enumeratorRemoved', 2n, 1]]);
});

test('a longer array keeps its elements, and a shorter one may only lose empty ones', async () => {
  await using both = await twoBuilds(
    'int grow[2]; int shrink[5]; unsigned char bytes[4]; int use(void) { return grow[0] + shrink[0] + bytes[0]; }',
    'int grow[4]; int shrink[3]; unsigned char bytes[2]; int use(void) { return grow[0] + shrink[0] + bytes[0]; }',
  );
  both.old.set('grow[1]', 11);
  both.old.set('shrink[2]', 12);
  both.old.set('bytes[1]', 13);
  expect(both.transfer()).toEqual([]);
  expect([
    both.now.get('grow[1]'),
    both.now.get('grow[3]'),
    both.now.get('shrink[2]'),
    both.now.get('bytes[1]'),
  ]).toEqual([11, 0, 12, 13]);
  both.old.set('shrink[3]', 1);
  expect(both.transfer().map((one) => [one.check.kind, one.check.path])).toEqual([['arrayShorter', 'shrink']]);
});

test('a text that would lose its end does not fit a shorter array', async () => {
  await using both = await twoBuilds(
    'char name[8]; int use(void) { return name[0]; }',
    'char name[4]; int use(void) { return name[0]; }',
  );
  both.old.setText('name', 'abc');
  expect(both.transfer()).toEqual([]);
  expect(both.now.text('name')).toBe('abc');
  both.old.setText('name', 'abcd');
  expect(both.transfer().map((one) => one.check.kind)).toEqual(['arrayShorter']);
});

test('an object of a class with virtual functions gets the new table', async () => {
  const text = (extra: string): string => `
    struct Shape { virtual int area() { return 1; } int size = 3; ${extra} };
    Shape shape; Shape shapes[2];
    extern "C" int use() { return shape.area() + shapes[1].size; }`;
  await using both = await twoBuilds(text(''), text('long color = 4;'), { cpp: true });
  const table = (image: typeof both.old): bigint => {
    const storage = image.model.vtables.get('_ZTV5Shape');
    return BigInt(image.base + (storage?.address ?? 0) + 16);
  };
  const word = (image: typeof both.old, path: string): bigint =>
    new DataView(image.memory.buffer).getBigUint64(image.address(path) - image.base, true);
  for (const path of ['shape', 'shapes[0]', 'shapes[1]']) {
    new DataView(both.old.memory.buffer).setBigUint64(both.old.address(path) - both.old.base, table(both.old), true);
  }
  both.old.set('shapes[1].size', 42);
  expect(both.transfer()).toEqual([]);
  expect(['shape', 'shapes[0]', 'shapes[1]'].map((path) => word(both.now, path))).toEqual(
    Array(3).fill(table(both.now)),
  );
  expect(both.now.get('shapes[1].size')).toBe(42);
});
