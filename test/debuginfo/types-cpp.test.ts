import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sizeOf } from '../../src/debuginfo/size-of.js';
import { readElf } from '../../src/objfile/elf.js';
import {
  asEnum,
  asRecord,
  bare,
  type DebugBuild,
  debugBuild,
  fieldOf,
  flavours,
  only,
  spell,
  symbolsOf,
} from '../helpers/debug-builds.js';

const header = `
#pragma once
namespace world {
  struct Part { virtual ~Part() {} char tag; };
  struct Other { virtual void go() {} int n; };
  struct Empty {};
  class City : public Part, public Other, Empty {
  public:
    static int count;
    static const int limit = 4;
    int people;
    enum class State : short { asleep = -1, awake = 300 } state;
    struct Inner { long deep; Inner *next; } inner;
    void grow(int by) const;
    virtual int area(double) { return 1; }
  };
  struct Base { int b; };
  struct Left : virtual Base { int l; };
  struct Right : virtual Base { int r; };
  struct Both : Left, Right { int both; };
  struct Shape { virtual ~Shape(); virtual int area() = 0; int id; };
  template <typename T, int N> struct Box { T items[N]; T *first; };
  inline int shared_calls() { static int calls = 2; return ++calls; }
  inline int everywhere = 6;
}
`;
const first = `
#include "world.h"
namespace world { int City::count = 3; void City::grow(int by) const { count += by; } Shape::~Shape() {} }
namespace { struct Hidden { int in_first; } hidden; int secret = 4; struct Later; Later *later_here; }
namespace a::b { int deep = 5; }
struct Later { long global; } g_later;
world::City city; world::Both both; world::Box<short, 3> box; world::Box<double, 2> other_box;
world::City::State state; struct Circle : world::Shape { int r; int area() override { return r; } } circle;
int &reference = world::City::count; int &&moved = 7; int world::City::*member = &world::City::people;
void (world::City::*method)(int) const = &world::City::grow; decltype(nullptr) null_value; char32_t letter; wchar_t wide;
bool flag; char16_t half;
extern "C" int step(int by) {
  struct Local { int only_here; }; static Local local;
  auto twice = [](int x) { static int times; return times += x; };
  hidden.in_first += by + world::shared_calls() + twice(by) + world::everywhere; secret++; city.grow(by);
  return local.only_here += (later_here != nullptr);
}
int overload(int x) { static int kept; return kept += x; } int overload(double x) { static double kept; return kept += x; }
template <typename T> T generic(T x) { static T last; return last = x; }
template int generic<int>(int); template long generic<long>(long);
`;
const second = `
#include "world.h"
namespace { struct Hidden { double in_second; } hidden; struct Later { int other; } later_there; }
double use() { struct Local { char another; }; static Local local; local.another++; later_there.other++; return hidden.in_second += world::shared_calls() + world::everywhere; }
world::City second_city;
`;
const files = { 'world.h': header, 'first.cpp': first, 'second.cpp': second };

/** Before version 3 there are no namespaces, before version 4 no `&&`: what is not written cannot be read. */
const modern = flavours.filter((one) => !one.args.includes('-gstrict-dwarf'));

