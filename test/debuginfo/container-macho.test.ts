import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDebugSections } from '../../src/debuginfo/open.js';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { ObjectFileError } from '../../src/objfile/errors.js';
import { readMachO } from '../../src/objfile/macho.js';
import { stateC, threadLocalC } from '../helpers/container-sources.js';
import { fieldsOf, recordNamed, refusal, summaryOf } from '../helpers/debug-summary.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import {
  compileMachO,
  linkMachO,
  machOMachines,
  machOTarget,
  makeFat,
  testWithDsymutil,
  testWithMachOLinker,
} from '../helpers/macho-workspace.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

/** Where the symbol table says that something lies: section and offset in it. */
function placeOfSymbol(bytes: Uint8Array, name: string): { readonly section: number; readonly address: number } {
  const file = readMachO(bytes);
  const found = file.symbols?.find((one) => one.name === name);
  const holder = file.sections[(found?.section ?? 0) - 1];
  if (found === undefined || holder === undefined) throw new Error(`there is no symbol ${name} in a section`);
  return { section: found.section, address: found.value - holder.addr };
}

const places = { g_list: '_g_list', g_hidden: '_g_hidden', g_count: '_g_count', g_ref: '_g_ref', calls: '_add.calls' };
const kinds = machOMachines.flatMap((machine) => ['4', '5'].map((version) => [machine, version] as const));

describe.each(kinds)('an object file for %s with DWARF %s', (machine, version) => {
  let bytes: Uint8Array;
  beforeAll(async () => {
    bytes = await compileMachO(work, machine, stateC, { name: `d${version}-${machine}`, args: [`-gdwarf-${version}`] });
  });

  test('gives each variable and function the section and offset that its symbol has', () => {
    const info = readDebugInfo(bytes);

    const found = info.variables.map((one) => [one.name, { section: one.section, address: one.address }]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(places).map(([variable, symbol]) => [variable, placeOfSymbol(bytes, symbol)])),
    );
    expect(info.functions.map(({ name, section, address }) => ({ name, section, address }))).toEqual([
      { name: 'add', ...placeOfSymbol(bytes, '_add') },
      { name: 'twice', ...placeOfSymbol(bytes, '_twice') },
    ]);
  });

  test('gives types their names and offsets', () => {
    const info = readDebugInfo(bytes);

    expect(fieldsOf(info, 'point')).toEqual(['x@0', 'y@64', 'tag@128']);
    expect(fieldsOf(info, 'node')).toEqual(['p@0', 'next@192', 'first@256:3', 'second@259:7']);
    expect(recordNamed(info, 'node').size).toBe(40);
    expect(openDebugSections(bytes)).toMatchObject({ format: 'mach-o', relocatable: true });
  });
});

describe.each(machOMachines)('the companion file that dsymutil makes for %s', (machine) => {
  testWithDsymutil('has the information of a library, under the UUID of that', async () => {
    const name = `companion-${machine}`;
    // Older releases of dsymutil lose the addresses of DWARF 5.
    await compileMachO(work, machine, stateC, { name, args: ['-gdwarf-4'] });
    const library = await linkMachO(work, machine, name);
    await work.run('dsymutil', `lib${name}.dylib`);
    const path = `lib${name}.dylib.dSYM/Contents/Resources/DWARF/lib${name}.dylib`;
    const companion = new Uint8Array(await readFile(join(work.path, path)));
    const asked: string[] = [];

    const info = readDebugInfo(library, {
      beside: (file) => {
        asked.push(file);
        return companion;
      },
    });

    expect(asked).toEqual([path]);
    expect(summaryOf(info)).toEqual(summaryOf(readDebugInfo(companion)));
    const symbols = readMachO(library).symbols ?? [];
    for (const [variable, symbol] of Object.entries(places)) {
      expect(info.variables.find((one) => one.name === variable)).toMatchObject({
        section: null,
        address: symbols.find((one) => one.name === symbol)?.value,
      });
    }
    expect(fieldsOf(info, 'node')).toEqual(['p@0', 'next@192', 'first@256:3', 'second@259:7']);
  });
});

test('a thread-local variable lies where its descriptor does', async () => {
  const bytes = await compileMachO(work, 'arm64', threadLocalC, { name: 'tls' });

  const info = readDebugInfo(bytes);

  expect(info.variables).toMatchObject([
    { name: 't_first', threadLocal: true, ...placeOfSymbol(bytes, '_t_first') },
    { name: 't_second', threadLocal: true, ...placeOfSymbol(bytes, '_t_second') },
  ]);
});

testWithMachOLinker('a library without its object files says that they have the types', async () => {
  await compileMachO(work, 'arm64', stateC, { name: 'bare' });
  const library = await linkMachO(work, 'arm64', 'bare');

  expect(refusal(() => readDebugInfo(library))).toBe(
    'none: a linked Mach-O file holds no types: the object files it was linked from (bare.o) do, or the .dSYM that dsymutil makes of them',
  );
});

testWithDsymutil('a companion file of another build is refused', async () => {
  await compileMachO(work, 'arm64', stateC, { name: 'first', args: ['-gdwarf-4'] });
  const library = await linkMachO(work, 'arm64', 'first');
  await compileMachO(work, 'arm64', `${stateC} int more = 1;`, { name: 'first', args: ['-gdwarf-4'] });
  await linkMachO(work, 'arm64', 'first');
  await work.run('dsymutil', 'libfirst.dylib');
  const path = join(work.path, 'libfirst.dylib.dSYM/Contents/Resources/DWARF/libfirst.dylib');
  const other = new Uint8Array(await readFile(path));

  expect(refusal(() => readDebugInfo(library, { beside: () => other }))).toMatch(
    /^damaged: .*libfirst\.dylib, and that belongs to another build$/,
  );
});

