import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readElf } from '../../src/objfile/elf.js';
import { readStateModel } from '../../src/state/model.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachCompiler, describeEachLinker } from '../helpers/programs.js';
import { buildModel, pathsOf } from '../helpers/state-model.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

const assembly = `
  .globl kept_get
  .type kept_get,%function
  kept_get: ret
  .data
  kept: .quad 5
  .quad 6
  .section .note.GNU-stack,"",%progbits
`;

const useC = 'static int count; int use(void) { return ++count; }';

describeEachLinker('linked by %s', (linker) => {
  const args = [`-fuse-ld=${linker}`];

  test('storage of assembly is named as untyped, beside typed variables', async () => {
    const model = await buildModel(work, { 'use.c': useC, 'kept.s': assembly }, { args });

    expect(model.problem).toBeNull();
    expect(pathsOf(model)).toEqual(['count']);
    expect(model.untyped).toMatchObject([{ name: 'kept', size: 16 }]);
  });

  test('storage of assembly without a label counts too', async () => {
    const model = await buildModel(work, { 'use.c': useC, 'kept.s': assembly.replace('kept:', '.Lkept:') }, { args });

    expect(model.untyped).toMatchObject([{ name: 'unnamed bytes in .data', size: 16 }]);
  });

  test('each variable of a source built without debug information is named as untyped', async () => {
    const model = await buildModel(
      work,
      {
        'use.c': useC,
        'bare.c':
          'static char flag; int limit = 4; static short pair[2]; int *bare(void) { flag++; pair[0]++; return &limit; }',
      },
      { args, flags: { 'bare.c': [] } },
    );

    expect(pathsOf(model)).toEqual(['count']);
    expect(model.untyped.map(({ name, size }) => [name, size]).sort()).toEqual([
      ['flag', 1],
      ['limit', 4],
      ['pair', 4],
    ]);
  });

  test('padding between variables is no storage', async () => {
    const model = await buildModel(
      work,
      {
        'a.c': 'char a1 = 1; _Alignas(32) char a2 = 2; char a3; _Alignas(64) char a4;',
        'b.c': 'char b1 = 1; long b2 = 2; char b3; double b4; _Alignas(64) char b5[65];',
      },
      { args },
    );

    expect(model.untyped).toEqual([]);
    expect(model.variables).toHaveLength(9);
  });
});

describeEachCompiler('built by %s', (compiler) => {
  test('line numbers alone for one of the sources leave its variables untyped', async () => {
    const model = await buildModel(
      work,
      { 'use.c': useC, 'lines.c': 'int limit = 4; int *lines(void) { return &limit; }' },
      { compiler, flags: { 'lines.c': ['-g1'] } },
    );

    expect(pathsOf(model)).toEqual(['count']);
    expect(model.untyped).toMatchObject([{ name: 'limit', size: 4 }]);
  });

  test('every byte that optimised code writes is typed or named', async () => {
    const model = await buildModel(
      work,
      `static struct { int a; double b; long c; } split; static int flag; static int constant = 4;
       void put(int a, double b) { split.a += a; split.b = b; flag = 1; }
       double get(void) { return flag ? split.a + split.b + constant : 0; }`,
      { compiler, args: ['-O2'] },
    );
    const symbols = await work.run('nm', '-S', 'model.so');
    const written = symbols
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, , kind, name]) => /[bBdD]/.test(kind ?? '') && /^(split|flag)/.test(name ?? ''));
    const known = [...model.variables, ...model.untyped];

    expect(written.length).toBeGreaterThan(0);
    for (const [address] of written) {
      const at = Number.parseInt(address ?? '', 16);
      expect(known.some((one) => at >= one.address && at < one.address + one.size)).toBe(true);
    }
  });
});

test('what an initial value points to has no type where it has no name', async () => {
  const model = await buildModel(work, 'static int *list = (int[]){1, 2, 3}; int use(void) { return ++list[0]; }');

  expect(model.untyped).toMatchObject([{ name: '.compoundliteral', size: 12 }]);
});

test('a variable whose type is larger than its symbol is untyped', async () => {
  await buildModel(work, 'int count = 7; int use(void) { return ++count; }');
  const bytes = await readFile(join(work.path, 'model.so'));
  const file = readElf(bytes);
  const index = file.symbols?.find((symbol) => symbol.name === 'count')?.index ?? 0;
  // gABI chapter 4: st_size is the last of the 24 bytes of an entry.
  bytes.writeUInt32LE(2, (file.section('.symtab')?.offset ?? 0) + index * 24 + 16);
  const model = readStateModel(bytes, { sourceLine: () => null });

  expect(pathsOf(model)).toEqual([]);
  expect(model.untyped).toMatchObject([{ name: 'count', size: 2 }]);
});

test('a constant is one by where it lies', async () => {
  const model = await buildModel(
    work,
    'const int first = 1; __attribute__((section(".data.tuned"))) const int tuned = 4; const int *use(void) { return &tuned; }',
  );

  expect(model.readOnly.map((one) => one.path)).toContain('first');
  expect([...pathsOf(model), ...model.readOnly.map((one) => one.path)].sort()).toEqual(['first', 'tuned']);
});
