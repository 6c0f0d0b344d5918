import { expect, test } from 'vitest';
import { twoBuilds } from '../helpers/two-builds.js';

/** An address outside both images: an object on the heap. */
const heap = 0x600000000000n;

test('a changed struct behind a pointer refuses when the pointer leads to the heap, not when it is NULL or leads to a variable', async () => {
  const rest = 'struct city home; struct city *current; int use(void) { return current->people; }';
  await using both = await twoBuilds(
    `struct city { int people; int mood; }; ${rest}`,
    `struct city { int people; int houses; int mood; }; ${rest}`,
  );
  const change = both.change('behindPointer');
  expect(change).toMatchObject({ path: 'current', record: 'struct city' });
  expect(change.detail).toContain('houses');
  expect(both.transfer()).toEqual([]);
  both.old.set('current', BigInt(both.old.address('home')));
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('current')).toBe(BigInt(both.now.address('home')));
  both.old.set('current', heap);
  const [found] = both.transfer();
  expect(found).toMatchObject({ number: change.check, value: heap, check: { kind: 'outside', decisive: true } });
});

test('a changed struct is found through any number of pointers, and its path is told', async () => {
  const rest =
    'struct node { struct node *next; struct load *loads[2]; }; struct node *g_head; int use(void) { return g_head->loads[0]->size; }';
  await using both = await twoBuilds(`struct load { int size; }; ${rest}`, `struct load { long size; }; ${rest}`);
  expect(both.change('behindPointer')).toMatchObject({ path: 'g_head->loads[]', record: 'struct load' });
});

test('a changed struct in a union is refused whatever lives, because nobody knows which member does', async () => {
  const rest = 'union slot { struct node *node; long number; } slot; int use(void) { return slot.node->size; }';
  await using both = await twoBuilds(`struct node { int size; }; ${rest}`, `struct node { int x; int size; }; ${rest}`);
  expect(both.change('behindPointer')).toMatchObject({ path: 'slot.node', record: 'struct node', check: null });
});

test('a function pointer in a union may lead to a function that is gone', async () => {
  const rest = 'union slot { int (*call)(void); long number; } slot; int use(void) { return slot.call(); }';
  await using both = await twoBuilds(`int old(void) { return 1; } ${rest}`, rest);
  expect(both.change('functionGone')).toMatchObject({ path: 'slot', detail: 'old', check: null });
});

test('pointers in an unchanged union are re-pointed, and what is none is left alone', async () => {
  const text = 'int target; union slot { int *at; long number; } a, b; int use(void) { return *a.at + target; }';
  await using both = await twoBuilds(text, `int first = 1; ${text} int more(void) { return first; }`);
  both.old.set('a.at', BigInt(both.old.address('target')));
  both.old.set('b.number', 12345n);
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('a.at')).toBe(BigInt(both.now.address('target')));
  expect(both.now.get('b.number')).toBe(12345n);
});

test('elements of a map are looked at although its nodes do not name their type', async () => {
  const text = (fields: string): string => `
    #include <map>
    #include <string>
    namespace world { struct city { ${fields} }; }
    std::map<int, world::city> cities; std::map<std::string, int> names;
    extern "C" int use() { return cities[1].people + names["a"]; }`;
  await using both = await twoBuilds(text('int people;'), text('int houses; int people;'), { cpp: true });
  const change = both.change('behindPointer');
  expect(change).toMatchObject({ path: 'cities', record: 'world::city' });
  expect(change.check).not.toBeNull();
  expect(both.state.changes.filter(({ kind }) => kind === 'behindPointer')).toHaveLength(1);
});

test('a vector of a changed class is refused while it holds elements', async () => {
  const text = (fields: string): string => `
    #include <vector>
    struct city { ${fields} };
    std::vector<city> cities;
    extern "C" int use() { return cities[0].people; }`;
  await using both = await twoBuilds(text('int people;'), text('int houses; int people;'), { cpp: true });
  const change = both.change('behindPointer');
  expect(change.record).toContain('city');
  expect(both.transfer()).toEqual([]);
  new DataView(both.old.memory.buffer).setBigUint64(both.old.address('cities') - both.old.base, heap, true);
  expect(both.transfer().length).toBeGreaterThan(0);
});

test('a class derived from what is pointed to counts too', async () => {
  const text = (fields: string): string => `
    struct Shape { virtual ~Shape() {} virtual int area() { return 0; } };
    struct Circle : Shape { int radius = 1; ${fields} int area() override { return radius; } };
    Shape *shapes[3];
    extern "C" int use() { shapes[0] = new Circle; return shapes[0]->area(); }`;
  await using both = await twoBuilds(text(''), text('double border = 2;'), { cpp: true });
  const change = both.change('behindPointer');
  expect(change).toMatchObject({ path: 'shapes[]', record: 'struct Circle' });
  expect(change.check).not.toBeNull();
});

