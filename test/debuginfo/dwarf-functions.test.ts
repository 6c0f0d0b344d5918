import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DebugBuild, debugBuild, flavours, only, spell, symbolsOf } from '../helpers/debug-builds.js';

const source = `
struct city { int people; };
enum mode { SLOW, FAST };
int add(int a, int b) { return a + b; }
const char *name_of(const struct city *city, enum mode mode) { return city && mode ? "city" : ""; }
double scale(struct city city, float by, unsigned long long n) { return city.people * by * n; }
void nothing(void) {}
int format(char *out, const char *text, ...) { return *out = *text; }
int old_style() { return 1; }
static int helper(int x) { return x * 3; }
int (*choose(int which))(int) { return which ? helper : 0; }
`;

describe.each(flavours)('of $name', (flavour) => {
  let build: DebugBuild;
  beforeAll(async () => {
    build = await debugBuild({ files: { 'functions.c': source }, flavour });
  });
  afterAll(() => build[Symbol.asyncDispose]());

  test('functions have the address and the size of their symbols', () => {
    const symbols = symbolsOf(build).filter((one) => one.type === 'function' && one.defined);
    expect(build.info.functions.length).toBeGreaterThan(7);
    for (const { name, address, size } of build.info.functions) {
      const symbol = only(
        symbols.filter((one) => one.name === name),
        name,
      );
      expect([name, address, size]).toEqual([name, symbol.value, symbol.size]);
    }
  });

  test('signatures are those of the source', () => {
    const told = build.info.functions
      .filter((one) => one.external)
      .map((one) => `${one.name} ${spell(one.type)} ${one.parameterNames.join(' ')}`.trimEnd())
      .map((text) => text.replace('long long unsigned int', 'unsigned long long'));
    expect(told.toSorted()).toEqual([
      'add int(int,int) a b',
      'choose int(int)*(int) which',
      'format int(char*,const char*,...) out text',
      'name_of const char*(const struct city*,enum mode) city mode',
      'nothing void()',
      expect.stringMatching(/^old_style int\((\.\.\.)?\)$/),
      'scale double(struct city,float,unsigned long long) city by n',
    ]);
    expect([build.fn('nothing').prototyped, build.fn('old_style').prototyped]).toEqual([true, false]);
    expect(build.fn('add').place).toEqual({ file: `${build.path}/functions.c`, line: 4 });
  });
});

test('a parameter that the optimiser dropped is still part of the function', async () => {
  const text = `
__attribute__((noinline)) static int partly(int used, long unused, const char *text) { return used * text[0]; }
int caller(int x, const char *text) { return partly(x, 5, text) + partly(x + 1, 6, text); }`;
  for (const family of ['clang', 'gcc'] as const) {
    await using build = await debugBuild({
      files: { 'o.c': text },
      flavour: { name: family, family, args: ['-g', '-O2'] },
    });
    expect(build.fn('partly').parameterNames).toEqual(['used', 'unused', 'text']);
    expect(build.fn('partly').type.parameters).toHaveLength(3);
  }
});

test.each(['-gdwarf-5', '-gdwarf-4'])('a function in two pieces is found at its entry (%s)', async (version) => {
  const text = `
extern void failed(const char *) __attribute__((cold));
void failed(const char *text) { __builtin_printf("%s", text); }
int split(int x) { if (__builtin_expect(x < 0, 0)) { failed("a"); failed("b"); __builtin_abort(); } return x * 2; }`;
  const flavour = { name: 'gcc', family: 'gcc', args: [version, '-O2'] } as const;
  await using build = await debugBuild({ files: { 'cold.c': text }, flavour });
  const symbols = symbolsOf(build).filter((one) => one.name.startsWith('split'));
  expect(symbols.map((one) => one.name).toSorted()).toEqual(['split', 'split.cold']);
  const symbol = only(
    symbols.filter((one) => one.name === 'split'),
    'split',
  );
  expect(build.fn('split')).toMatchObject({ address: symbol.value, size: symbol.size });
});
