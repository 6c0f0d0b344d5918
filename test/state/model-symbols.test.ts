import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachCompiler, describeEachLinker } from '../helpers/programs.js';
import { buildModel, variableOf } from '../helpers/state-model.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

/** Addresses as `nm` has them, by name. */
async function addresses(): Promise<ReadonlyMap<string, number>> {
  const lines = (await work.run('nm', 'model.so')).split('\n').map((line) => line.split(' '));
  return new Map(lines.map(([address, , name]) => [name ?? '', Number.parseInt(address ?? '', 16)]));
}

describeEachLinker('linked by %s', (linker) => {
  const args = [`-fuse-ld=${linker}`];

  test('functions are listed by name, local ones with their source, ambiguous ones not at all', async () => {
    const model = await buildModel(
      work,
      {
        'a.c': `static int local(void) { return 1; } __attribute__((weak)) int weak(void) { return 2; }
          __attribute__((visibility("hidden"))) int hidden(void) { return 3; }
          int a(void) { return local() + weak() + hidden(); }`,
        'x/same.c': 'static int twin(void) { return 1; } int x(void) { return twin(); }',
        'y/same.c': 'static int twin(void) { return 2; } int y(void) { return twin(); }',
        'b.c': 'static int local(void) { return 4; } int b(void) { return local(); }',
      },
      { args },
    );
    const symbols = await addresses();

    for (const name of ['a', 'b', 'x', 'y', 'weak', 'hidden']) {
      expect(model.functions.get(name)).toEqual({ address: symbols.get(name), name });
    }
    const [first, second] = [model.functions.get('a.c:local'), model.functions.get('b.c:local')];
    expect([first?.name, second?.name]).toEqual(['local', 'local']);
    expect(first?.address).not.toBe(second?.address);
    expect(model.functions.has('same.c:twin')).toBe(false);
  });

  test('a function that the loader chooses has no address to point to', async () => {
    const model = await buildModel(
      work,
      `static int plain(void) { return 1; } static int (*choose(void))(void) { return plain; }
       int fast(void) __attribute__((ifunc("choose"))); int other(void) { return 1; }`,
      { args },
    );

    expect(model.functions.has('fast')).toBe(false);
    expect(model.functions.has('other')).toBe(true);
  });

  test('string literals and tables of constants lie in constant stretches, state and code do not', async () => {
    const model = await buildModel(
      work,
      `static const int table[] = {1, 2}; const char *const names[] = {"a", "b"};
       __attribute__((section("tuning"))) const int tuned = 4; int state = 3;
       int use(int n) { return table[n] + names[n][0] + tuned + state; }`,
      { args },
    );
    const isConstant = (address: number): boolean =>
      model.constants.some((one) => address >= one.address && address < one.address + one.size);

    for (const one of model.readOnly) expect([one.path, isConstant(one.address)]).toEqual([one.path, true]);
    expect(model.readOnly.map((one) => one.path).sort()).toEqual(['names', 'table', 'tuned']);
    expect(isConstant(variableOf(model, 'state').address)).toBe(false);
    expect(isConstant(model.functions.get('use')?.address ?? 0)).toBe(false);
  });

  test('the size of the image reaches to the end of the last variable', async () => {
    const model = await buildModel(work, 'char large[100000]; int use(void) { return large[3]; }', { args });
    const large = variableOf(model, 'large');

    expect(model.imageSize).toBeGreaterThanOrEqual(large.address + 100_000);
    expect(model.imageSize).toBeLessThan(large.address + 100_000 + 0x10000);
  });

  test('what registers with the engine has no destructors, nor what registers nothing at all', async () => {
    const wrapped = [...args, '-Wl,--wrap=__cxa_atexit'];
    expect((await buildModel(work, 'static int g; int f(void) { return ++g; }', { args: wrapped })).destructors).toBe(
      false,
    );
    const registers = `extern int __cxa_atexit(void (*)(void *), void *, void *);
      static void end(void *object) { (void)object; }
      int f(void) { return __cxa_atexit(end, 0, 0); }`;
    expect((await buildModel(work, registers, { args })).destructors).toBe(true);
    expect((await buildModel(work, registers, { args: wrapped })).destructors).toBe(false);
  });

  test('a destructor function makes the library have destructors, that of the runtime does not', async () => {
    const text = 'int use(void) { return 1; }';

    expect((await buildModel(work, text, { args })).destructors).toBe(false);
    expect(
      (await buildModel(work, `__attribute__((destructor)) static void end(void) {} ${text}`, { args })).destructors,
    ).toBe(true);
  });

  test('the only destructor of a library without start files is its own', async () => {
    const model = await buildModel(work, '__attribute__((destructor)) void end(void) {}', {
      args: [...args, '-nostartfiles'],
    });

    expect(model.destructors).toBe(true);
  });
});

describeEachCompiler('built by %s', (compiler) => {
  test('imports that start threads are named, others are not', async () => {
    const model = await buildModel(
      work,
      `#include <pthread.h>
       #include <threads.h>
       static void *work(void *x) { return x; } static int part(void *x) { return x != 0; }
       int use(void) { pthread_t t; thrd_t u; pthread_create(&t, 0, work, 0); return thrd_create(&u, part, 0) + pthread_join(t, 0); }`,
      { compiler },
    );

    expect([...model.threadStarts].sort()).toEqual(['pthread_create', 'thrd_create']);
    expect((await buildModel(work, 'int use(void) { return 1; }', { compiler })).threadStarts).toEqual([]);
  });

  test('threads of C++ are found, sleeping is not starting one', async () => {
    const cxx = compiler === 'gcc' ? 'g++' : 'clang++';
    const sleeping = '#include <thread>\nvoid use() { std::this_thread::sleep_for(std::chrono::seconds(1)); }';
    const starting = '#include <thread>\nvoid use() { std::thread([] {}).join(); }';

    expect((await buildModel(work, sleeping, { compiler: cxx })).threadStarts).toEqual([]);
    expect((await buildModel(work, starting, { compiler: cxx })).threadStarts.join()).toContain('_M_start_thread');
  });

  test('thread-local variables are no state, and are named without debug information too', async () => {
    const text =
      'static _Thread_local int depth; _Thread_local int shown = 4; int use(void) { return ++depth + shown; }';
    for (const args of [[], ['-g0']]) {
      const model = await buildModel(work, text, { compiler, args });

      expect([...model.threadLocals].sort()).toEqual(['depth', 'shown']);
      expect(model.variables).toEqual([]);
      expect(model.untyped).toEqual([]);
    }
  });
});
