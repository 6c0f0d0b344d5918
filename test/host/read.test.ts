import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { maxReadBytes } from '../../src/host/host.js';
import { engineSourceDir } from '../../src/host/paths.js';
import { findClang, type HostBench, openBench } from '../helpers/host-modules.js';

const run = promisify(execFile);

/** Two numbers that every frame counts up together, with work between them, and a block that is not small. */
const pair = `
long first = 7, second = 7;
char big[6 << 20];
long *behind;
static long target = 4711;
int module_init(void *config) { (void)config; behind = &target; big[sizeof big - 1] = 9; return 0; }
`;
const countUp =
  'void module_update(double dt) { (void)dt; first++; for (volatile int n = 0; n < 20000; n++); second++; }';

async function addressOf(library: string, symbol: string): Promise<bigint> {
  const { stdout } = await run('nm', [library]);
  const line = stdout.split('\n').find((one) => one.endsWith(` ${symbol}`));
  return BigInt(`0x${line?.split(' ')[0] ?? ''}`);
}

async function loadPair(bench: HostBench, update = countUp): Promise<string> {
  const library = await bench.compile('pair', pair + update);
  const entry = {
    getInterface: [],
    init: ['module_init'],
    update: ['module_update'],
    shutdown: [],
    saveState: [],
    loadState: [],
    view: [],
  };
  const staged = await bench.host.stage({ module: 'pair', generation: 3, library, entry });
  expect(staged).toMatchObject({ ok: true });
  expect(await bench.host.commit({ modules: ['pair'] })).toMatchObject({ ok: true });
  return library;
}

const long = (bytes: Uint8Array | null | undefined): bigint => Buffer.from(bytes ?? Buffer.alloc(8)).readBigInt64LE();

test('variables are read at their addresses in the file and what they point to at its address in memory', async () => {
  await using bench = await openBench();
  const library = await loadPair(bench);
  await bench.host.step(5, 1 / 60);
  const [first, behind] = [await addressOf(library, 'first'), await addressOf(library, 'behind')];
  const answer = await bench.host.read({
    module: 'pair',
    ranges: [
      { from: 'image', address: first, size: 8 },
      { from: 'image', address: behind, size: 8 },
    ],
  });
  expect(answer).toMatchObject({ generation: 3, frame: 5 });
  expect(long(answer.bytes[0])).toBe(12n);
  const pointer = long(answer.bytes[1]);
  expect(pointer - answer.base).toBe(await addressOf(library, 'target'));
  const followed = await bench.host.read({ module: 'pair', ranges: [{ from: 'memory', address: pointer, size: 8 }] });
  expect(long(followed.bytes[0])).toBe(4711n);
});

test('all ranges of one reading are of the same moment between two frames, while frames run', async () => {
  await using bench = await openBench({ stepped: false, rate: 1000 });
  const library = await loadPair(bench);
  const [first, second] = [await addressOf(library, 'first'), await addressOf(library, 'second')];
  const ranges = [first, second].map((address) => ({ from: 'image' as const, address, size: 8 }));
  let last = 0n;
  for (let n = 0; n < 200 || last < 20n; n++) {
    const { bytes } = await bench.host.read({ module: 'pair', ranges });
    expect(long(bytes[0])).toBe(long(bytes[1]));
    last = long(bytes[0]);
  }
});

test('a paused program can be read', async () => {
  await using bench = await openBench({ stepped: false, rate: 1000 });
  const library = await loadPair(bench);
  await bench.host.pause();
  const ranges = [{ from: 'image' as const, address: await addressOf(library, 'first'), size: 8 }];
  const one = await bench.host.read({ module: 'pair', ranges });
  expect(await bench.host.read({ module: 'pair', ranges })).toEqual(one);
  expect(long(one.bytes[0])).toBeGreaterThanOrEqual(7n);
});

