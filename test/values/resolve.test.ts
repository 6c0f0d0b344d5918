import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readStateModel } from '../../src/state/model.js';
import type { StateModel } from '../../src/state/types.js';
import { PathError, resolveAll, resolvePath } from '../../src/values/resolve.js';
import { type ElfBuild, elfWorkspace } from '../helpers/elf-workspace.js';

async function modelOf(text: string, build: ElfBuild = {}): Promise<StateModel> {
  await using workspace = await elfWorkspace();
  return readStateModel(await readFile(await workspace.build('paths.so', text, build)), { sourceLine: () => null });
}

const source = `
struct floor { int rooms; unsigned lit : 4, cold : 9; };
struct house { struct floor floors[3]; struct house *next; union { int number; char letter; }; };
struct house street[5], *first = &street[1]; int grid[2][3]; int count, discount; void *unknown; struct opaque *sealed;
struct tail { int n; int rest[]; } tail = { 2, {7, 8, 9} };
static _Thread_local int own;
int tick(void) { static int calls; return ++calls + own; }
`;

let model: StateModel | null = null;

async function resolve(path: string) {
  model ??= await modelOf(source);
  return resolvePath(model, path);
}

/** The error of a path that leads nowhere. */
async function failure(path: string, other?: StateModel): Promise<PathError> {
  try {
    if (other === undefined) await resolve(path);
    else resolvePath(other, path);
  } catch (error) {
    if (error instanceof PathError) return error;
    throw error;
  }
  throw new Error(`${path} leads somewhere`);
}

describe('a path', () => {
  test('leads to a place in the image', async () => {
    const street = await resolve('street');
    const { address } = await resolve('street[2].floors[1].rooms');
    expect(address - street.address).toBe(2 * (street.size / 5) + 8);
    expect(await resolve('grid[1][2]')).toMatchObject({ size: 4, hops: [] });
    expect((await resolve('grid[1]')).size).toBe(12);
    expect(await resolve('street[0].letter')).toMatchObject({ size: 1 });
    expect((await resolve('tick::calls')).size).toBe(4);
  });

  test('leads through pointers: each is a hop with what lies behind it', async () => {
    expect(await resolve('first->next->floors[1].rooms')).toMatchObject({ hops: [24, 8], size: 4 });
    expect(await resolve('first[2].next')).toMatchObject({ hops: [2 * 40 + 24], size: 8 });
    expect(await resolve('*first')).toMatchObject({ hops: [0], size: 40 });
    expect(await resolve('**unknown').catch((error: unknown) => String(error))).toContain('no size');
  });

  test('to a bit-field takes the bytes that hold its bits and no more', async () => {
    expect(await resolve('street[0].floors[0].cold')).toMatchObject({ size: 2, bits: { first: 4, size: 9 } });
    expect(await resolve('street[0].floors[0].lit')).toMatchObject({ size: 1, bits: { first: 0, size: 4 } });
  });

  test('into a flexible array ends where the variable does', async () => {
    expect(await resolve('tail.rest[2]')).toMatchObject({ size: 4 });
    expect((await failure('tail.rest[3]')).message).toBe('tail.rest has 3 elements; there is no [3].');
  });

  test.each([
    ['cuont', 'There is no variable "cuont". Did you mean "count"?', 0],
    ['street[5]', 'street has 5 elements; there is no [5].', 6],
    [
      'street[0].flors',
      'street[0] has no field "flors". Did you mean "floors"? It has floors, next, number, letter.',
      9,
    ],
    ['first->nxt', '*first has no field "nxt". Did you mean "next"? It has floors, next, number, letter.', 5],
    ['count.x', 'count is of type int and has no fields.', 5],
    ['count[0]', 'count is of type int and has no elements.', 5],
    ['count->x', 'count is no pointer but of type int.', 5],
    ['sealed->x', 'What sealed points to has no size: it is struct opaque.', 6],
    ['street[-1]', '"street[-1]" cannot be read from "[-1]" on: an index is not negative.', 6],
    ['count+1', 'There is no variable "count+1". Did you mean "count"?', 0],
    ['street[x]', '"street[x]" cannot be read from "[x]" on: after a variable come .field, [number] or ->field.', 6],
    [
      'street[0]..x',
      '"street[0]..x" cannot be read from "..x" on: after a variable come .field, [number] or ->field.',
      9,
    ],
    [
      'first[99999999999999999999]',
      '"first[99999999999999999999]" has an index that no array can have: 99999999999999999999.',
      5,
    ],
    ['own', 'own is thread-local: every thread has its own, and none is shown.', 0],
    ['', 'A path begins with the name of a variable.', 0],
  ])('that leads nowhere says what would have been possible: %s', async (path, message, position) => {
    expect(await failure(path)).toMatchObject({ message, position });
  });

  test('names a variable by its file, namespace or function where one name stands for several', async () => {
    await using workspace = await elfWorkspace();
    await workspace.build('b.o', 'static int count = 2; int *b(void) { return &count; }', {
      kind: ['-c', '-g', '-fPIC'],
      source: 'b.c',
    });
    const text = 'static int count = 1, discount; int *a(void) { return &count; } int *d(void) { return &discount; }';
    const two = await modelOf(text, { source: 'a.c', args: [`${workspace.path}/b.o`] });
    expect(resolvePath(two, 'a.c:count').address).not.toBe(resolvePath(two, 'b.c:count').address);
    expect((await failure('count', two)).message).toBe(
      '"count" may be one of several variables: a.c:count, b.c:count.',
    );
    expect((await failure('a.c:cuont', two)).message).toBe(
      'There is no variable "a.c:cuont". Did you mean "a.c:count"?',
    );

    const spaces = await modelOf(
      'namespace town { int count; } namespace { int hidden; } int *p() { return &hidden; }',
      {
        compiler: 'clang++',
        source: 'spaces.cpp',
      },
    );
    expect(resolvePath(spaces, 'town::count').path).toBe('town::count');
    expect(resolvePath(spaces, 'count').address).toBe(resolvePath(spaces, 'town::count').address);
    expect(resolvePath(spaces, 'hidden').size).toBe(4);
  });

  test('exists for every variable of a library', async () => {
    model ??= await modelOf(source);
    const all = resolveAll(model);
    expect(all.map((one) => one.path)).toContain('tick::calls');
    for (const one of all) expect(resolvePath(model, one.path)).toEqual(one);
  });
});
