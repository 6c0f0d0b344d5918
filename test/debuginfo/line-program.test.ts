import { describe, expect, test } from 'vitest';
import { DebugInfoError } from '../../src/debuginfo/errors.js';
import { readLineHeader } from '../../src/debuginfo/line-header.js';
import { type LineTable, readLineProgram } from '../../src/debuginfo/line-program.js';
import type { DebugSections } from '../../src/debuginfo/sections.js';

interface Program {
  readonly opcodes: readonly number[];
  readonly version?: 2 | 3 | 4;
  readonly minInstructionLength?: number;
  readonly maxOperations?: number;
  readonly lineRange?: number;
  readonly opcodeBase?: number;
  readonly argumentCounts?: readonly number[];
}

const u32 = (value: number): readonly number[] =>
  [value, value >> 8, value >> 16, value >> 24].map((one) => one & 0xff);
const u64 = (value: bigint): readonly number[] =>
  Array.from({ length: 8 }, (_, n) => Number((value >> BigInt(8 * n)) & 0xffn));
const text = (value: string): readonly number[] => [...Buffer.from(`${value}\0`)];

const setAddress = (address: bigint): readonly number[] => [0, 9, 2, ...u64(address)];
const endSequence = [0, 1, 1] as const;
const copy = 1;

/** Two sources, line_base -3, by default line_range 12 and the opcode base 13 of DWARF 3 and later. */
function bytesOf(program: Program): Uint8Array {
  const { version = 4, opcodeBase = 13, lineRange = 12, minInstructionLength = 1, maxOperations = 1 } = program;
  const counts = program.argumentCounts ?? [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1].slice(0, opcodeBase - 1);
  const operations = version >= 4 ? [maxOperations] : [];
  const names = [...text('inc'), 0, ...text('a.c'), 0, 0, 0, ...text('b.h'), 1, 0, 0, 0];
  const header = [minInstructionLength, ...operations, 1, 0xfd, lineRange, opcodeBase, ...counts, ...names];
  const rest = [version, 0, ...u32(header.length), ...header, ...program.opcodes];
  return new Uint8Array([...u32(rest.length), ...rest]);
}

function sectionsOf(bytes: Uint8Array): DebugSections {
  return {
    format: 'elf',
    pointerSize: 8,
    littleEndian: true,
    relocatable: false,
    section: (name) => (name === 'debug_line' ? bytes : new Uint8Array()),
    sectionAt: () => null,
  };
}

function read(program: Program): LineTable {
  const sections = sectionsOf(bytesOf(program));
  return readLineProgram(sections, readLineHeader(sections, 0, '/src'), 8);
}

function lines(table: LineTable, from: number, to: number): readonly (number | null)[] {
  return Array.from({ length: to - from }, (_, n) => table.placeAt(from + n)?.line ?? null);
}

/** Advances the address and the line at once (DWARF 5, section 6.2.5.1). */
const special = (address: number, line: number): number => line + 3 + 12 * address + 13;

