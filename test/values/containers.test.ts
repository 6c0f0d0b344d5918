import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decode } from '../../src/values/decode.js';
import { typeFinder } from '../../src/values/find-type.js';
import { resolveAll, resolvePath } from '../../src/values/resolve.js';
import { type LiveProgram, liveProgram } from '../helpers/live-program.js';

const source = `
#include <array>
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
struct city { std::string name; int people; };
struct base { virtual ~base() {} int number = 1; int hidden = 2; };
struct other { int number = 5; };
struct derived : base, other { int hidden = 3; };
struct left : virtual other { int l = 7; };

std::string empty, shortText, longText, binary; std::u16string utf16; std::string_view view;
std::vector<int> none, numbers; std::vector<city> cities; std::vector<bool> bits;
std::array<short, 3> fixed; std::atomic<int> atom; std::atomic<bool> flag;
std::unique_ptr<city> owner, nobody; std::shared_ptr<city> shared;
struct closer { void operator()(city *c) const { delete c; } void *extra; }; std::unique_ptr<city, closer> custom;
std::optional<double> maybe, without; std::optional<std::string> maybeText;
std::map<int, city> byNumber; std::map<std::string, int> byName; std::set<long> ordered; std::multimap<int, int> several;
std::unordered_map<std::string, double> prices; std::list<int> chain; std::map<int, int> large, cleared;
std::map<city *, int> byPointer; derived object; left apart; city &reference = *new city{"Riga", 4}; int city::*member = &city::people;

void fill() {
  shortText = "Rome"; longText = std::string(40, 'y'); binary = std::string("a\\0\\xff", 3); utf16 = u"h\\u00e9"; view = "seen";
  numbers = {1, 2, 3}; cities = {{"Oslo", 1}, {std::string(30, 'z'), 2}}; bits = {true, false, true};
  fixed = {7, 8, 9}; atom = 5; flag = true; owner = std::make_unique<city>(city{"Bern", 3}); shared = std::make_shared<city>(city{"Kyiv", 6});
  custom = std::unique_ptr<city, closer>(new city{"Lima", 8}, closer{&maybe});
  maybe = 2.5; maybeText = "inside";
  for (int n = 5; n > 0; n--) byNumber[n * 10] = {"town " + std::to_string(n), n};
  byName = {{"b", 2}, {"a", 1}}; ordered = {30, 10, 20}; several = {{1, 2}, {1, 3}}; prices = {{"tea", 1.5}, {"rice", 0.1}};
  chain = {4, 5, 6}; for (int n = 0; n < 5000; n++) large[n] = n * n; cleared[1] = 1; cleared.clear(); byPointer[&cities[0]] = 1;
}
`;

let program: LiveProgram;

beforeAll(async () => {
  program = await liveProgram(source, true);
});

afterAll(async () => {
  await program[Symbol.asyncDispose]();
});

