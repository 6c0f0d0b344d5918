import { expect, test } from 'vitest';
import { twoBuilds } from '../helpers/two-builds.js';

const header = '#include "hotmod_state.h"\n';

test('a variable that is gone is named, and a new one is not worth a word', async () => {
  await using both = await twoBuilds(
    'int a; int b; int use(void) { return a + b; }',
    'int a; long c; int use(void) { return a + (int)c; }',
  );
  expect(both.kinds()).toEqual(['variableRemoved']);
  expect(both.change('variableRemoved')).toMatchObject({ path: 'b', before: { type: 'int' }, after: null });
  expect(both.state.plan?.summary).toMatchObject({ kept: 1, dropped: 1 });
});

test('one gone and one new of the same type may be a rename, which only HOTMOD_WAS makes one', async () => {
  const before = 'int people; int use(void) { return people; }';
  await using unsure = await twoBuilds(before, 'int citizens; int use(void) { return citizens; }');
  unsure.old.set('people', 5);
  unsure.transfer();
  expect(unsure.change('renamed')).toMatchObject({ path: 'citizens', detail: 'people' });
  expect(unsure.now.get('citizens')).toBe(0);
  await using sure = await twoBuilds(
    before,
    `${header}int citizens HOTMOD_WAS("people"); int use(void) { return citizens; }`,
  );
  sure.old.set('people', 5);
  sure.transfer();
  expect(sure.change('carriedAs')).toMatchObject({ path: 'citizens', detail: 'people' });
  expect(sure.now.get('citizens')).toBe(5);
});

test('a field keeps its value under a new name with HOTMOD_WAS alone, for C and for C++', async () => {
  for (const cpp of [false, true]) {
    const use = cpp ? 'extern "C" int use() { return city.mood; }' : 'int use(void) { return city.mood; }';
    const before = `struct city { int people; int mood; } city; ${use}`;
    const after = `${header}struct city {\n  int citizens HOTMOD_WAS("people");\n  int mood;\n} city; ${use}`;
    await using both = await twoBuilds(before, after, { cpp });
    both.old.set('city.people', 7);
    both.transfer();
    expect(both.now.get('city.citizens')).toBe(7);
    expect(both.change('carriedAs')).toMatchObject({ path: 'city.citizens', detail: 'people' });
    await using plain = await twoBuilds(before, after.replace('HOTMOD_WAS("people")', ''), { cpp });
    plain.old.set('city.people', 7);
    plain.transfer();
    expect(plain.now.get('city.citizens')).toBe(0);
    expect(plain.change('renamed')).toMatchObject({ path: 'city.citizens', detail: 'people' });
  }
});

test('a variable marked HOTMOD_RESET starts afresh', async () => {
  const before = 'int total = 3; int use(void) { return total; }';
  await using both = await twoBuilds(before, `${header}int total HOTMOD_RESET = 3; int use(void) { return total; }`);
  both.old.set('total', 9);
  both.transfer();
  expect(both.now.get('total')).toBe(3);
  expect(both.kinds()).toEqual(['reset']);
  expect(both.state.plan?.summary.reset).toBe(1);
});

test('a static that moves into a function is the same variable', async () => {
  await using both = await twoBuilds(
    'static int count; int use(void) { return ++count; }',
    'int use(void) { static int count; return ++count; }',
  );
  both.old.set('count', 4);
  both.transfer();
  expect(both.change('variableMoved').detail).toBe('count');
  expect(both.now.get('use::count')).toBe(4);
});

test('a variable of the same name and another kind elsewhere is another variable', async () => {
  await using both = await twoBuilds(
    'static int name; int use(void) { return ++name; }',
    'int use(void) { static char *name; return *name++; }',
  );
  expect(both.kinds()).toEqual(['variableRemoved']);
});

