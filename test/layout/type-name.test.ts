import { describe, expect, test } from 'vitest';
import type { BaseType, DebugType } from '../../src/debuginfo/types.js';
import { declare, typeName } from '../../src/layout/type-name.js';
import { compiledTypes, cpp } from '../helpers/compiled-types.js';

const variables: Readonly<Record<string, string>> = {
  counts: 'unsigned long counts[4]',
  capital: 'struct city *capital',
  fixed: 'struct city *const fixed',
  name: 'char name[32]',
  callback: 'int (*callback)(int, const char *)',
  handlers: 'int (*handlers[3])(void)',
  rows: 'const int (*rows)[4]',
  grid: 'int grid[2][3]',
  mood: 'enum mood mood',
  seen: 'volatile int seen',
  label: 'const char *const label',
  odd: 'int *volatile const odd',
  print: 'void (*print)(const char *, ...)',
  table: 'struct city **table',
  n: 'number_t n',
  list: 'const number_t *list[2]',
};

describe('the name of a type', () => {
  test('is what C has for it: a declaration read by the compiler is printed as it was written', async () => {
    const source = [
      'struct city { int people; }; enum mood { SAD, HAPPY }; typedef long number_t;',
      ...Object.values(variables).map((one) => `${one} = {0};`),
      'char *(*finder(int a, char *b))(long) { (void)a; (void)b; return 0; }',
    ].join('\n');
    const { debug, of } = await compiledTypes(source, { args: ['-w'] });
    const printed = Object.keys(variables).map((name) => [name, declare(of(name), name)]);
    expect(Object.fromEntries(printed)).toEqual(variables);
    const [finder] = debug.functions;
    expect(finder === undefined ? '' : declare(finder.type, 'finder')).toBe('char *(*finder(int, char *))(long)');
  });

  test('stands alone where there is no variable', async () => {
    const { of } = await compiledTypes(`
      unsigned long a[4]; int (*b)(int, const char *); struct { int x; } c; char *d[2]; int (*e)[3]; void (*f)(void);
    `);
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => typeName(of(name)))).toEqual([
      'unsigned long[4]',
      'int (*)(int, const char *)',
      'struct {...}',
      'char *[2]',
      'int (*)[3]',
      'void (*)(void)',
    ]);
  });

  test('has its scope in C++, without the keyword', async () => {
    const { of } = await compiledTypes(
      `namespace town { struct house { int floors; }; template <class T> struct box { T one; }; enum class mood { sad }; }
       town::house house; town::box<int> box; town::mood mood; town::house &ref = house; int town::house::*member = &town::house::floors;`,
      cpp,
    );
    expect(['house', 'box', 'mood', 'ref'].map((name) => typeName(of(name)))).toEqual([
      'town::house',
      'town::box<int>',
      'town::mood',
      'town::house &',
    ]);
    expect(declare(of('member'), 'member')).toBe('int (::*member)');
  });

  test('shows an array of unknown length with empty brackets', () => {
    const int: BaseType = { kind: 'base', name: 'int', size: 4, encoding: 'signed' };
    const flexible: DebugType = { kind: 'array', element: int, dimensions: [null], vector: false, size: null };
    expect(declare(flexible, 'tail')).toBe('int tail[]');
  });
});