describe('an object of the C++ library', () => {
  test.each([
    ['empty', ''],
    ['shortText', 'Rome'],
    ['longText', 'y'.repeat(40)],
    ['binary', 'a\\x00\\xff'],
    ['utf16', 'h\u00e9'],
    ['view', 'seen'],
    ['none', []],
    ['numbers', [1, 2, 3]],
    ['bits', [true, false, true]],
    ['fixed', [7, 8, 9]],
    ['atom', 5],
    ['flag', true],
    ['nobody', null],
    ['maybe', 2.5],
    ['without', null],
    ['maybeText', 'inside'],
    ['byName', { a: 1, b: 2 }],
    ['ordered', [10, 20, 30]],
    ['prices', { tea: 1.5, rice: 0.1 }],
    ['chain', [4, 5, 6]],
    ['cleared', {}],
  ])('is shown as what it stands for: %s', async (path, value) => {
    expect(await program.value(path)).toEqual(value);
  });

  test('may hold structs and texts of its own', async () => {
    expect(await program.value('cities')).toEqual([
      { name: 'Oslo', people: 1 },
      { name: 'z'.repeat(30), people: 2 },
    ]);
    expect(await program.value('byNumber')).toEqual(
      Object.fromEntries([1, 2, 3, 4, 5].map((n) => [n * 10, { name: `town ${n}`, people: n }])),
    );
  });

  test('keeps entries of one key apart, and keys that are no text', async () => {
    expect(await program.value('several')).toEqual([
      { first: 1, second: 2 },
      { first: 1, second: 3 },
    ]);
    const byPointer = await program.value('byPointer');
    expect(Object.entries(byPointer ?? {})).toEqual([[expect.stringMatching(/^0x/), 1]]);
  });

  test('that owns another is an address, or the object on request', async () => {
    expect(await program.value('owner')).toMatch(/^0x/);
    for (const [path, name] of [
      ['owner', 'Bern'],
      ['shared', 'Kyiv'],
      ['custom', 'Lima'],
      ['reference', 'Riga'],
    ] as const) {
      expect(await program.value(path, { follow: 1 })).toMatchObject({ name });
    }
  });

  test('is counted where it is large, and read in few rounds', async () => {
    const value = await program.value('large', { elements: 20 });
    expect(Object.keys(value ?? {})).toHaveLength(21);
    expect(value).toMatchObject({ '...': '... 4980 more' });
    expect(program.rounds()).toBeLessThan(12);
    expect(await program.value('numbers', { elements: 2 })).toEqual([1, 2, '... 1 more']);
  });

  test('is a plain struct where nobody can name the types in its nodes', async () => {
    expect(await program.value('byName', { findType: () => null })).toHaveProperty('_M_t');
  });

  test('whose bytes and memory hold anything is shown somehow, and soon', () => {
    const random = randomBytes(7);
    const memory = { read: (_: bigint, size: number) => (size > 4096 ? null : random(size)) };
    const { debug } = program.model;
    if (debug === null) throw new Error('the program has no types');
    for (const { type, size } of resolveAll(program.model)) {
      for (let n = 0; n < 20; n++) {
        const decoding = { elements: 8, follow: 2, memory, findType: typeFinder(debug) };
        expect(JSON.stringify(decode(type, random(size), decoding))).toBeTypeOf('string');
        decode(type, random(n), decoding);
      }
    }
  });

  test.each(['byNumber', 'chain', 'prices'])('whose nodes lead to themselves ends: %s', (path) => {
    const { debug } = program.model;
    if (debug === null) throw new Error('the program has no types');
    const here = 0x4141414141414141n;
    const itself = (size: number): Uint8Array => new Uint8Array(size).fill(0x41);
    const memory = { read: (address: bigint, size: number) => (address === here ? itself(size) : null) };
    const { type, size } = resolvePath(program.model, path);
    const value = decode(type, itself(size), { elements: 8, follow: 0, memory, findType: typeFinder(debug) });
    expect(JSON.stringify(value)).toContain('more');
  });

  test('is reached into by paths', async () => {
    expect(await program.value('cities[1].people')).toBe(2);
    expect(await program.value('fixed[2]')).toBe(9);
    expect(await program.value('owner->people')).toBe(3);
    expect(await program.value('shared->name')).toBe('Kyiv');
    expect(await program.value('reference.name')).toBe('Riga');
  });
});

describe('an object of a class', () => {
  test('shows fields of bases beside its own, with their class where two have one name', async () => {
    expect(await program.value('object')).toEqual({
      number: 1,
      'struct base::hidden': 2,
      'struct other::number': 5,
      hidden: 3,
    });
  });

  test('names a virtual base and does not guess where it lies', async () => {
    expect(await program.value('apart')).toEqual({ 'struct other': 'a virtual base', l: 7 });
  });

  test('has fields that a pointer to a member names by their offset', async () => {
    expect(await program.value('member')).toBe(32);
  });
});

/** Bytes of a linear congruential generator (Numerical Recipes); every third run is of small numbers, as lengths are. */
function randomBytes(seed: number): (size: number) => Uint8Array {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  return (size) => {
    const isSmall = next() % 3 === 0;
    return Uint8Array.from({ length: size }, (_, n) => (isSmall && n % 8 !== 0 ? 0 : next()));
  };
}
