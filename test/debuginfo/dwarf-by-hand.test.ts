import { describe, expect, test } from 'vitest';
import { readDwarf } from '../../src/debuginfo/dwarf.js';
import { DebugInfoError } from '../../src/debuginfo/errors.js';
import type { DebugSectionName, DebugSections } from '../../src/debuginfo/sections.js';
import { asEnum, asRecord } from '../helpers/debug-builds.js';

/** What no compiler writes is written here byte by byte: abbreviations (DWARF 5, 7.5.3) and entries that use them. */
const abbreviations = [
  [1, 0x11, 1, 0x25, 0x08, 0, 0], // compile unit: producer
  [2, 0x16, 0, 0x03, 0x08, 0x49, 0x13, 0, 0], // typedef: name, type
  [3, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b, 0, 0], // struct: name, size
  [4, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38, 0x0b, 0, 0], // member: name, type, place
  [5, 0x34, 0, 0x03, 0x08, 0x49, 0x13, 0x02, 0x18, 0, 0], // variable: name, type, location
  [6, 0x01, 1, 0x49, 0x13, 0, 0], // array: type
  [7, 0x21, 0, 0x37, 0x0b, 0, 0], // subrange: count
  [8, 0x2e, 0, 0x31, 0x13, 0x11, 0x01, 0, 0], // function: origin, low
  [9, 0x04, 0, 0x49, 0x13, 0, 0], // enumeration: type
  [10, 0x04, 1, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0], // enumeration: size, encoding
  [11, 0x28, 0, 0x03, 0x08, 0x1c, 0x0b, 0, 0], // enumerator: name, value in one byte
  [12, 0x21, 0, 0x2f, 0x07, 0, 0], // subrange: upper bound in eight bytes
  [13, 0x21, 0, 0x2f, 0x06, 0, 0], // subrange: upper bound in four bytes
  [0],
].flat();

const text = (value: string): readonly number[] => [...new TextEncoder().encode(value), 0];
const reference = (offset: number): readonly number[] => [offset & 0xff, offset >> 8, 0, 0];
const typedefTo = (offset: number): readonly number[] => [2, ...text('t'), ...reference(offset)];
const struct = (size: number, ...types: readonly number[]): readonly number[] => [
  3,
  ...text('s'),
  size,
  ...types.flatMap((type) => [4, ...text('m'), ...reference(type), 0]),
  0,
];
const variable = (type: number): readonly number[] => [
  5,
  ...text('v'),
  ...reference(type),
  9,
  0x03,
  0,
  0x10,
  0,
  0,
  0,
  0,
  0,
  0,
];

/** A unit of DWARF 5: its header has 12 bytes and its own entry 2, so that the first one inside is at 14. */
function unit(...entries: readonly (readonly number[])[]): DebugSections {
  const body = [5, 0, 1, 8, 0, 0, 0, 0, 1, 0, ...entries.flat(), 0];
  const info = new Uint8Array([body.length & 0xff, body.length >> 8, 0, 0, ...body]);
  const abbreviation = new Uint8Array(abbreviations);
  const section = (name: DebugSectionName): Uint8Array =>
    name === 'debug_info' ? info : name === 'debug_abbrev' ? abbreviation : new Uint8Array();
  return { format: 'elf', pointerSize: 8, littleEndian: true, relocatable: false, section, sectionAt: () => null };
}

const first = 14;
const lengthOf = (entry: readonly number[]): number => entry.length;

describe('what is defined by itself is refused', () => {
  const typedefs = typedefTo(first);
  const self = struct(8, first);
  const pair = struct(8, first + struct(8, 0).length);
  const third = first + struct(8, 0).length * 2;
  const cases: Readonly<Record<string, DebugSections>> = {
    'a typedef of itself': unit(typedefs, variable(first)),
    'two typedefs of each other': unit(typedefTo(first + lengthOf(typedefs)), typedefTo(first), variable(first)),
    'a struct that holds itself': unit(self, variable(first)),
    'two structs that hold each other': unit(pair, struct(8, first), variable(first)),
    'a struct that holds a circle of others': unit(
      struct(8, first + struct(8, 0).length),
      struct(8, third),
      struct(8, first + struct(8, 0).length),
      variable(first),
    ),
    'a struct that holds an array of itself': unit(
      struct(8, first + struct(8, 0).length),
      [6, ...reference(first), 7, 1, 0],
      variable(first),
    ),
    'an array of itself': unit([6, ...reference(first), 7, 2, 0], variable(first)),
    'an enumeration of itself': unit([9, ...reference(first)], variable(first)),
    'a field larger than its struct': unit(struct(4, first + struct(4, 0).length), struct(8), variable(first)),
  };

  test.each(Object.entries(cases))('%s', (_, sections) => {
    const walk = (): void => {
      const [found] = readDwarf([sections]).variables;
      if (found === undefined) throw new Error('there is no variable');
      let type = found.type;
      for (let step = 0; step < 1000; step++) {
        if (type.kind === 'record') type = type.fields[0]?.type ?? type;
        else if (type.kind === 'array') type = type.element;
        else if (type.kind === 'typedef') type = type.target;
        else throw new Error(`it ended at ${type.kind}`);
      }
    };
    expect(walk).toThrow(
      expect.objectContaining({ problem: 'damaged', message: expect.stringMatching(/itself|larger/) }),
    );
  });
});

