import { describe, expect, test } from 'vitest';
import { diffLayouts } from '../../src/layout/diff.js';
import { diffText } from '../../src/layout/diff-text.js';
import { layoutsOf } from '../../src/layout/layout.js';
import { compiledTypes, cpp } from '../helpers/compiled-types.js';

async function diff(before: string, after: string, build = {}) {
  const [old, now] = [await compiledTypes(before, build), await compiledTypes(after, build)];
  return diffLayouts(layoutsOf(old.debug), layoutsOf(now.debug));
}

describe('the layouts of two builds', () => {
  test('have no differences where nothing changed but names of variables and code', async () => {
    expect(await diff('struct s { int a; } x;', 'struct s { int a; } y; int f(void) { return 1; }')).toEqual([]);
  });

  test('differ by fields that are new, gone, moved, retyped or perhaps renamed', async () => {
    const changes = await diff(
      'struct s { int first; char kept; float rate; long money; double gone; } x;',
      'struct s { char kept; int first; double rate; long funds; char *fresh; } x;',
    );
    expect(changes.map(({ name, change, sizeBefore, sizeAfter }) => [name, change, sizeBefore, sizeAfter])).toEqual([
      ['struct s', 'changed', 32, 32],
    ]);
    expect(changes[0]?.fields.map(({ change, name, was }) => [change, name, was])).toEqual([
      ['moved', 'kept', undefined],
      ['moved', 'first', undefined],
      ['retyped', 'rate', undefined],
      ['renamed', 'funds', 'money'],
      ['added', 'fresh', undefined],
      ['removed', 'gone', undefined],
    ]);
    expect(diffText(changes)).toEqual([
      'struct s: 32 bytes as before',
      '  ~ kept: moved from offset 4 to offset 0',
      '  ~ first: moved from offset 0 to offset 4',
      '  ~ rate: float (4 bytes) became double (8 bytes)',
      '  ? funds: new, and money of the same type is gone: renamed? (offset 16 to offset 16)',
      '  + fresh: char * (8 bytes) at offset 24',
      '  - gone: it was double (8 bytes) at offset 24',
    ]);
  });

  test('name a field whose own type grew under the same name', async () => {
    const changes = await diff(
      'struct in { int a; }; struct out { struct in in; } x;',
      'struct in { int a, b; }; struct out { struct in in; } x;',
    );
    expect(changes.map((one) => one.name)).toEqual(['struct in', 'struct out']);
    expect(changes[1]?.fields).toMatchObject([
      { change: 'retyped', name: 'in', before: { size: 4 }, after: { size: 8 } },
    ]);
  });

  test('say which types are new and which are gone', async () => {
    expect(diffText(await diff('struct a { int v; } x;', 'struct b { int v; } x;'))).toEqual([
      'struct b: new, 4 bytes',
      'struct a: gone, it had 4 bytes',
    ]);
  });

  test('see bit-fields, members of anonymous unions and bases', async () => {
    const changes = await diff(
      'struct base { int a; }; struct s : base { unsigned low : 3; union { int u; float f; }; } x;',
      'struct base { int a; }; struct s { unsigned low : 4; union { long u; float f; }; } x; base b;',
      cpp,
    );
    expect(changes[0]?.fields.map(({ change, name }) => `${change} ${name}`)).toEqual([
      'retyped low',
      'retyped u',
      'removed (base) struct base',
    ]);
  });

  test('take one field that is gone for one that is new at most', async () => {
    const [change] = await diff('union u { int old; float f; } x;', 'union u { int one, two; float f; } x;');
    expect(change?.fields.map((field) => `${field.change} ${field.name}`)).toEqual(['renamed one', 'added two']);
  });

  test('do not take several new fields of one type for one that is gone', async () => {
    const [change] = await diff('struct s { char a; int old; } x;', 'struct s { char a; long n; int one, two; } x;');
    expect(change?.fields.map((field) => `${field.change} ${field.name}`)).toEqual([
      'added n',
      'added one',
      'added two',
      'removed old',
    ]);
  });
});
