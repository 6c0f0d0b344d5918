import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDebugSections } from '../../src/debuginfo/open.js';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { readElf } from '../../src/objfile/elf.js';
import { classesCpp, stateC, threadLocalC } from '../helpers/container-sources.js';
import { fieldsOf, recordNamed, refusal, summaryOf } from '../helpers/debug-summary.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { testWith } from '../helpers/programs.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

const load = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(path));

/** Where the symbol table says that something lies: section and offset in it. */
function placeOfSymbol(bytes: Uint8Array, name: string): { readonly section: number; readonly address: number } {
  const found = readElf(bytes).symbols?.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no symbol ${name}`);
  return { section: found.section, address: found.value };
}

const places = { g_list: 'g_list', g_hidden: 'g_hidden', g_count: 'g_count', g_ref: 'g_ref', calls: 'add.calls' };

const machines = [
  ['x86-64, DWARF 5', ['-gdwarf-5']],
  ['x86-64, DWARF 4', ['-gdwarf-4']],
  ['AArch64, DWARF 5', ['-gdwarf-5', '-target', 'aarch64-linux-gnu']],
  ['AArch64, DWARF 4', ['-gdwarf-4', '-target', 'aarch64-linux-gnu']],
] as const;

describe.each(machines)('an object file for %s', (name, args) => {
  let bytes: Uint8Array;
  beforeAll(async () => {
    const output = `${name.replaceAll(/\W/g, '')}.o`;
    bytes = await load(await work.build(output, stateC, { kind: ['-c', ...args] }));
  });

  test('gives each variable and function the section and offset that its symbol has', () => {
    const info = readDebugInfo(bytes);

    const found = info.variables.map((one) => [one.name, { section: one.section, address: one.address }]);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(places).map(([variable, symbol]) => [variable, placeOfSymbol(bytes, symbol)])),
    );
    for (const { name: fn, section, address } of info.functions) {
      expect({ section, address }).toEqual(placeOfSymbol(bytes, fn));
    }
    expect(info.functions.map((fn) => fn.name)).toEqual(['add', 'twice']);
  });

  test('gives types their names and offsets', () => {
    const info = readDebugInfo(bytes);

    expect(fieldsOf(info, 'point')).toEqual(['x@0', 'y@64', 'tag@128']);
    expect(fieldsOf(info, 'node')).toEqual(['p@0', 'next@192', 'first@256:3', 'second@259:7']);
    expect(recordNamed(info, 'node').size).toBe(40);
  });

  test('is relocatable, and says of no other word which section it refers to', () => {
    const sections = openDebugSections(bytes);

    expect(sections).toMatchObject({ format: 'elf', pointerSize: 8, relocatable: true });
    expect(sections.sectionAt('debug_info', 0)).toBeNull();
    expect(sections.section('debug_types')).toHaveLength(0);
  });
});

test('thread-local variables of an object file keep their offsets', async () => {
  const bytes = await load(await work.build('tls.o', threadLocalC, { kind: ['-c', '-g'] }));

  const info = readDebugInfo(bytes);

  expect(info.variables.map((one) => [one.name, one.threadLocal, one.address])).toEqual([
    ['t_first', true, placeOfSymbol(bytes, 't_first').address],
    ['t_second', true, placeOfSymbol(bytes, 't_second').address],
  ]);
});

describe.each(['4', '5'])('an object file with a section for each type unit of DWARF %s', (version) => {
  test('is read as if those sections were one', async () => {
    const kind = ['-c', `-gdwarf-${version}`, '-fdebug-types-section'];
    const build = { compiler: 'clang++', source: `units${version}.cpp`, kind };
    const bytes = await load(await work.build(`units${version}.o`, classesCpp, build));
    const name = version === '4' ? '.debug_types' : '.debug_info';
    expect(readElf(bytes).sections.filter((section) => section.name === name).length).toBeGreaterThan(2);

    const info = readDebugInfo(bytes);

    expect(info.variables.map((one) => one.name).sort()).toEqual(['g_double', 'g_int', 'g_kind', 'g_shape']);
    expect(info.types.map((type) => type.name)).toEqual(expect.arrayContaining(['box<int>', 'box<double>', 'shape']));
    expect(fieldsOf(info, 'shape')).toEqual(['area@64']);
    expect(info.variables.find((one) => one.name === 'g_int')).toMatchObject({
      type: { kind: 'record', name: 'box<int>', size: 4 },
      ...placeOfSymbol(bytes, 'g_int'),
    });
  });
});

test('a relocation of a type that no compiler puts into debug sections is refused by its number', async () => {
  const bytes = await load(await work.build('relocations.o', stateC, { kind: ['-c', '-g'] }));
  const table = readElf(bytes).section('.rela.debug_addr');
  if (table === undefined) throw new Error('there are no relocations');
  const R_X86_64_GOTPCREL = 9;
  new DataView(bytes.buffer).setUint32(table.offset + 8, R_X86_64_GOTPCREL, true);

  expect(refusal(() => readDebugInfo(bytes).variables)).toMatch(
    /^unsupported: \.debug_addr has relocations of type 9 /,
  );
});

describe('compressed debug sections', () => {
  let linked: string;
  beforeAll(async () => {
    linked = await work.build('plain.so', stateC);
  });

  test.each([[['-gz']], [['-gz=zlib', '-c', '-fPIC']]])('of clang with %j say the same as plain ones', async (args) => {
    const kind = args.includes('-c') ? ['-g', ...args] : ['-shared', '-fPIC', '-g', '-Wl,-Bsymbolic', ...args];
    const plain = kind.filter((one) => !one.startsWith('-gz'));
    const source = 'packed.c';
    const packed = await load(await work.build('packed', stateC, { source, kind }));
    expect(readElf(packed).section('.debug_info')?.compressed).toBe(true);

    const info = readDebugInfo(packed);

    expect(summaryOf(info)).toEqual(
      summaryOf(readDebugInfo(await load(await work.build('unpacked', stateC, { source, kind: plain })))),
    );
  });

  for (const [way, header] of [
    ['zlib', '.debug_info'],
    ['zlib-gnu', '.zdebug_info'],
  ] as const) {
    testWith('objcopy')(`made by objcopy with ${way} say the same as plain ones`, async () => {
      const output = join(work.path, `${way}.so`);
      await work.run('objcopy', `--compress-debug-sections=${way}`, linked, output);
      const packed = await load(output);
      expect(readElf(packed).section(header)).toBeDefined();

      expect(summaryOf(readDebugInfo(packed))).toEqual(summaryOf(readDebugInfo(await load(linked))));
    });
  }

  testWith('objcopy')('made with zstd say the same, where objcopy knows it', async () => {
    const output = join(work.path, 'zstd.so');
    // Older binutils lack it; what they print then is their help, and there is nothing to compare.
    if (!(await work.run('objcopy', '--help')).includes('zstd')) return;
    await work.run('objcopy', '--compress-debug-sections=zstd', linked, output);

    expect(summaryOf(readDebugInfo(await load(output)))).toEqual(summaryOf(readDebugInfo(await load(linked))));
  });

  /** A compressed library, its header changed. */
  async function withHeader(change: (view: DataView, at: number) => void): Promise<Uint8Array> {
    const kind = ['-shared', '-fPIC', '-g', '-gz'];
    const bytes = await load(await work.build('header.so', stateC, { kind }));
    const section = readElf(bytes).section('.debug_info');
    if (section === undefined) throw new Error('there is no .debug_info');
    change(new DataView(bytes.buffer), section.offset);
    return bytes;
  }

  test('of an unknown way are refused by its number', async () => {
    const bytes = await withHeader((view, at) => view.setUint32(at, 77, true));

    expect(refusal(() => readDebugInfo(bytes))).toBe('unsupported: .debug_info is compressed in an unknown way (77)');
  });

  test('that claim another size than they have are refused, whether more, less or without measure', async () => {
    for (const size of [5n, 100_000n, 2n ** 31n, 2n ** 63n]) {
      const bytes = await withHeader((view, at) => view.setBigUint64(at + 8, size, true));
      expect(refusal(() => readDebugInfo(bytes))).toMatch(/^damaged: \.debug_info (has another size|claims|cannot)/);
    }
  });

  test('that are not what their header says are refused', async () => {
    const bytes = await withHeader((view, at) => view.setUint32(at + 24, 0, true));

    expect(refusal(() => readDebugInfo(bytes))).toBe('damaged: .debug_info cannot be decompressed');
  });
});