test('addresses that cannot be read give null, beside others that can, and the program lives', async () => {
  await using bench = await openBench();
  const library = await loadPair(bench);
  const first = await addressOf(library, 'first');
  const { bytes, base } = await bench.host.read({
    module: 'pair',
    ranges: [
      { from: 'memory', address: 0n, size: 8 },
      { from: 'memory', address: 0xffff_ffff_ffff_f000n, size: 4096 },
      { from: 'memory', address: 0xffff_ffff_ffff_ffffn, size: 8 },
      { from: 'image', address: 1n << 62n, size: 16 },
      { from: 'image', address: first, size: 8 },
      { from: 'image', address: first, size: 0 },
    ],
  });
  expect(bytes.slice(0, 4)).toEqual([null, null, null, null]);
  expect(long(bytes[4])).toBe(7n);
  expect(bytes[5]).toHaveLength(0);
  // The end of the image is followed by unmapped memory sooner or later: a range that is readable in part is null.
  const { bytes: across } = await bench.host.read({
    module: 'pair',
    ranges: [{ from: 'memory', address: base, size: maxReadBytes }],
  });
  expect(across).toEqual([null]);
  await bench.host.step(1, 1 / 60);
  expect(bench.faults).toEqual([]);
});

test('several megabytes are read at once, and more than the limit is an error that says so', async () => {
  await using bench = await openBench();
  const library = await loadPair(bench);
  const address = await addressOf(library, 'big');
  const { bytes } = await bench.host.read({ module: 'pair', ranges: [{ from: 'image', address, size: 6 << 20 }] });
  expect(bytes[0]).toHaveLength(6 << 20);
  expect(bytes[0]?.at(-1)).toBe(9);
  const ranges = [{ from: 'image' as const, address, size: maxReadBytes + 1 }];
  await expect(bench.host.read({ module: 'pair', ranges })).rejects.toThrow('8388609 bytes are more than the 8388608');
});

test('of a module that is not loaded nothing is read, and the answer says so', async () => {
  await using bench = await openBench();
  const ranges = [{ from: 'image' as const, address: 0n, size: 8 }];
  expect(await bench.host.read({ module: 'nobody', ranges })).toEqual({
    generation: 0,
    base: 0n,
    frame: 0,
    bytes: [null],
  });
});

test('the values of a version that crashed can still be read, and are those of the last frame boundary', async () => {
  await using bench = await openBench();
  const library = await loadPair(bench, 'void module_update(double dt) { first += dt > 0; *(volatile int *)8 = 1; }');
  await bench.host.step(3, 1 / 60);
  expect((await bench.host.stats()).modules[0]).toMatchObject({ module: 'pair', running: false });
  const ranges = [{ from: 'image' as const, address: await addressOf(library, 'first'), size: 8 }];
  const { generation, bytes } = await bench.host.read({ module: 'pair', ranges });
  expect(generation).toBe(3);
  expect(long(bytes[0])).toBe(7n);
});

test('where the system call for it is not allowed, a pipe reads the same and never faults', async () => {
  await using bench = await openBench();
  const program = join(bench.dir, 'pipe');
  await writeFile(
    `${program}.c`,
    `
#include "memory.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
int main(void) {
  size_t size = 3 << 20;
  char *from = malloc(size), *to = malloc(size);
  for (size_t n = 0; n < size; n++) from[n] = (char)(n * 31);
  char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  for (int n = 0; n < 2; n++) {
    bool (*read)(uintptr_t, void *, size_t) = n == 0 ? memory_read : memory_read_by_pipe;
    memset(to, 0, size);
    printf("%d%d", read((uintptr_t)from, to, size), memcmp(from, to, size) == 0);
    printf("%d%d%d%d ", read(0, to, 1), read((uintptr_t)page, to, 4096), read((uintptr_t)page, to, 4097),
           read((uintptr_t)page + 4096, to, 8));
  }
  return 0;
}`,
  );
  const flags = ['-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', `-I${engineSourceDir}`];
  const sources = ['memory.c', 'platform.c'].map((name) => join(engineSourceDir, name));
  await run(await findClang(), [...flags, `${program}.c`, ...sources, '-o', program, '-pthread', '-ldl']);
  expect((await run(program)).stdout).toBe('110100 110100 ');
});