test('statics of one name in one function cannot be told apart when one of them goes', async () => {
  const block = (text: string): string => `{ static int n; ${text} sum += ++n; }`;
  await using both = await twoBuilds(
    `int use(int sum) { ${block('')} ${block('sum++;')} return sum; }`,
    `int use(int sum) { ${block('sum++;')} return sum; }`,
  );
  expect(both.kinds()).toEqual(['ambiguous', 'ambiguous']);
  await using same = await twoBuilds(
    `int use(int sum) { ${block('')} ${block('sum++;')} return sum; }`,
    `int use(int sum) { ${block('')} ${block('sum += 2;')} return sum; }`,
  );
  expect(same.kinds()).toEqual([]);
});

test('a flexible array keeps its elements while nothing changes, and refuses when their number does', async () => {
  const text = (data: string): string =>
    `struct list { int count; int data[]; } list = {1, {${data}}}; int use(void) { return list.data[list.count]; }`;
  await using same = await twoBuilds(text('1, 2, 3'), text('1, 2, 3'));
  const last = same.old.address('list') - same.old.base + 12;
  same.old.memory[last] = 99;
  same.transfer();
  expect(same.now.memory[same.now.address('list') - same.now.base + 12]).toBe(99);
  expect(same.kinds()).toEqual([]);
  await using longer = await twoBuilds(text('1, 2, 3'), text('1, 2, 3, 4'));
  expect(longer.kinds()).toContain('flexibleArray');
});

test('an enumeration that is a set of flags refuses combinations when its numbers change', async () => {
  const use = 'enum way ways; int use(void) { return ways; }';
  await using both = await twoBuilds(
    `enum way { NORTH = 1, EAST = 2, SOUTH = 4 }; ${use}`,
    `enum way { NORTH = 2, EAST = 4, SOUTH = 8 }; ${use}`,
  );
  both.old.set('ways', 4);
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('ways')).toBe(8);
  both.old.set('ways', 5);
  expect(both.transfer().map((one) => one.number)).toEqual([both.change('enumeratorRemoved').check]);
});

test('every check that refuses is announced by a change or is about a pointer', async () => {
  const use = 'int use(void) { return mood; }';
  await using both = await twoBuilds(`enum mood { A, B, C } mood; ${use}`, `enum mood { B, A, C } mood; ${use}`);
  const announced = new Set(both.state.changes.map((change) => change.check));
  const silent = both.state.plan?.checks.filter(
    (check, n) => check.decisive && check.kind !== 'pointer' && !announced.has(n),
  );
  expect(silent).toEqual([]);
});

test('a new field in the padding of a base class starts with its initial value', async () => {
  const text = (fields: string): string => `
    struct Base { Base() = default; int x = 1; char c = 2; private: int hidden() { return x; } };
    struct Item : Base { ${fields} }; Item item;
    extern "C" int use() { return item.x + item.last; }`;
  await using both = await twoBuilds(text('long last = 3;'), text('char fresh = 77; long last = 3;'), { cpp: true });
  both.old.set('item.x', 50);
  both.old.set('item.last', 60n);
  both.transfer();
  expect([both.now.get('item.x'), both.now.get('item.fresh'), both.now.get('item.last')]).toEqual([50, 77, 60n]);
});

test('ten thousand variables that all moved to another source are matched by name', async () => {
  const names = Array.from({ length: 10_000 }, (_, n) => `v${n}`);
  const text = (scope: string): string =>
    `${scope === '' ? '' : `namespace ${scope} {`} ${names.map((name) => `int ${name};`).join(' ')} ${scope === '' ? '' : '}'}`;
  await using both = await twoBuilds(text('first'), text('second'), { cpp: true });
  expect(both.state.plan?.summary).toMatchObject({ kept: 10_000, dropped: 0 });
  both.old.set('v9999', 1);
  both.transfer();
  expect(both.now.get('v9999')).toBe(1);
});

test('without debug information there is no plan, and a library without state needs none', async () => {
  const text = 'int count; int use(void) { return count; }';
  await using blind = await twoBuilds(text, text, { args: ['-g0'] });
  expect(blind.kinds()).toContain('debugInfo');
  expect(blind.state.plan).toBeNull();
  const stateless = 'int use(void) { return 1; }';
  await using empty = await twoBuilds(stateless, stateless, { args: ['-g0'] });
  expect(empty.kinds()).toEqual([]);
});
