import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ObjectFileError } from '../../src/objfile/errors.js';
import { isMachO, readMachO } from '../../src/objfile/macho.js';
import { relocationNames } from '../../src/objfile/macho-constants.js';
import { machOSlices } from '../../src/objfile/macho-fat.js';
import type { MachOFile, MachOSymbol } from '../../src/objfile/macho-types.js';
import { stateC, threadLocalC } from '../helpers/container-sources.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import {
  compileMachO,
  linkMachO,
  type MachineName,
  machOMachines,
  makeFat,
  testWithDsymutil,
  testWithMachOLinker,
} from '../helpers/macho-workspace.js';

let work: ElfWorkspace;
const objects = new Map<string, Uint8Array>();
beforeAll(async () => {
  work = await elfWorkspace();
  for (const machine of machOMachines)
    objects.set(machine, await compileMachO(work, machine, stateC, { args: ['-gdwarf-5'] }));
});
afterAll(() => work[Symbol.asyncDispose]());

function object(machine: MachineName): Uint8Array {
  const bytes = objects.get(machine);
  if (bytes === undefined) throw new Error(`nothing was compiled for ${machine}`);
  return bytes;
}

function symbol(file: MachOFile, name: string): MachOSymbol {
  const found = file.symbols?.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no symbol ${name}`);
  return found;
}

/** The bytes that a symbol's value leads to. */
function bytesAt(file: MachOFile, { section, value }: MachOSymbol, size: number): Uint8Array {
  const holder = file.sections[section - 1];
  if (holder === undefined) throw new Error(`there is no section ${section}`);
  const start = value - holder.addr;
  return file.sectionData(holder).subarray(start, start + size);
}

function reasonOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof ObjectFileError) return error.reason;
    throw error;
  }
  return 'read';
}

describe.each(machOMachines)('an object file for %s', (machine) => {
  test('says what it is and for which system it was built', () => {
    const file = readMachO(object(machine));

    expect(file.header).toMatchObject({ type: 'object', machine });
    expect(file.buildVersion).toMatchObject({ platform: 'macos', minimum: '11.0' });
    expect(file.uuid).toBeNull();
    expect(file.id).toBeNull();
  });

  test('has its sections in one unnamed segment, each under the name of the segment it will be in', () => {
    const file = readMachO(object(machine));

    expect(file.segments.map((segment) => segment.name)).toEqual(['']);
    const names = file.sections.map((section) => `${section.segment},${section.name}`);
    expect(names).toEqual(expect.arrayContaining(['__TEXT,__text', '__DATA,__data', '__DWARF,__debug_info']));
    expect(names).toContain('__DWARF,__debug_str_offs');
    expect(file.sections.map((section) => section.index)).toEqual(names.map((_, index) => index + 1));
  });

  test('has symbols that lead to the values of variables', () => {
    const file = readMachO(object(machine));
    const count = symbol(file, '_g_count');

    expect(count).toMatchObject({ kind: 'section', external: true });
    expect([...bytesAt(file, count, 4)]).toEqual([7, 0, 0, 0]);
    expect([...bytesAt(file, symbol(file, '_add.calls'), 4)]).toEqual([1, 0, 0, 0]);
    expect(symbol(file, '_add.calls').external).toBe(false);
  });

  test('has no bytes for variables that begin as zero', () => {
    const file = readMachO(object(machine));
    const holder = file.sections[symbol(file, '_g_hidden').section - 1];

    expect(holder).toMatchObject({ name: '__bss', zeroFill: true, size: 72 });
    expect(holder === undefined ? -1 : file.sectionData(holder).length).toBe(0);
  });

  test('has relocations that name the symbol a pointer is for', () => {
    const file = readMachO(object(machine));
    const reference = symbol(file, '_g_ref');
    const holder = file.sections[reference.section - 1];
    if (holder === undefined) throw new Error('the pointer is in no section');

    const [relocation] = file.relocations(holder).filter((one) => one.offset === reference.value - holder.addr);

    expect(relocation).toMatchObject({ size: 8, pcRelative: false });
    expect(relocationNames[machine][relocation?.type ?? -1]).toMatch(/_RELOC_UNSIGNED$/);
    expect(relocation?.target).toMatchObject({ kind: 'symbol', symbol: { name: '_g_count' } });
  });

  test('names what it takes from elsewhere', async () => {
    const file = readMachO(await compileMachO(work, machine, threadLocalC, { name: `tls-${machine}` }));

    expect(symbol(file, '__tlv_bootstrap')).toMatchObject({ kind: 'undefined', section: 0 });
  });

  testWithMachOLinker('becomes a library with its own name, version and UUID', async () => {
    const file = readMachO(await linkMachO(work, machine, machine));

    expect(file.header.type).toBe('dylib');
    expect(file.id).toMatchObject({ name: `@rpath/lib${machine}.dylib`, version: '0.0' });
    expect(file.uuid).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
    expect(file.segments.map((segment) => segment.name)).toEqual(
      expect.arrayContaining(['__TEXT', '__DATA', '__LINKEDIT']),
    );
    expect([...bytesAt(file, symbol(file, '_g_count'), 4)]).toEqual([7, 0, 0, 0]);
    expect(file.symbols?.filter((one) => one.kind === 'debug').some((one) => one.name.endsWith(`${machine}.o`))).toBe(
      true,
    );
  });

  testWithDsymutil('has a companion file of the same UUID after linking', async () => {
    const library = readMachO(await linkMachO(work, machine, machine));
    await work.run('dsymutil', `lib${machine}.dylib`);
    const folder = join(work.path, `lib${machine}.dylib.dSYM/Contents/Resources/DWARF`);

    const companion = readMachO(new Uint8Array(await readFile(join(folder, `lib${machine}.dylib`))));

    expect(companion.header.type).toBe('dsym');
    expect(companion.uuid).toBe(library.uuid);
  });
});

testWithMachOLinker('a library that uses another one names it, and where it is searched for', async () => {
  await compileMachO(work, 'arm64', 'int base = 1;', { name: 'base' });
  await linkMachO(work, 'arm64', 'base');
  await compileMachO(work, 'arm64', 'extern int base; int *top = &base;', { name: 'top' });
  const more = ['libbase.dylib', '-Wl,-rpath,@loader_path/lib'];

  const file = readMachO(await linkMachO(work, 'arm64', 'top', more));

  expect(file.dylibs.map((one) => one.name)).toEqual(['@rpath/libbase.dylib']);
  expect(file.rpaths).toEqual(['@loader_path/lib']);
});

describe.each([false, true])('a universal file with 64-bit places: %s', (wide) => {
  test('is taken apart into files that read as they did alone', () => {
    const fat = makeFat(machOMachines.map(object), { wide });

    const slices = machOSlices(fat);

    expect(slices.map((slice) => slice.machine)).toEqual([...machOMachines]);
    expect(slices.map((slice) => Buffer.compare(slice.bytes, object(slice.machine ?? 'arm64')))).toEqual([0, 0]);
  });

  test('is refused when it is cut off', () => {
    const fat = makeFat(machOMachines.map(object), { wide });

    expect(reasonOf(() => machOSlices(fat.subarray(0, 20)))).toBe('truncated');
    expect(reasonOf(() => machOSlices(fat.subarray(0, 5000)))).toBe('truncated');
  });
});

test('a file for one machine is its own only slice', () => {
  const [slice, ...more] = machOSlices(object('arm64'));

  expect(slice).toMatchObject({ machine: 'arm64', name: 'arm64' });
  expect(more).toEqual([]);
});

test('a Java class, which begins as a universal file does, is not taken for one', () => {
  const javaClass = Uint8Array.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52, 0, 10]);

  expect(isMachO(javaClass)).toBe(false);
  expect(isMachO(makeFat([object('arm64')]))).toBe(true);
});

test('what is no Mach-O file, or one of a kind that is not read, is refused by its kind', () => {
  const swapped = Uint8Array.from([0xfe, 0xed, 0xfa, 0xcf, 0, 0, 0, 0]);
  const narrow = Uint8Array.from([0xce, 0xfa, 0xed, 0xfe, 0, 0, 0, 0]);
  const other = object('arm64').slice();
  new DataView(other.buffer).setUint32(4, 18, true);

  expect(reasonOf(() => readMachO(Buffer.from('#!/bin/sh\n')))).toBe('notMachO');
  expect(reasonOf(() => readMachO(swapped))).toBe('unsupported');
  expect(reasonOf(() => readMachO(narrow))).toBe('unsupported');
  expect(reasonOf(() => readMachO(other))).toBe('unsupported');
});