describe.each(modern)('of $name', (flavour) => {
  let build: DebugBuild;
  beforeAll(async () => {
    build = await debugBuild({ files, flavour, args: ['-std=c++17', '-fno-inline'] });
  });
  afterAll(() => build[Symbol.asyncDispose]());
  const atO2 = flavour.args.includes('-O2');

  test('variables have their scope and linkage name, and each lies where its symbol does', () => {
    const symbols = symbolsOf(build);
    const told = build.info.variables.map((one) => {
      const name = one.linkageName ?? one.name;
      const at = symbols.filter((symbol) => symbol.value === one.address && symbol.type === 'object');
      if (one.function === null && one.external) expect(at.map((symbol) => symbol.name)).toContain(name);
      else expect(at.length).toBeGreaterThan(0);
      return [...one.scope, ...(one.function === null ? [] : [`${one.function}()`]), one.name].join('::');
    });
    const wanted = [
      'world::City::count',
      'a::b::deep',
      'world::everywhere',
      'world::shared_calls()::calls',
      'step()::local',
      'use()::local',
      '::operator()()::times',
    ];
    if (atO2) return;
    for (const name of wanted) {
      expect(told.filter((one) => one === name)).toHaveLength(1);
    }
    expect(build.variable('secret').scope).toEqual(['']);
    expect(
      build.info.variables
        .filter((one) => one.name === 'kept')
        .map((one) => spell(one.type))
        .toSorted(),
    ).toEqual(['double', 'int']);
  });

  test('a class has its bases, its virtual table and its own fields, the static ones left out', () => {
    const city = asRecord(build.variable('city').type);
    expect([city.name, city.scope, city.form]).toEqual(['City', ['world'], 'class']);
    expect(city.bases.map((one) => [asRecord(one.type).name, one.offset, one.virtual])).toEqual([
      ['Part', 0, false],
      ['Other', 16, false],
      ['Empty', 0, false],
    ]);
    expect(city.vtableOffset).toBeNull();
    expect(city.fields.map((one) => one.name)).toEqual(['people', 'state', 'inner']);
    expect(city.fields.map((one) => one.offset)).toEqual([28, 32, 40]);
    expect(city.size).toBe(56);
    const part = asRecord(city.bases[0]?.type ?? city);
    expect([part.vtableOffset, part.fields.map((one) => [one.name, one.offset])]).toEqual([0, [['tag', 8]]]);
    expect(asRecord(fieldOf(city, 'inner').type).scope).toEqual(['world', 'City']);
    const circle = asRecord(build.variable('circle').type);
    expect([circle.vtableOffset, circle.fields.map((one) => one.name)]).toEqual([null, ['r']]);
    expect(asRecord(circle.bases[0]?.type ?? circle).vtableOffset).toBe(0);
  });

  test('a virtual base has no fixed place', () => {
    const both = asRecord(build.variable('both').type);
    const [left] = both.bases;
    expect(both.bases.map((one) => [one.offset, one.virtual])).toEqual([
      [0, false],
      [16, false],
    ]);
    expect(asRecord(left?.type ?? both).bases.map((one) => [one.offset, one.virtual])).toEqual([[null, true]]);
  });

  test('templates, enumerations, references and pointers to members are read', () => {
    const box = asRecord(build.variable('box').type);
    expect(fieldOf(box, 'items').type).toMatchObject({ dimensions: [3] });
    expect(sizeOf(build.variable('other_box').type)).toBe(24);
    const state = asEnum(build.variable('state').type);
    expect([state.scope, state.size, state.signed, state.members.map((one) => one.value)]).toEqual([
      ['world', 'City'],
      2,
      true,
      [-1n, 300n],
    ]);
    const forms = ['reference', 'moved', 'member', 'method'].map((name) => bare(build.variable(name).type));
    expect(forms.map((one) => one.kind === 'pointer' && [one.form, one.size])).toEqual([
      ['reference', 8],
      ['rvalueReference', 8],
      ['memberPointer', 8],
      ['memberPointer', 16],
    ]);
    expect(bare(build.variable('null_value').type).kind).toBe('unspecified');
    expect(bare(build.variable('letter').type)).toMatchObject({ kind: 'base', encoding: 'utf', size: 4 });
  });

  test('what is hidden in a source or a function is a type of its own', () => {
    const hidden = build.info.types.filter((one) => one.name === 'Hidden');
    expect(hidden.map((one) => one.kind === 'record' && [one.scope, one.fields[0]?.name])).toEqual([
      [[''], 'in_first'],
      [[''], 'in_second'],
    ]);
    const local = build.info.types.filter((one) => one.name === 'Local');
    expect(local.map((one) => one.scope).toSorted()).toEqual([['step'], ['use']]);
    if (atO2) return;
    const later = bare(build.variable('later_here').type);
    expect(later.kind === 'pointer' && later.target).toMatchObject({ name: 'Later', scope: [''], complete: false });
    expect(asRecord(build.variable('g_later').type).complete).toBe(true);
  });

  test('methods have their class as scope, and functions their symbols', () => {
    const symbols = symbolsOf(build);
    for (const { name, linkageName, address, external } of build.info.functions) {
      // Those of constructors and destructors have several names (Itanium C++ ABI, 5.1.4.3), none of them in gcc's DWARF.
      const own = symbols.filter((one) => one.type === 'function' && one.value === address).map((one) => one.name);
      if (linkageName !== null || external)
        expect([name, own]).toEqual([name, expect.arrayContaining([linkageName ?? name])]);
      else expect(own.length).toBeGreaterThan(0);
    }
    const grow = build.fn('grow');
    expect([grow.scope, grow.parameterNames]).toEqual([
      ['world', 'City'],
      ['this', 'by'],
    ]);
    expect(spell(grow.type)).toMatch(/^void\((const )?(const )?class City\*,int\)$/);
    expect(build.fn('step')).toMatchObject({ linkageName: null, external: true, scope: [] });
  });
});

test('every flavour tells the same layout of the same source', async () => {
  const looks: string[] = [];
  for (const flavour of modern) {
    await using build = await debugBuild({ files, flavour, args: ['-std=c++17'] });
    const city = asRecord(build.variable('second_city').type);
    expect(readElf(build.bytes).header.type).toBe('shared');
    looks.push(JSON.stringify([city.size, city.fields.map((one) => [one.name, one.offset]), city.bases.length]));
    const place = only([city.place.file.split('/').at(-1)], 'place');
    expect([flavour.name, place, city.place.line]).toEqual([flavour.name, 'world.h', 7]);
    expect([flavour.name, city.place.file]).toEqual([flavour.name, `${build.path}/world.h`]);
  }
  expect(new Set(looks).size).toBe(1);
});