test('objects on the heap whose class has more virtual functions now are refused', async () => {
  const text = (more: string): string => `
    struct Shape { ${more} virtual int area() { return 0; } };
    Shape *shape;
    extern "C" int use() { shape = new Shape; return shape->area(); }`;
  await using both = await twoBuilds(text(''), text('virtual int edges() { return 4; }'), { cpp: true });
  expect(both.change('behindPointer')).toMatchObject({ path: 'shape', record: 'struct Shape' });
});

test('objects on the heap that hold code go on using the old code, which is said', async () => {
  const text = (result: number): string => `
    struct item { int (*act)(void); }; struct item *items;
    int use(void) { return items->act() + ${result}; }`;
  await using both = await twoBuilds(text(1), text(2));
  expect(both.change('heapCode').path).toBe('items->act');
  expect(both.state.plan?.heapMayPointBack).toBe(true);
});

test('a pointer into a table of constants of a changed struct is never excused', async () => {
  const rest =
    'static const struct rule rules[2] = {{1, 2}, {3, 4}}; const struct rule *rule = &rules[1]; int use(void) { rule = &rules[rule->a & 1]; return rule->b; }';
  await using both = await twoBuilds(
    `struct rule { int a; int b; }; ${rest}`,
    `struct rule { int a; long b; }; ${rest}`,
  );
  expect(both.change('behindPointer')).toMatchObject({ path: 'rule', check: null });
});

test('objects on the heap that may point back to a variable are refused while there are any', async () => {
  const text = (result: number): string => `
    struct house { struct city *owner; struct house *next; }; struct city { int people; struct house *first; } city;
    int use(void) { return city.first->owner->people + ${result}; }`;
  await using both = await twoBuilds(text(1), text(2));
  const change = both.change('pointerIntoImage');
  expect(change.path).toBe('city.first->owner');
  expect(both.transfer()).toEqual([]);
  both.old.set('city.first', heap);
  expect(both.transfer().map((one) => one.number)).toEqual([change.check]);
});

test('a list on the heap that nothing in a variable is of the type of is just kept', async () => {
  const text = (result: number): string =>
    `struct node { int value; struct node *next; }; struct node *head; int use(void) { return head->value + ${result}; }`;
  await using both = await twoBuilds(text(1), text(2));
  both.old.set('head', heap);
  expect(both.kinds()).toEqual([]);
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('head')).toBe(heap);
});

test('structs that only a typedef names count as much as others', async () => {
  const back = (result: number): string => `
    typedef struct { int people; void *first; } city_t; struct house { city_t *owner; };
    city_t city; struct house *house; int use(void) { return house->owner->people + city.people + ${result}; }`;
  await using owner = await twoBuilds(back(1), back(2));
  expect(owner.change('pointerIntoImage').path).toBe('house->owner');
  const rest =
    'static const rule_t rules[2] = {{1, 2}, {3, 4}}; const rule_t *rule = &rules[1]; int use(void) { rule = &rules[rule->a & 1]; return rule->b; }';
  await using constants = await twoBuilds(
    `typedef struct { int a; int b; } rule_t; ${rest}`,
    `typedef struct { int a; long b; } rule_t; ${rest}`,
  );
  expect(constants.change('behindPointer')).toMatchObject({ path: 'rule', record: 'rule_t', check: null });
  const opaque = 'city_t *made; void *user; int use(void) { return made->x + (user != 0); }';
  await using unknown = await twoBuilds(
    `typedef struct { int x; } city_t; ${opaque}`,
    `typedef struct { int y; int x; } city_t; ${opaque}`,
  );
  expect(unknown.change('voidPointer')).toMatchObject({ path: 'user', detail: 'city_t' });
});

test('a pointer to another kind of thing is not excused by leading to a variable', async () => {
  await using both = await twoBuilds(
    'static int x; static int *p = &x; int use(void) { p = &x + (*p & 0); return *p; }',
    'static int x; static long *p = (long *)&x; int use(void) { p = (long *)&x; return (int)*p; }',
  );
  expect(both.change('behindPointer')).toMatchObject({ path: 'p', check: null });
});

test('a void pointer with changed structs in the module must be NULL or lead to a variable', async () => {
  const rest = 'struct city city; void *user; int use(void) { user = &city; return city.people; }';
  await using both = await twoBuilds(`struct city { int people; }; ${rest}`, `struct city { long people; }; ${rest}`);
  const change = both.change('voidPointer');
  expect(change).toMatchObject({ path: 'user', detail: 'struct city' });
  both.old.set('user', BigInt(both.old.address('city')));
  expect(both.transfer()).toEqual([]);
  both.old.set('user', heap);
  expect(both.transfer().map((one) => one.number)).toEqual([change.check]);
});

test('what a struct of the system keeps behind void pointers is no matter of the module', async () => {
  const rest =
    '#include <stdio.h>\nstruct city city; FILE *log_file; int use(void) { fputs("", log_file); return city.people; }';
  await using both = await twoBuilds(`struct city { int people; };\n${rest}`, `struct city { long people; };\n${rest}`);
  expect(both.kinds()).not.toContain('voidPointer');
});

