import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import type { DebugInfo, NamedType } from '../../src/debuginfo/types.js';
import { damage } from '../../src/fuzz/damage.js';
import { findTargets } from '../../src/fuzz/find-targets.js';
import { createRandom } from '../../src/fuzz/random.js';
import { describeAll } from '../helpers/describe-types.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

type Sources = Readonly<Record<string, string>>;

const sources: Sources = {
  'shop.c': 'struct shop { int size; struct street *on; }; struct shop shop; int open(void) { return shop.size; }',
  'street.c': 'struct street { char name[8]; int length; }; struct street street;',
  'park.c': 'typedef struct { long trees; } park_t; static park_t park; long *trees(void) { return &park.trees; }',
  'car.c': 'struct wheel; struct car { struct wheel *first; } car; int wheels(void) { return car.first != 0; }',
};

async function build(texts: Sources, ...args: readonly string[]): Promise<Uint8Array> {
  for (const [name, text] of Object.entries(texts)) {
    await writeFile(join(work.path, name), `${text}\n`);
    await work.run('clang', '-c', '-g', '-fPIC', ...args, '-o', `${name}.o`, name);
  }
  const objects = Object.keys(texts).map((name) => `${name}.o`);
  await work.run('clang', '-shared', '-fuse-ld=lld', '-o', 'all.so', ...objects);
  return readFile(join(work.path, 'all.so'));
}

function typeNamed(info: DebugInfo, name: string): NamedType | undefined {
  return info.types.find((type) => type.name === name);
}

test('units that an edit leaves as they are have the same types as before, and those of the edited one are read', async () => {
  const before = readDebugInfo(await build(sources));
  const edited =
    'typedef struct { long trees; int benches; } park_t; static park_t park; park_t *all(void) { return &park; }';
  const after = readDebugInfo(await build({ ...sources, 'park.c': edited }), { known: [before] });

  expect(after.reused).toBe(3);
  for (const name of ['shop', 'street', 'car']) expect(typeNamed(after, name)).toBe(typeNamed(before, name));
  expect(typeNamed(after, 'park_t')).not.toBe(typeNamed(before, 'park_t'));
});

test('addresses are those of the file that is read, also where everything else is taken over', async () => {
  const before = readDebugInfo(await build(sources));
  const longer = {
    ...sources,
    'shop.c': `int pad[999] = {1}; ${sources['shop.c']} int more(int n) { return n * pad[n]; }`,
  };
  const bytes = await build(longer);
  const after = readDebugInfo(bytes, { known: [before] });

  expect(after.reused).toBeGreaterThan(0);
  expect(describeAll(after)).toEqual(describeAll(readDebugInfo(bytes)));
  expect(describeAll(before)).toEqual(describeAll(readDebugInfo(await build(sources))));
});

test('a unit is read again where what it only declares is defined by an edited one', async () => {
  const before = readDebugInfo(await build(sources));
  const bytes = await build({
    ...sources,
    'street.c': 'struct street { char name[8]; long length; }; struct street street;',
  });
  const after = readDebugInfo(bytes, { known: [before] });

  // Those of the park and of the car: the shop stands on the street.
  expect(after.reused).toBe(2);
  expect(typeNamed(after, 'shop')).not.toBe(typeNamed(before, 'shop'));
  expect(describeAll(after)).toEqual(describeAll(readDebugInfo(bytes)));
});

test('a unit is read again where a definition appears that it has been missing', async () => {
  const before = readDebugInfo(await build(sources));
  const bytes = await build({ ...sources, 'wheel.c': 'struct wheel { int spokes; } spare;' });
  const after = readDebugInfo(bytes, { known: [before] });

  expect(after.reused).toBe(3);
  expect(describeAll(after)).toEqual(describeAll(readDebugInfo(bytes)));
  expect(describeAll(before)).toEqual(describeAll(readDebugInfo(await build(sources))));
});

test('units that lead into others by their place are read again', async () => {
  const before = readDebugInfo(await build(sources, '-flto'));
  const after = readDebugInfo(await build(sources, '-flto'), { known: [before] });

  expect(after.reused).toBe(0);
});

test('of many builds in a row, each read after the one before it, only the last are kept in memory', async () => {
  const files: WeakRef<ArrayBufferLike>[] = [];
  let info: DebugInfo | null = null;
  for (let edit = 0; edit < 12; edit++) {
    // Each source in turn, so that what is unchanged comes from different builds.
    const name = Object.keys(sources)[edit % 4] ?? '';
    const text = await build({ ...sources, [name]: `${sources[name]} int edit_${edit}(void) { return ${edit}; }` });
    const bytes = Uint8Array.from(text);
    files.push(new WeakRef(bytes.buffer));
    info = readDebugInfo(bytes, { known: info === null ? [] : [info] });
    expect(describeAll(info).length).toBeGreaterThan(20);
  }
  expect(info?.reused).toBeGreaterThan(0);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // References that were just asked are kept until the task ends.
  await setImmediate();
  collect();
  expect(files.filter((file) => file.deref() !== undefined).length).toBeLessThanOrEqual(2);
});

test('a damaged file says the same after an earlier build as alone, and leaves the earlier one as it was', async () => {
  const whole = Uint8Array.from(await build(sources));
  const others = Uint8Array.from(await build({ ...sources, 'park.c': 'struct street; struct street *way; int park;' }));
  const random = createRandom(11);
  const targets = findTargets(others);
  const expected = describeAll(readDebugInfo(whole));
  let reused = 0;
  for (let number = 0; number < 400; number++) {
    const { bytes, what } = damage(others, targets, random);
    const before = readDebugInfo(whole);
    const say = (known: readonly DebugInfo[]): unknown => {
      try {
        const info = readDebugInfo(bytes, { known });
        reused += info.reused;
        return describeAll(info);
      } catch (error) {
        return String(error);
      }
    };
    expect(say([before]), what).toEqual(say([]));
    expect(describeAll(before), what).toEqual(expected);
  }
  expect(reused).toBeGreaterThan(100);
});
