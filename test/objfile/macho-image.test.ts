import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ObjectFileError } from '../../src/objfile/errors.js';
import { readMachO } from '../../src/objfile/macho.js';
import { readMachOExports } from '../../src/objfile/macho-exports.js';
import { readMachOFixups } from '../../src/objfile/macho-fixups.js';
import { machOImage } from '../../src/objfile/macho-image.js';
import { readCodeSignature } from '../../src/objfile/macho-signature.js';
import type { MachOFile } from '../../src/objfile/macho-types.js';
import { checkMachOWhole } from '../../src/objfile/macho-whole.js';
import { statefulSections, writableVariables } from '../../src/objfile/writable.js';
import { seededRandom } from '../helpers/elf-random.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { compileMachO, linkMachO, machOMachines, testWithMachOLinker } from '../helpers/macho-workspace.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

const source = `
extern int other;
int g_count = 7;
int *g_ref = &g_count;
int *g_other = &other + 3;
static char hidden[100];
const char *const words[3] = { "one", "two", "three" };
static const char *current = "four";
_Thread_local int t_first = 3;
_Thread_local long t_second;
__attribute__((weak)) int g_weak = 1;
int add(int a) { static int calls; hidden[a] = (char)++calls; return a + t_first + (int)t_second + other; }
static int twice(int a) { return 2 * a; }
int (*g_twice)(int) = twice;
const char *word(int i) { current = words[i]; return current; }
`;
const many = ['-Wl,-undefined,dynamic_lookup'];

for (const machine of machOMachines)
  describe(`a linked library for ${machine}`, () => {
    let bytes: Uint8Array;
    const file = (): MachOFile => readMachO(bytes);
    testWithMachOLinker('is made and whole', async () => {
      await compileMachO(work, machine, source, { name: machine, args: ['-g', '-ffreestanding'] });
      bytes = await linkMachO(work, machine, machine, many);

      checkMachOWhole(file());
    });

    testWithMachOLinker('exports what nm lists as external and defined, at the same addresses', async () => {
      const listed = (await work.run('llvm-nm', '-gU', `lib${machine}.dylib`)).trim().split('\n');
      const exported = readMachOExports(file());

      expect(exported.map(({ name, address }) => `${address.toString(16).padStart(16, '0')} ${name}`).sort()).toEqual(
        listed.map((line) => line.replace(/ \w /, ' ')).sort(),
      );
      expect(exported.find((one) => one.name === '_g_weak')?.weak).toBe(true);
      expect(exported.find((one) => one.name === '_t_first')?.threadLocal).toBe(true);
    });

    testWithMachOLinker('says which words the loader fills in, and with what', () => {
      const image = machOImage(file());
      const addresses = new Map(image.symbols?.map((symbol) => [symbol.name, symbol.value]));
      const at = (name: string) => image.relocations.find((one) => one.offset === addresses.get(name));

      expect(at('g_ref')).toMatchObject({ symbol: null, addend: addresses.get('g_count') });
      expect(at('g_twice')).toMatchObject({ symbol: null, addend: addresses.get('twice') });
      expect(at('g_other')).toMatchObject({ symbol: { name: 'other', defined: false }, addend: 12 });
      const text = image.dataAt(at('current')?.addend ?? 0, 5);
      expect(Buffer.from(text ?? []).toString()).toBe('four\0');
    });

    testWithMachOLinker('has as state what code can write, and nothing of the loader or the compiler', () => {
      const image = machOImage(file());

      expect(
        statefulSections(image)
          .map(({ name }) => name)
          .sort(),
      ).toEqual(['__DATA,__bss', '__DATA,__data', '__DATA,__thread_bss', '__DATA,__thread_data']);
      const names = writableVariables(image)
        ?.map(({ name }) => name)
        .sort();
      expect(names).toEqual([
        'add.calls',
        'current',
        'g_count',
        'g_other',
        'g_ref',
        'g_twice',
        'g_weak',
        'hidden',
        't_first',
        't_second',
      ]);
      expect(image.symbols?.find((one) => one.type === 'file')?.name).toBe(`${machine}.c`);
    });

    testWithMachOLinker('with random bytes changed is read or refused, and never anything else', () => {
      const random = seededRandom(7);
      const verdicts = new Set<string>();
      const commands = 32 + new DataView(bytes.buffer).getUint32(20, true);
      const edit = file().segments.at(-1)?.offset ?? 0;
      for (let round = 0; round < 3000; round++) {
        const damaged = bytes.slice();
        const [from, to] = random() < 0.5 ? [0, commands] : [edit, damaged.length];
        for (let changes = 0; changes < 1 + random() * 4; changes++) {
          damaged[from + Math.floor(random() * (to - from))] = Math.floor(random() * 256);
        }
        verdicts.add(verdict(damaged));
      }
      expect([...verdicts].sort()).toEqual(expect.arrayContaining(['corrupt', 'truncated', 'whole']));
    });
  });

/** `whole`, or the reason it is refused, after everything in it was read. Anything but an ObjectFileError goes through. */
function verdict(bytes: Uint8Array): string {
  try {
    const file = readMachO(bytes);
    readCodeSignature(file);
    checkMachOWhole(file);
    const image = machOImage(file);
    void [image.symbols, image.dynamicSymbols, image.relocations];
    writableVariables(image);
    return 'whole';
  } catch (error) {
    if (error instanceof ObjectFileError) return error.reason;
    throw error;
  }
}