test('the old image is searched for where an opaque object of another library may hold its addresses', async () => {
  const text = 'struct context; struct context *context; extern int use(void); int use(void) { return context != 0; }';
  await using both = await twoBuilds(text, text);
  expect(both.kinds()).toEqual([]);
  expect(both.state.plan?.heapMayPointBack).toBe(true);
});

test('plain data behind pointers holds no addresses', async () => {
  const text =
    'struct point { int x, y; } *points; int *numbers; char *text; int use(void) { return points->x + *numbers + *text; }';
  await using both = await twoBuilds(text, text);
  expect(both.state.plan?.heapMayPointBack).toBe(false);
});

test('a pointer to the text at the start of a struct follows the text, and one to the struct follows the struct', async () => {
  const rest =
    '} city; char *label; struct city *whole; unsigned char *bytes; int use(void) { return *label + whole->name[1] + *bytes; }';
  await using both = await twoBuilds(
    `struct city { char name[8]; int people; ${rest}`,
    `struct city { long id; char name[8]; int people; ${rest}`,
  );
  const address = BigInt(both.old.address('city'));
  for (const name of ['label', 'whole']) both.old.set(name, address);
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('label')).toBe(BigInt(both.now.address('city.name')));
  expect(both.now.get('whole')).toBe(BigInt(both.now.address('city')));
});

test('a pointer to a number that becomes wider leads to the wider one', async () => {
  const rest = '} city; char *raw; short *mood; int use(void) { return *raw + *mood; }';
  await using both = await twoBuilds(
    `struct city { int people; short mood; ${rest}`,
    `struct city { double money; long people; short mood; ${rest}`,
  );
  both.old.set('mood', BigInt(both.old.address('city.mood')));
  both.old.set('raw', BigInt(both.old.address('city')));
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('mood')).toBe(BigInt(both.now.address('city.mood')));
  expect(both.now.get('raw')).toBe(BigInt(both.now.address('city')));
});

test('one past the end of an array stays there when the array moves, unless it may just as well be what follows', async () => {
  const text = (pad: string, follower: string): string =>
    `int *end; ${pad} int list[4]; ${follower} int use(void) { return *end + list[0] + (int)next; }`;
  await using clear = await twoBuilds(
    text('', 'short next;'),
    text('', 'int between; short next;').replace('list[0]', 'between'),
  );
  clear.old.set('end', BigInt(clear.old.address('list') + 16));
  expect(clear.transfer()).toEqual([]);
  expect(clear.now.get('end')).toBe(BigInt(clear.now.address('list') + 16));
  await using unclear = await twoBuilds(
    text('', 'int next;'),
    text('', 'long between; int next;').replace('list[0]', '(int)between'),
  );
  unclear.old.set('end', BigInt(unclear.old.address('list') + 16));
  expect(unclear.old.address('next')).toBe(unclear.old.address('list') + 16);
  expect(unclear.transfer().map((one) => one.check.kind)).toEqual(['pointer']);
});

test('of two polymorphic bases only the first table is sure where a class has more virtual functions now', async () => {
  const text = (more: string): string => `
    struct A { virtual int a() { return 1; } }; struct B { virtual int b() { return 2; } };
    struct Both : A, B { int a() override { return 3; } int b() override { return 4; } ${more} int x = 5; };
    Both both; extern "C" int use() { both.x++; return both.a() + both.b(); }`;
  await using both = await twoBuilds(text(''), text('virtual int c() { return 6; }'), {
    cpp: true,
    args: ['-fstandalone-debug'],
  });
  const view = new DataView(both.old.memory.buffer);
  const table = (both.old.model.vtables.get('_ZTV4Both')?.address ?? 0) + both.old.base;
  view.setBigUint64(both.old.address('both') - both.old.base, BigInt(table + 16), true);
  view.setBigUint64(both.old.address('both') - both.old.base + 8, BigInt(table + 48), true);
  both.old.set('both.x', 6);
  expect(both.transfer().map((one) => one.check.kind)).toEqual(['pointer']);
});

test('a class that debug information only declares is not known, and a text of the C++ library is carried all the same', async () => {
  const text = (more: string): string => `
    #include <string>
    struct A { virtual int a() { return 1; } }; struct Thing : A { int x = 5; };
    Thing thing; std::string name;
    extern "C" int use() { name += "x"; return thing.a() + ${more}; }`;
  await using both = await twoBuilds(text('1'), text('2'), { cpp: true });
  expect(both.change('typeUnknown')).toMatchObject({ path: 'thing' });
  expect(both.state.changes.filter(({ path }) => path === 'name')).toEqual([]);
  const start = both.old.address('name') - both.old.base;
  new DataView(both.old.memory.buffer).setBigUint64(start, BigInt(both.old.address('name') + 16), true);
  both.transfer();
  const now = both.now.address('name') - both.now.base;
  expect(new DataView(both.now.memory.buffer).getBigUint64(now, true)).toBe(BigInt(both.now.address('name') + 16));
});
