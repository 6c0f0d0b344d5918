import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readElf } from '../../src/objfile/elf.js';
import { ObjectFileError } from '../../src/objfile/errors.js';
import type { ElfFile } from '../../src/objfile/types.js';
import { checkWhole } from '../../src/objfile/whole.js';
import { counterC, freestandingC, streamsCxx, threadsC } from '../helpers/elf-sources.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachLinker, testWith } from '../helpers/programs.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

/** The lines of readelf, which serves as the second opinion. */
async function readelf(path: string, ...args: string[]): Promise<readonly string[]> {
  return (await work.run('readelf', '-W', ...args, path)).split('\n');
}

function load(path: string): ElfFile {
  return readElf(readFileSync(path));
}

/** Rows of readelf's symbol lists: value, name without its version. */
function symbolRows(lines: readonly string[]): readonly string[] {
  return lines
    .map((line) => line.replace(/<OS specific>: \d+/, 'IFUNC'))
    .map((line) => /^\s*\d+: ([0-9a-f]{16})\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+ ?(\S*)/.exec(line))
    .filter((match) => match !== null)
    .map(([, value = '', name = '']) => `${value} ${name.replace(/@.*/, '')}`);
}

const hex = (value: number): string => value.toString(16).padStart(16, '0');

describeEachLinker('a library linked by %s', (linker) => {
  for (const [language, name, compiler, ending, text] of [
    ['C', 'counter', 'clang', 'c', counterC],
    ['C with threads', 'threads', 'clang', 'c', threadsC],
    ['C with threads by gcc', 'threads-gcc', 'gcc', 'c', threadsC],
    ['C++', 'streams', 'clang++', 'cc', streamsCxx],
  ] as const)
    testWith(compiler)(`reads as readelf reads it: ${language}`, async () => {
      const path = await work.build(`${name}-${linker}.so`, text, {
        compiler,
        source: `${name}.${ending}`,
        args: [`-fuse-ld=${linker}`, '-Wl,-soname,libnamed.so', '-Wl,-rpath,$ORIGIN/x:/opt/y', '-lm'],
      });
      const file = load(path);

      const sections = (await readelf(path, '-S'))
        .map((line) => /^\s*\[\s*(\d+)\] (\S*)\s+(\S+)\s+([0-9a-f]{16}) ([0-9a-f]+) ([0-9a-f]+)/.exec(line))
        .filter((match) => match !== null)
        .map(([, , sectionName, , addr, offset, size]) => `${sectionName} ${addr} ${offset} ${size}`);
      expect(
        file.sections
          .slice(1)
          .map(
            (s) =>
              `${s.name} ${hex(s.addr)} ${s.offset.toString(16).padStart(6, '0')} ${s.size.toString(16).padStart(6, '0')}`,
          ),
      ).toEqual(sections.slice(-(file.sections.length - 1)));

      const dynamicRows = symbolRows(await readelf(path, '--dyn-syms'));
      expect(dynamicRows.length).toBeGreaterThan(3);
      expect(file.dynamicSymbols.map((s) => `${hex(s.value)} ${s.name}`)).toEqual(dynamicRows);
      const staticRows = symbolRows(await readelf(path, '-s')).slice(dynamicRows.length);
      const named =
        file.symbols?.map((s) => `${hex(s.value)} ${s.type === 'section' ? '' : s.name.replace(/@.*/, '')}`) ?? [];
      expect(named).toEqual(
        staticRows.map((row, i) => (file.symbols?.[i]?.type === 'section' ? `${row.slice(0, 17)}` : row)),
      );

      const needed = (await readelf(path, '-d')).flatMap((line) => /\(NEEDED\).*\[(.*)\]/.exec(line)?.[1] ?? []);
      expect(file.dynamic?.needed).toEqual(needed);
      expect(needed).toContain('libc.so.6');
      expect(file.dynamic?.soname).toBe('libnamed.so');
      expect([...(file.dynamic?.runpath ?? []), ...(file.dynamic?.rpath ?? [])]).toEqual(['$ORIGIN/x', '/opt/y']);
      expect(file.dynamic?.isProgram).toBe(false);

      const relocations = (await readelf(path, '-r')).flatMap((line) => /^([0-9a-f]{16}) {2}/.exec(line)?.[1] ?? []);
      expect(file.relocations.map((r) => hex(r.offset))).toEqual(relocations);
      expect(() => checkWhole(file)).not.toThrow();
    });
});

test('symbols carry the version they need', async () => {
  const file = load(await work.build('versioned.so', counterC, { args: ['-fuse-ld=bfd'] }));

  const printf = file.dynamicSymbols.find((symbol) => symbol.name === 'printf');

  expect(printf).toMatchObject({
    defined: false,
    bind: 'global',
    type: 'function',
    version: expect.stringMatching(/^GLIBC_2\./),
  });
  expect(file.dynamicSymbols.find((symbol) => symbol.name === 'counter_update')).toMatchObject({
    defined: true,
    version: null,
  });
});

