import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ObjectFileError } from '../../src/objfile/errors.js';
import { readMachO } from '../../src/objfile/macho.js';
import { machOSlices } from '../../src/objfile/macho-fat.js';
import { stateC } from '../helpers/container-sources.js';
import { seededRandom } from '../helpers/elf-random.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { compileMachO, machOMachines, makeFat } from '../helpers/macho-workspace.js';

let work: ElfWorkspace;
const files: Uint8Array[] = [];
beforeAll(async () => {
  work = await elfWorkspace();
  for (const machine of machOMachines) files.push(await compileMachO(work, machine, stateC));
});
afterAll(() => work[Symbol.asyncDispose]());

/** `whole`, or the reason it is refused, after everything in it was read. Anything but an ObjectFileError goes through. */
function verdict(bytes: Uint8Array): string {
  try {
    for (const slice of machOSlices(bytes)) {
      const file = readMachO(slice.bytes);
      void file.symbols;
      for (const section of file.sections) {
        file.sectionData(section);
        file.relocations(section);
      }
    }
    return 'whole';
  } catch (error) {
    if (error instanceof ObjectFileError) return error.reason;
    throw error;
  }
}

function object(): Uint8Array {
  const [first] = files;
  if (first === undefined) throw new Error('nothing was compiled');
  return first.slice();
}

test('files that nobody damaged are whole', () => {
  expect([...files, makeFat(files)].map(verdict)).toEqual(['whole', 'whole', 'whole']);
});

test('a file cut off anywhere in its header or load commands is refused', () => {
  const bytes = object();
  const end = 32 + new DataView(bytes.buffer).getUint32(20, true);

  const taken = Array.from({ length: end }, (_, cut) => cut).filter((cut) => verdict(bytes.slice(0, cut)) === 'whole');

  expect(taken).toEqual([]);
});

describe('absurd numbers are refused without reading that much', () => {
  const header = [
    ['the number of load commands', 16],
    ['the size of the load commands', 20],
  ] as const;
  test.each(header)('in %s', (_, at) => {
    for (const value of [0xffffffff, 0x7fffffff, 0, 1]) {
      const bytes = object();
      new DataView(bytes.buffer).setUint32(at, value, true);
      expect(verdict(bytes)).toMatch(/corrupt|truncated/);
    }
  });

  const symbols = [
    ['the place of the symbols', 8],
    ['the number of symbols', 12],
    ['the place of the strings', 16],
    ['the size of the strings', 20],
  ] as const;
  test.each(symbols)('in %s', (_, at) => {
    const bytes = object();
    new DataView(bytes.buffer).setUint32(commandAt(bytes, 2) + at, 0xfffffff0, true);
    expect(verdict(bytes)).toBe('truncated');
  });

  test('in the number of sections', () => {
    const bytes = object();
    new DataView(bytes.buffer).setUint32(commandAt(bytes, 0x19) + 64, 0xffffffff, true);
    expect(verdict(bytes)).toBe('corrupt');
  });

  test('in the number of machines of a universal file', () => {
    const bytes = makeFat(files);
    new DataView(bytes.buffer).setUint32(4, 0xffffffff);
    expect(verdict(bytes)).toBe('truncated');
  });
});

/** Offset of the first load command of a type. */
function commandAt(bytes: Uint8Array, type: number): number {
  const view = new DataView(bytes.buffer);
  let at = 32;
  while (view.getUint32(at, true) !== type) at += view.getUint32(at + 4, true);
  return at;
}

test('files with random bytes changed are read or refused, and never anything else', () => {
  const random = seededRandom(42);
  const verdicts = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const bytes = round % 3 === 0 ? makeFat(files) : object();
    const interesting = random() < 0.7 ? Math.min(bytes.length, 1600) : bytes.length;
    for (let changes = 0; changes < 1 + random() * 6; changes++) {
      bytes[Math.floor(random() * interesting)] = Math.floor(random() * 256);
    }
    verdicts.add(verdict(bytes));
  }
  expect([...verdicts].sort()).toEqual(expect.arrayContaining(['corrupt', 'truncated', 'whole']));
});