test('a function that is a copy of itself is still told', () => {
  const sections = unit([8, ...reference(first), 0, 0x10, 0, 0, 0, 0, 0, 0]);
  const [found] = readDwarf([sections]).functions;
  expect(found).toMatchObject({ name: '', address: 0x1000 });
  expect(() => found?.scope).not.toThrow();
});

test('structs of one size can be nested thousands deep', () => {
  const one = struct(8, 0).length;
  const count = 3000;
  const nested = Array.from({ length: count }, (_, n) => struct(8, first + (n + 1) * one));
  const sections = unit(...nested, struct(8), variable(first));
  const [found] = readDwarf([sections]).variables;
  let depth = 0;
  for (let type = found === undefined ? undefined : asRecord(found.type); type !== undefined; depth++) {
    const [inner] = type.fields;
    type = inner === undefined ? undefined : asRecord(inner.type);
  }
  expect(depth).toBe(count + 1);
});

test('a flexible array of a larger struct is no damage', () => {
  const one = struct(8, 0).length;
  const big = first + one;
  const sections = unit(
    struct(4, big + struct(100).length),
    struct(100),
    [6, ...reference(big), 7, 0, 0],
    variable(first),
  );
  expect(asRecord(readDwarf([sections]).variables[0]?.type ?? { kind: 'void' }).fields).toHaveLength(1);
});

/** The same unit with another table of abbreviations. */
function withTable(sections: DebugSections, bytes: readonly number[]): DebugSections {
  const table = new Uint8Array(bytes);
  return { ...sections, section: (name) => (name === 'debug_abbrev' ? table : sections.section(name)) };
}

describe('damage in the table of abbreviations is told from what it describes', () => {
  const sections = unit(typedefTo(first), variable(first));
  const at = abbreviations.indexOf(0x34);
  const changed = (place: number, ...bytes: readonly number[]): readonly number[] =>
    abbreviations.with(place, bytes[0] ?? 0).toSpliced(place + 1, 0, ...bytes.slice(1));
  const cases: Readonly<Record<string, readonly number[]>> = {
    'a tag that no one gives': changed(at, 0x60),
    'the tag 0': changed(at, 0),
    'neither children nor none': changed(at + 1, 2),
    'an attribute that no one gives': changed(at + 6, 0x90, 0x01),
    'the attribute 0 with a form': changed(at + 6, 0),
    'one code twice': [2, ...changed(at - 1, 2).slice(1)],
    'a code without end': Array.from({ length: 12 }, () => 0x80),
    'a code beyond all others': [0xff, 0xff, 0xff, 0x7f, 0x11, 1, 0, 0, 0],
    'no end': abbreviations.slice(0, -1),
    nothing: [],
    'no entry': [0],
  };

  test.each(Object.entries(cases))('%s', (_, bytes) => {
    expect(() => readDwarf([withTable(sections, bytes)]).variables).toThrow(
      expect.objectContaining({ problem: 'damaged' }),
    );
  });

  test('and a vendor’s tags and attributes are none', () => {
    for (const bytes of [changed(at, 0x80, 0x82, 0x01), changed(at + 6, 0x81, 0x40)]) {
      expect(readDwarf([withTable(unit(variable(first)), bytes)]).variables).toEqual([]);
    }
  });
});

test('entries behind the end of their unit’s own are damage', () => {
  expect(() => readDwarf([unit([0], variable(first))])).toThrow(DebugInfoError);
  expect(() => readDwarf([unit([0, 0, 0])])).not.toThrow();
});

test('an enumerator’s byte is negative only where the enumeration is signed and has one byte', () => {
  const values = [
    [1, 5],
    [1, 7],
    [4, 5],
  ].map(([size = 0, encoding = 0]) => {
    const enumeration = [10, size, encoding, 11, ...text('e'), 0xc8, 0];
    return asEnum(readDwarf([unit(enumeration, variable(first))]).variables[0]?.type ?? { kind: 'void' }).members[0]
      ?.value;
  });
  expect(values).toEqual([-56n, 200n, 200n]);
});

test('an upper bound of all ones is an array of no elements only where it is as long as an address', () => {
  const ones = (count: number): readonly number[] => Array.from({ length: count }, () => 0xff);
  const counts = [
    [12, ...ones(8)],
    [13, ...ones(4)],
  ].map((subrange) => {
    const sections = unit(struct(1), [6, ...reference(first), ...subrange, 0], variable(first + struct(1).length));
    const type = readDwarf([sections]).variables[0]?.type;
    return type?.kind === 'array' && type.dimensions;
  });
  expect(counts).toEqual([[0], [2 ** 32]]);
});