/** What reading fixups and exports asks of a file: one segment of 64 bytes at 0x4000, then bytes that the loader reads. */
function fileWith(segment: readonly bigint[], tail: Uint8Array, place: Partial<MachOFile>): MachOFile {
  const bytes = new Uint8Array(64 + tail.length);
  for (const [n, word] of segment.entries()) new DataView(bytes.buffer).setBigUint64(n * 8, word, true);
  bytes.set(tail, 64);
  const rights = { readable: true, writable: true, executable: false, readOnly: false };
  const own = { name: '__TEXT', addr: 0x4000, memorySize: 64, offset: 0, fileSize: 64, ...rights };
  const none = { chainedFixups: null, dyldInfo: null, exportsTrie: null, codeSignature: null };
  return { ...none, bytes, segments: [own], sections: [], symbols: null, ...place } as unknown as MachOFile;
}

describe('chained fixups', () => {
  /** One segment of one page whose chain begins at byte 8, and two imports with addends. */
  function chained(format: number, next: number): MachOFile {
    const tail = new Uint8Array(128);
    const view = new DataView(tail.buffer);
    const words = [0, 28, 60, 76, 2, 2, 0, 1, 8];
    for (const [n, word] of words.entries()) view.setUint32(n * 4, word, true);
    view.setUint32(36, 24, true);
    view.setUint16(40, 4096, true);
    view.setUint16(42, format, true);
    view.setUint16(56, 1, true);
    view.setUint16(58, 8, true);
    for (const [n, word] of [1 | (1 << 9), 5, 1 | (1 << 8) | (4 << 9), -2].entries())
      view.setInt32(60 + n * 4, word, true);
    tail.set(Buffer.from('\0_a\0_b\0'), 76);
    const bind = (1n << 63n) | 1n | (7n << 24n);
    const rebase = (BigInt(next) << 51n) | 0x10n;
    return fileWith([0n, rebase, bind], tail, { chainedFixups: { offset: 64, size: 128 } });
  }

  test.each([
    [6, 0x4010],
    [2, 0x10],
  ])('of format %i are followed to their end', (format, address) => {
    expect(readMachOFixups(chained(format, 2))).toEqual([
      { address: 0x4008, target: { kind: 'address', address } },
      { address: 0x4010, target: { kind: 'symbol', name: '_b', addend: 5, weak: true } },
    ]);
  });

  test('that leave their segment, or are of another kind, are refused', () => {
    expect(() => readMachOFixups(chained(6, 20))).toThrow(/leaves its segment/);
    expect(() => readMachOFixups(chained(1, 2))).toThrow(/format 1/);
  });
});

describe('byte codes of the loader', () => {
  const codes = (rebase: readonly number[]): MachOFile => {
    const none = { offset: 0, size: 0 };
    const info = {
      rebase: { offset: 64, size: rebase.length },
      bind: none,
      weakBind: none,
      lazyBind: none,
      exports: none,
    };
    return fileWith([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n], Uint8Array.from(rebase), { dyldInfo: info });
  };

  test('count, skip and go back', () => {
    // Segment 0 from byte 16; two words; back by 32; one word; twice with 8 bytes between.
    const minus32 = [0xe0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    const file = codes([0x11, 0x20, 16, 0x52, 0x30, ...minus32, 0x51, 0x80, 2, 8, 0x00]);

    expect(readMachOFixups(file).map(({ address }) => address - 0x4000)).toEqual([16, 24, 0, 8, 24]);
  });

  test('that would never end, or write outside, are refused', () => {
    const minus8 = [0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    expect(() => readMachOFixups(codes([0x20, 0, 0x80, 0xff, 0xff, 0xff, 0xff, 0x7f, ...minus8]))).toThrow(
      /more places/,
    );
    expect(() => readMachOFixups(codes([0x20, 0, 0x60, 9]))).toThrow(/outside of its segments/);
    expect(() => readMachOFixups(codes([0x20, 0x80]))).toThrow(/end in the middle/);
  });
});

describe('a table of exports', () => {
  const exportsOf = (trie: readonly number[]) =>
    readMachOExports(fileWith([], Uint8Array.from(trie), { exportsTrie: { offset: 64, size: trie.length } }));

  test('is walked over once', () => {
    // Root without a value and two children, "_a" and "_b"; each of them with flags 0 and an address.
    const trie = [0, 2, 0x5f, 0x61, 0, 10, 0x5f, 0x62, 0, 14, 2, 0, 8, 0, 2, 4, 16, 0];
    expect(exportsOf(trie).map(({ name, address, weak }) => [name, address, weak])).toEqual([
      ['_a', 0x4008, false],
      ['_b', 0x4010, true],
    ]);
  });

  test('that leads back into itself is refused', () => {
    expect(() => exportsOf([0, 1, 0x61, 0, 0])).toThrow(/lead into each other/);
    expect(() => exportsOf([0, 2, 0x61, 0, 8, 0x62, 0, 8, 0, 0])).toThrow(/lead into each other/);
  });
});
