import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readElf } from '../../src/objfile/elf.js';
import { ObjectFileError } from '../../src/objfile/errors.js';
import { checkWhole } from '../../src/objfile/whole.js';
import { seededRandom } from '../helpers/elf-random.js';
import { counterC } from '../helpers/elf-sources.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachLinker, hasLinker, linkerNames } from '../helpers/programs.js';

let work: ElfWorkspace;
const libraries = new Map<string, Uint8Array>();
beforeAll(async () => {
  work = await elfWorkspace();
  for (const linker of linkerNames.filter(hasLinker)) {
    const path = await work.build(`${linker}.so`, counterC, { source: 'counter.c', args: [`-fuse-ld=${linker}`] });
    libraries.set(linker, new Uint8Array(readFileSync(path)));
  }
});
afterAll(() => work[Symbol.asyncDispose]());

/** `whole`, or the reason it is refused. Anything but an ObjectFileError is a defect and goes through. */
function verdict(bytes: Uint8Array): string {
  try {
    const file = readElf(bytes);
    checkWhole(file);
    void file.relocations;
    return 'whole';
  } catch (error) {
    if (error instanceof ObjectFileError) return error.reason;
    throw error;
  }
}

function library(linker: string): Uint8Array {
  const bytes = libraries.get(linker);
  if (bytes === undefined) throw new Error(`no library by ${linker}`);
  return bytes;
}

describeEachLinker('a library linked by %s', (linker) => {
  test('is whole as it is', () => {
    expect(verdict(library(linker))).toBe('whole');
  });

  test('is refused when cut off at any multiple of 64 bytes, and at each of its last bytes', () => {
    const bytes = library(linker);
    const cuts = [...multiplesOf(64, bytes.length), ...lastOnes(bytes.length, 200)];

    const taken = cuts.filter((cut) => verdict(bytes.slice(0, cut)) === 'whole');

    expect(taken).toEqual([]);
  });

  test('is refused when its tail is still zeros, wherever that begins', () => {
    const bytes = library(linker);
    // Where the last bytes are zeros in the whole file too, nothing is missing.
    const lastByte = bytes.findLastIndex((byte) => byte !== 0);
    const cuts = [...multiplesOf(64, bytes.length), ...lastOnes(lastByte, 200)].filter((cut) => cut <= lastByte);

    const taken = cuts.filter((cut) => verdict(bytes.slice().fill(0, cut)) === 'whole');

    expect(taken).toEqual([]);
  });

  test('with random bytes changed is read or refused, and never anything else', () => {
    const random = seededRandom(42);
    const original = library(linker);
    const verdicts = new Set<string>();
    for (let round = 0; round < 1500; round++) {
      const bytes = original.slice();
      const interesting = random() < 0.5 ? 1024 : bytes.length;
      for (let changes = 0; changes < 1 + random() * 6; changes++) {
        bytes[Math.floor(random() * interesting)] = Math.floor(random() * 256);
      }
      verdicts.add(verdict(bytes));
    }
    expect([...verdicts].sort()).toEqual(expect.arrayContaining(['corrupt', 'truncated', 'whole']));
  });
});

test('absurd counts and sizes in a header are refused without reading that much', () => {
  const bytes = library('lld').slice();
  const view = new DataView(bytes.buffer);
  view.setUint16(60, 0, true);
  const sectionsAt = Number(view.getBigUint64(40, true));
  view.setBigUint64(sectionsAt + 32, 0xffff_ffff_ffffn, true);

  expect(verdict(bytes)).toBe('truncated');
});

test('a file that is zeros from a page on, headers intact, is not whole', () => {
  const bytes = library('bfd').slice();
  const text = readElf(bytes).section('.text');
  bytes.fill(0, text?.offset, (text?.offset ?? 0) + (text?.size ?? 0));

  expect(() => checkWhole(readElf(bytes))).toThrow(/function counter_\w+ consists of zeros/);
});

function multiplesOf(step: number, end: number): readonly number[] {
  return Array.from({ length: Math.ceil(end / step) }, (_, i) => i * step);
}

function lastOnes(end: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => end - count + i);
}

test('an object file whose section headers are not written yet is not whole', async () => {
  const path = await work.build('part.o', counterC, { kind: ['-c', '-fPIC'] });
  const bytes = new Uint8Array(readFileSync(path));

  expect(verdict(bytes)).toBe('whole');
  expect(verdict(bytes.fill(0, bytes.length - 128))).toBe('corrupt');
});