describe('a line number program', () => {
  test('gives each address the last row at or before it, and none outside of its sequences', () => {
    const table = read({
      opcodes: [...setAddress(0x1000n), special(0, 4), special(2, 1), special(3, -2), 2, 4, ...endSequence],
    });
    expect(lines(table, 0xfff, 0x100b)).toEqual([null, 5, 5, 6, 6, 6, 4, 4, 4, 4, null, null]);
    expect(table.placeAt(0x1000)?.file).toBe('/src/a.c');
  });

  test('takes the standard opcodes for what they are', () => {
    const table = read({
      opcodes: [
        ...setAddress(0x2000n),
        ...[3, 9, copy],
        ...[2, 0x82, 0x01, 4, 2, 3, 0x7b, copy],
        ...[5, 7, 6, 7, 10, 11, 12, 3],
        ...[8, copy],
        ...[9, 5, 0, 3, 1, copy],
        ...[2, 1, ...endSequence],
      ],
    });
    expect(table.placeAt(0x2000)).toEqual({ file: '/src/a.c', line: 10 });
    expect(table.placeAt(0x2000 + 129)).toEqual({ file: '/src/a.c', line: 10 });
    expect(table.placeAt(0x2000 + 130)).toEqual({ file: '/src/inc/b.h', line: 5 });
    // DW_LNS_const_add_pc advances as the special opcode 255 does: (255 - 13) / 12.
    expect(table.placeAt(0x2000 + 150)).toEqual({ file: '/src/inc/b.h', line: 5 });
    expect(table.placeAt(0x2000 + 155)).toEqual({ file: '/src/inc/b.h', line: 6 });
  });

  test('counts instructions in their least length, and operations of a word by their number', () => {
    const words = read({
      minInstructionLength: 4,
      opcodes: [...setAddress(64n), copy, special(2, 1), 2, 1, ...endSequence],
    });
    expect(lines(words, 63, 77)).toEqual([null, ...Array(8).fill(1), ...Array(4).fill(2), null]);
    const vliw = read({
      minInstructionLength: 16,
      maxOperations: 3,
      opcodes: [...setAddress(64n), copy, special(2, 1), special(2, 1), 2, 2, ...endSequence],
    });
    // 2, 4 and 6 operations on: words 0, 1 and 2.
    expect([vliw.placeAt(64)?.line, vliw.placeAt(79)?.line, vliw.placeAt(80)?.line, vliw.placeAt(95)?.line]).toEqual([
      2, 2, 3, 3,
    ]);
    expect(vliw.placeAt(96)).toBeNull();
  });

  test('leaves out code that the linker discarded', () => {
    const code = (address: bigint, line: number): readonly number[] => [
      ...setAddress(address),
      ...[3, line - 1, copy, 2, 16, ...endSequence],
    ];
    const table = read({
      opcodes: [
        ...code(0n, 20),
        ...code(0xffffffffffffffffn, 30),
        ...code(0xfffffffffffffffen, 40),
        ...code(0x1000n, 50),
      ],
    });
    expect([table.placeAt(0), table.placeAt(8), table.placeAt(0x1000)?.line]).toEqual([null, null, 50]);
  });

  test('passes over opcodes of later versions and of vendors, and takes sources that it names itself', () => {
    const table = read({
      opcodeBase: 15,
      argumentCounts: [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 2, 0],
      opcodes: [
        ...setAddress(0x1000n),
        ...[13, 0x81, 0x01, 5, 14],
        ...[0, 4, 0x80, 1, 2, 3],
        ...[0, 8, 3, ...text('c.y'), 1, 0, 0],
        ...[4, 3, copy, 2, 1, ...endSequence],
      ],
    });
    expect(table.placeAt(0x1000)).toEqual({ file: '/src/inc/c.y', line: 1 });
  });

  test('of DWARF 2 has fewer standard opcodes, so that theirs are special ones', () => {
    const table = read({
      version: 2,
      opcodeBase: 10,
      opcodes: [...setAddress(0x1000n), 10 + 3 + 4, 2, 1, ...endSequence],
    });
    expect(table.placeAt(0x1000)?.line).toBe(5);
  });

  test.each([
    ['divides by zero', { lineRange: 0, opcodes: [copy] }],
    ['has an extended opcode without a length', { opcodes: [0, 0] }],
    ['has an extended opcode that goes on behind its end', { opcodes: [0, 9, 2, 1] }],
    ['has a number without an end', { opcodes: [2, 0x80] }],
    ['sets an address of three bytes too many', { opcodes: [0, 12, 2, ...u64(1n), 0, 0, 0] }],
  ] as const)('that %s is refused', (_, program) => {
    expect(() => read(program)).toThrow(DebugInfoError);
  });

  test('that was cut anywhere is refused or read, and nothing else', () => {
    const whole = bytesOf({ opcodes: [...setAddress(0x1000n), copy, special(3, 2), 2, 8, ...endSequence] });
    for (let size = 4; size < whole.length; size++) {
      const bytes = whole.slice(0, size);
      bytes.set(u32(size - 4), 0);
      const sections = sectionsOf(bytes);
      try {
        readLineProgram(sections, readLineHeader(sections, 0, '/src'), 8).placeAt(0x1001);
      } catch (error) {
        expect(error).toBeInstanceOf(DebugInfoError);
      }
    }
  });
});
