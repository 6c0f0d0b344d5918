import { expect, test } from 'vitest';
import { type TwoBuilds, twoBuilds } from '../helpers/two-builds.js';

const heap = 0x5555_0000_1000n;

test('a mutex that nobody waits for is carried over without a word', async () => {
  const text = (result: number): string => `
    #include <pthread.h>
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    int use(void) { pthread_mutex_lock(&lock); pthread_mutex_unlock(&lock); return ${result}; }`;
  await using both = await twoBuilds(text(1), text(2));
  const back = both.state.changes.filter((change) => change.kind === 'pointerIntoImage');
  expect(back.every((change) => change.check !== null)).toBe(true);
  expect(both.transfer()).toEqual([]);
});

const linked = (result: number, members = 'struct node *node; long number;'): string => `
  struct node { struct node *next; int value; };
  struct node first = {0, 1};
  struct holder { int kind; union { ${members} } u; } holder;
  int use(void) { return holder.kind == 1 ? holder.u.node->value + first.value : ${result}; }`;

function aboutHolder({ state }: TwoBuilds) {
  return state.changes.find(({ kind, path }) => kind === 'pointerIntoImage' && path.startsWith('holder'));
}

test('a union whose pointer is NULL or leads to a variable is no reason to refuse', async () => {
  await using both = await twoBuilds(linked(1), linked(2));
  expect(aboutHolder(both)?.check).toEqual(expect.any(Number));
  expect(both.transfer()).toEqual([]);
  both.old.set('holder.u.node', BigInt(both.old.address('first')));
  expect(both.transfer()).toEqual([]);
  expect(both.now.get('holder.u.node')).toBe(BigInt(both.now.address('first')));
});

test('a union that may hold a pointer to an object outside the module is one', async () => {
  await using both = await twoBuilds(linked(1), linked(2));
  const check = aboutHolder(both)?.check;
  both.old.set('holder.u.node', heap);
  expect(both.transfer().map((one) => one.number)).toEqual([check]);
  // Which member lives cannot be told: a number is taken for a pointer, and errs on the side of refusing.
  both.old.set('holder.u.node', 5n);
  expect(both.transfer().map((one) => one.number)).toEqual([check]);
});

test('words of a union in which only numbers lie are not taken for pointers', async () => {
  const members = 'long number[2]; struct { long other; struct node *node; } pair;';
  const text = (result: number): string => linked(result, members).replace('u.node', 'u.pair.node');
  await using both = await twoBuilds(text(1), text(2));
  both.old.set('holder.u.number[0]', 5n);
  expect(both.transfer()).toEqual([]);
  both.old.set('holder.u.number[1]', 5n);
  expect(both.transfer()).toHaveLength(1);
});

test('a pointer that lies across two words of a union cannot be looked at', async () => {
  const members = 'struct { int kind; struct node *node; } __attribute__((packed)) pair; long number[2];';
  const text = (result: number): string => linked(result, members).replace('u.node', 'u.pair.node');
  await using both = await twoBuilds(text(1), text(2));
  expect(aboutHolder(both)).toMatchObject({ check: null });
});