test('the C library reads, with the versions it defines', async () => {
  const line = (await work.run('clang', '-print-file-name=libc.so.6')).trim();
  const file = load(line);

  expect(() => checkWhole(file)).not.toThrow();
  expect(file.dynamic?.soname).toBe('libc.so.6');
  expect(file.dynamicSymbols.find((symbol) => symbol.name === 'printf')?.version).toMatch(/^GLIBC_2\./);
  expect(file.symbols).toBeNull();
});

const freestandingCall = 'int printf(const char *, ...); int start(void) { return printf("x"); }';

test('an object file has relocations that name their symbol and the section they change', async () => {
  const file = load(
    await work.build('counter.o', freestandingCall, { kind: ['-c', '-fPIC', '-O0', '--target=x86_64-linux-gnu'] }),
  );

  expect(file.header.type).toBe('relocatable');
  expect(file.segments).toEqual([]);
  expect(file.dynamic).toBeNull();
  expect(file.dynamicSymbols).toEqual([]);
  const call = file.relocations.find((relocation) => relocation.symbol?.name === 'printf');
  expect(file.sections[call?.target ?? 0]?.name).toBe('.text');
  expect(call?.addend).toBe(-4);
});

test('an AArch64 library reads like an x86-64 one', async () => {
  const path = await work.build('arm.so', freestandingC, {
    args: ['--target=aarch64-linux-gnu', '-nostdlib', '-fuse-ld=lld'],
  });
  const file = load(path);

  expect(file.header).toMatchObject({ type: 'shared', machine: 183 });
  expect(file.dynamicSymbols.map((symbol) => symbol.name)).toEqual(['', 'counter_init', 'counter_update']);
  expect(() => checkWhole(file)).not.toThrow();
});

test.each(['--hash-style=sysv', '--hash-style=gnu'])(
  'symbols are found without section headers (%s)',
  async (style) => {
    const path = await work.build(`headless${style}.so`, counterC, { args: [`-Wl,${style}`, '-fuse-ld=lld'] });
    const bytes = new Uint8Array(readFileSync(path));
    const before = readElf(bytes).dynamicSymbols.map((symbol) => symbol.name);
    const headless = bytes.slice();
    // e_shoff, e_shnum and e_shstrndx (gABI chapter 4, "ELF Header").
    headless.fill(0, 40, 48);
    headless.fill(0, 60, 64);

    const file = readElf(headless);

    expect(file.sections).toEqual([]);
    expect(file.dynamicSymbols.map((symbol) => symbol.name)).toEqual(before);
    expect(before).toContain('counter_shutdown');
    expect(() => checkWhole(file)).not.toThrow();
  },
);

test('bytes are read by section and by address', async () => {
  const file = load(await work.build('data.so', counterC));

  const symbol = file.dynamicSymbols.find((candidate) => candidate.name === 'counter_name');
  const text = file.dataAt(symbol?.value ?? 0, symbol?.size ?? 0);
  expect(Buffer.from(text ?? []).toString()).toBe('counter\0');
  const comment = file.section('.comment');
  expect(comment && Buffer.from(file.sectionData(comment)).toString()).toContain('clang');
  const bss = file.section('.bss');
  expect(bss && file.sectionData(bss).length).toBe(0);
  expect(bss && file.dataAt(bss.addr, 8)).toBeUndefined();
});

test.each([
  ['a 32-bit x86 object', ['--target=i386-linux-gnu'], 'a 32-bit ELF file for x86 (32-bit)'],
  ['a big-endian MIPS object', ['--target=mips64-linux-gnu'], 'a 64-bit big-endian ELF file for MIPS'],
  ['a RISC-V object', ['--target=riscv64-linux-gnu'], 'a 64-bit ELF file for RISC-V'],
])('%s is refused by name', async (_what, args, name) => {
  const path = await work.build('foreign.o', 'int f(void) { return 1; }', { kind: ['-c', ...args] });

  expect(() => load(path)).toThrow(name);
  expect(() => load(path)).toThrow(expect.objectContaining({ reason: 'unsupported' }));
});

test.each([
  ['text', 'hello there\nmore', 'notElf', 'a text file that begins with "hello there"'],
  ['a script', '#!/bin/sh\n', 'notElf', 'a script'],
  ['nothing', '', 'truncated', 'an empty file'],
  ['half a magic number', '\x7fE', 'truncated', 'the first 2 bytes of an ELF file'],
])('%s is told apart from a library', (_what, text, reason, message) => {
  const read = (): ElfFile => readElf(Buffer.from(text, 'latin1'));

  expect(read).toThrow(ObjectFileError);
  expect(read).toThrow(expect.objectContaining({ reason, message: expect.stringContaining(message) }));
});