test('an object file without debug information has none', async () => {
  const bytes = await compileMachO(work, 'arm64', stateC, { name: 'plain', args: [] });

  expect(refusal(() => readDebugInfo(bytes))).toMatch(/^none: it was built without debug information/);
});

describe('a universal file', () => {
  const fat = async (): Promise<Uint8Array> => {
    const named = (name: string) => `struct only_${name} { int x; } g_${name};`;
    return makeFat([
      await compileMachO(work, 'x86_64', named('intel'), { name: 'intel' }),
      await compileMachO(work, 'arm64', named('arm'), { name: 'arm' }),
    ]);
  };

  test('is read for the machine that is asked for', async () => {
    const bytes = await fat();

    expect(readDebugInfo(bytes, { machine: 'arm64' }).types.map((type) => type.name)).toEqual(['only_arm']);
    expect(readDebugInfo(bytes, { machine: 'x86_64' }).types.map((type) => type.name)).toEqual(['only_intel']);
    expect(readDebugInfo(bytes).types.map((type) => type.name)).toEqual([
      process.arch === 'x64' ? 'only_intel' : 'only_arm',
    ]);
  });

  test('with one part is read whatever machine that is for, unless another one is asked for', async () => {
    const bytes = makeFat([await compileMachO(work, 'arm64', stateC, { name: 'single' })]);

    expect(readDebugInfo(bytes).types.length).toBeGreaterThan(1);
    expect(refusal(() => readDebugInfo(bytes, { machine: 'x86_64' }))).toBe(
      'unsupported: it has no part for x86_64, only for arm64',
    );
  });
});

describe.each(machOMachines)('relocations of %s', (machine) => {
  const assembled = async (name: string, data: string): Promise<Uint8Array> => {
    const text = `
      .section __DATA,__data
      .globl _first
      .long 0
_first: .long 1
      .section __DATA,__other
      .globl _second
      .quad 0
_second: .quad 2
      .section __DWARF,__debug_info,regular,debug
      .long 1
      .section __DWARF,__debug_addr,regular,debug
      ${data}
`;
    const output = `${name}-${machine}.o`;
    await work.build(output, text, { source: `${name}-${machine}.s`, kind: [...machOTarget(machine), '-c'] });
    return new Uint8Array(await readFile(join(work.path, output)));
  };
  const words = (bytes: Uint8Array): readonly bigint[] => [
    ...new BigInt64Array(bytes.slice().buffer, 0, Math.floor(bytes.length / 8)),
  ];

  test('that stand for an address and a number give the offset in its section', async () => {
    const bytes = await assembled('sum', '.quad _second + 4\n.quad _first - 1');
    const sections = openDebugSections(bytes);
    const { section, address } = placeOfSymbol(bytes, '_second');

    expect(words(sections.section('debug_addr'))).toEqual([BigInt(address) + 4n, 3n]);
    expect(sections.sectionAt('debug_addr', 0)).toBe(section);
    expect(sections.sectionAt('debug_addr', 8)).toBe(placeOfSymbol(bytes, '_first').section);
  });

  test('that stand for the difference of two addresses give it, and no section', async () => {
    const bytes = await assembled('difference', '.quad _second - _first + 16\n.quad _first - _second');
    const { symbols } = readMachO(bytes);
    const positionOf = (name: string): bigint => BigInt(symbols?.find((one) => one.name === name)?.value ?? 0);
    const distance = positionOf('_second') - positionOf('_first');

    const sections = openDebugSections(bytes);

    expect(distance).toBeGreaterThan(0n);
    expect(words(sections.section('debug_addr'))).toEqual([distance + 16n, -distance]);
    expect(sections.sectionAt('debug_addr', 0)).toBeNull();
  });

  test('to what lies in another file refer to no section', async () => {
    const bytes = await assembled('elsewhere', '.quad _elsewhere + 8');

    const sections = openDebugSections(bytes);

    expect(words(sections.section('debug_addr'))).toEqual([8n]);
    expect(sections.sectionAt('debug_addr', 0)).toBeNull();
  });

  test('of a kind that no compiler puts into debug sections are refused by name', async () => {
    const bytes = await assembled(
      'pointer',
      machine === 'arm64' ? '.long _elsewhere@GOT - .' : '.long _elsewhere@GOTPCREL',
    );

    expect(refusal(() => openDebugSections(bytes).section('debug_addr'))).toMatch(
      /^unsupported: __debug_addr has relocations (ARM64_RELOC_POINTER_TO_GOT|X86_64_RELOC_GOT), which are not read$/,
    );
  });
});

test('a damaged Mach-O file is refused as one, not as an ELF file', async () => {
  const bytes = await compileMachO(work, 'arm64', stateC, { name: 'cut' });

  expect(() => readDebugInfo(bytes.subarray(0, 100))).toThrow(ObjectFileError);
  expect(() => readDebugInfo(bytes.subarray(0, 100))).toThrow(/load commands/);
});

test('a file that lost its debug information but not its abbreviations is damaged', async () => {
  const bytes = await compileMachO(work, 'arm64', stateC, { name: 'lost' });
  const at = Buffer.from(bytes).indexOf('__debug_info');
  bytes.set(Buffer.from('__debug_itfo'), at);

  expect(refusal(() => readDebugInfo(bytes))).toMatch(/^damaged: it has debug sections and no __debug_info/);
});
