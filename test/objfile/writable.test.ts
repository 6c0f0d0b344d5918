import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WritableVariable } from '../../src/objfile/writable.js';
import { validate } from '../../src/validate/validate.js';
import { validateRequest } from '../helpers/elf-request.js';
import { counterC, statelessC, streamsCxx, threadsC } from '../helpers/elf-sources.js';
import { type ElfBuild, type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachLinker, testWith } from '../helpers/programs.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

async function variablesOf(
  text: string,
  build: ElfBuild = {},
): Promise<readonly WritableVariable[] | null | undefined> {
  const { facts } = await validate(validateRequest(await work.build('variables.so', text, build)));
  return facts?.variables;
}

async function namesOf(text: string, build: ElfBuild = {}): Promise<readonly string[]> {
  return (await variablesOf(text, build))?.map((variable) => variable.name).sort() ?? [];
}

describeEachLinker('linked by %s', (linker) => {
  const args = [`-fuse-ld=${linker}`, '-lm'];

  test('variables are those of the source, those of the C runtime are left out', async () => {
    expect(await namesOf(counterC, { args })).toEqual(['count', 'counter_update.calls', 'limit', 'total']);
  });

  testWith('gcc')('variables are those of the source, compiled by gcc', async () => {
    expect(await namesOf(counterC, { args, compiler: 'gcc' })).toEqual(['calls.0', 'count', 'limit', 'total']);
  });

  test('a module without state is proven to have none', async () => {
    expect(await variablesOf(statelessC, { args })).toEqual([]);
  });

  testWith('gcc')('a module without state is proven to have none, compiled by gcc', async () => {
    expect(await variablesOf(statelessC, { args, compiler: 'gcc' })).toEqual([]);
  });

  test('without relro, tables of the loader are no variables either', async () => {
    expect(await namesOf(counterC, { args: [...args, '-Wl,-z,norelro'] })).toHaveLength(4);
  });

  for (const [compiler, names] of [
    ['clang++', ['_ZL5namesB5cxx11', '_ZZ14counter_updateE4lastB5cxx11']],
    ['g++', ['_ZL5names', '_ZZ14counter_updateE4last']],
  ] as const)
    testWith(compiler)(`C++ objects are named, guards and exception tables are not (${compiler})`, async () => {
      expect(await namesOf(streamsCxx, { args, compiler, source: 'streams.cc' })).toEqual(names);
    });

  test('without the local symbols it is unknown', async () => {
    expect(await variablesOf(counterC, { args: [...args, '-Wl,-x'] })).toBeNull();
  });

  test('thread-local variables are told apart', async () => {
    expect(await variablesOf(threadsC, { args })).toEqual([
      { name: 'depth', size: 4, threadLocal: true },
      { name: 'lock', size: 40, threadLocal: false },
    ]);
  });
});

const completed = `int counter_init(void) { static char completed; return completed++; }`;

test("a static named like one of the runtime's is still a variable", async () => {
  expect(await namesOf(completed)).toEqual(['counter_init.completed']);
});

testWith('gcc')("a static named like one of the runtime's is still a variable, compiled by gcc", async () => {
  expect(await namesOf(completed, { compiler: 'gcc' })).toEqual(['completed.0']);
});

test('constants and tables of addresses are no state', async () => {
  const text = `
    static const int table[] = {1, 2, 3};
    static int one(void) { return 1; }
    static int (*const calls[])(void) = {one};
    int counter_init(void) { static const char *const names[] = {"a", "b"}; return table[0] + calls[0]() + names[1][0]; }`;

  expect(await variablesOf(text)).toEqual([]);
});

test('storage of assembly counts, with a label or without', async () => {
  const labelled = `.globl counter_init\n.type counter_init,%function\ncounter_init: ret\n.data\nkept: .quad 5\n.quad 6\n.section .note.GNU-stack,"",%progbits\n`;
  const nameless = labelled.replace('kept:', '.Lkept:');

  expect(await variablesOf(labelled, { source: 'labelled.s' })).toEqual([
    { name: 'kept', size: 16, threadLocal: false },
  ]);
  expect(await variablesOf(nameless, { source: 'nameless.s' })).toEqual([
    { name: 'unnamed bytes in .data', size: 16, threadLocal: false },
  ]);
});

test('without a symbol table it is unknown, not none', async () => {
  expect(await variablesOf(statelessC, { args: ['-s'] })).toBeNull();
});
