import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { checkDamaged, damagedFile, type FuzzInput, type Outcome } from '../../src/fuzz/check-damaged.js';
import { makeInputs } from '../../src/fuzz/damage-inputs.js';
import { touchEverything } from '../../src/fuzz/touch.js';
import { readElf } from '../../src/objfile/elf.js';
import type { ElfSection } from '../../src/objfile/types.js';
import { stateC } from '../helpers/container-sources.js';
import { refusal } from '../helpers/debug-summary.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';

let work: ElfWorkspace;
let library: Uint8Array;
beforeAll(async () => {
  work = await elfWorkspace();
  library = new Uint8Array(await readFile(await work.build('library.so', stateC)));
});
afterAll(() => work[Symbol.asyncDispose]());

describe('files damaged in hundreds of ways', () => {
  let inputs: readonly FuzzInput[];
  beforeAll(async () => {
    inputs = await makeInputs({ large: false });
  });
  const seed = 20;
  const count = 800;

  test('are made of inputs that are read to their ends as long as they are whole', () => {
    const refused = inputs.filter((input) => touchEverything(readDebugInfo(input.bytes)).refusal !== null);

    expect(refused.map((input) => input.name)).toEqual([]);
    expect(inputs.map((input) => input.name)).toEqual(
      expect.arrayContaining(['clang, DWARF 5', 'clang, object', 'clang, macOS arm64', 'clang, compressed']),
    );
  });

  test('give an answer or a typed refusal, and never pass for files without debug information', () => {
    const outcomes: Outcome[] = [];
    for (let number = 0; number < count; number++) outcomes.push(checkDamaged(inputs, seed, number));

    expect(outcomes.filter((outcome) => outcome.kind === 'defect')).toEqual([]);
    // A run that only ever hit one wall would show nothing.
    const kinds = new Set(outcomes.map((outcome) => (outcome.kind === 'refused' ? outcome.problem : outcome.kind)));
    expect([...kinds]).toEqual(expect.arrayContaining(['read', 'damaged', 'unsupported', 'file truncated']));
  });

  test('can be made again from their seed and number', () => {
    const [first, second] = [damagedFile(inputs, seed, 7), damagedFile(inputs, seed, 7)];

    expect(second.what).toBe(first.what);
    expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
  });
});

/** The library with a change to the entry of one of its sections in the section header table. */
function withSection(name: string, change: (view: DataView, at: number, section: ElfSection) => void): Uint8Array {
  const bytes = library.slice();
  const file = readElf(bytes);
  const section = file.section(name);
  if (section === undefined) throw new Error(`there is no ${name}`);
  change(new DataView(bytes.buffer), file.header.sectionTable.offset + section.index * 64, section);
  return bytes;
}

const sh = { name: 0, type: 4, offset: 24, size: 32 } as const;

describe('a library whose debug information was lost to damage is not taken for a stripped one', () => {
  test('when its section claims to have no bytes in the file', () => {
    const nobits = 8;
    const bytes = withSection('.debug_info', (view, at) => view.setUint32(at + sh.type, nobits, true));

    expect(refusal(() => readDebugInfo(bytes))).toBe('damaged: .debug_info has no bytes in the file');
  });

  test('when its section is empty and the abbreviations for it are there', () => {
    const bytes = withSection('.debug_info', (view, at) => view.setBigUint64(at + sh.size, 0n, true));

    expect(refusal(() => readDebugInfo(bytes))).toBe('damaged: it has .debug_abbrev and no .debug_info');
  });

  test('when its section lost its name', () => {
    const bytes = withSection('.debug_info', (view, at) => view.setUint32(at + sh.name, 0, true));

    expect(refusal(() => readDebugInfo(bytes))).toBe('damaged: it has .debug_abbrev and no .debug_info');
  });

  test('when its bytes are zeros, or end in the middle of a unit', () => {
    const cleared = withSection('.debug_info', (view, _, { offset, size }) => {
      new Uint8Array(view.buffer).fill(0, offset, offset + size);
    });
    const halved = withSection('.debug_info', (view, at, { size }) => {
      view.setBigUint64(at + sh.size, BigInt(Math.floor(size / 2)), true);
    });

    for (const bytes of [cleared, halved]) {
      expect(refusal(() => readDebugInfo(bytes).variables)).toMatch(/^(damaged|unsupported): /);
    }
  });

  test('when the file ends before its debug information does', () => {
    const start = readElf(library).section('.debug_info')?.offset ?? 0;

    expect(() => readDebugInfo(library.subarray(0, start + 20))).toThrow(/but the file has \d+ bytes$/);
  });
});

test('a number that does not end is refused wherever it stands', () => {
  for (const name of ['.debug_abbrev', '.debug_info']) {
    const bytes = withSection(name, (view, _, { offset, size }) => {
      new Uint8Array(view.buffer).fill(0xff, offset + (name === '.debug_info' ? 12 : 0), offset + size);
    });

    expect(refusal(() => readDebugInfo(bytes).variables)).toMatch(/^damaged: /);
  }
});
