import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import { stateC } from '../helpers/container-sources.js';
import { refusal, summaryOf } from '../helpers/debug-summary.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { testWith } from '../helpers/programs.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

const load = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(join(work.path, name)));

interface Separated {
  readonly whole: Uint8Array;
  readonly stripped: Uint8Array;
  readonly separate: Uint8Array;
}

/** What distributions do: one file to run, and one with the debug information, tied together by name and checksum. */
async function separated(name: string, link: readonly string[] = []): Promise<Separated> {
  const kind = ['-shared', '-fPIC', '-g', ...link];
  await work.build(`${name}.so`, stateC, { source: `${name}.c`, kind });
  const whole = await load(`${name}.so`);
  await work.run('objcopy', '--only-keep-debug', `${name}.so`, `${name}.debug`);
  await work.run('objcopy', '--strip-debug', `--add-gnu-debuglink=${name}.debug`, `${name}.so`);
  return { whole, stripped: await load(`${name}.so`), separate: await load(`${name}.debug`) };
}

testWith('objcopy')('a file that names another one for its debug information is read from there', async () => {
  const { whole, stripped, separate } = await separated('linked', ['-Wl,--build-id=none']);
  const asked: string[] = [];

  const info = readDebugInfo(stripped, {
    beside: (name) => {
      asked.push(name);
      return separate;
    },
  });

  expect(asked).toEqual(['linked.debug']);
  expect(summaryOf(info)).toEqual(summaryOf(readDebugInfo(whole)));
});

testWith('objcopy')('a file whose other file is not there is refused with its name', async () => {
  const { stripped } = await separated('alone');

  const expected = /^unsupported: its debug information stands in the file alone\.debug, which was not found$/;
  expect(refusal(() => readDebugInfo(stripped))).toMatch(expected);
  expect(refusal(() => readDebugInfo(stripped, { beside: () => null }))).toMatch(expected);
});

testWith('objcopy')('another file that was changed or is of another build is refused', async () => {
  const { stripped, separate } = await separated('stale', ['-Wl,--build-id=none']);
  const changed = separate.slice();
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;

  expect(refusal(() => readDebugInfo(stripped, { beside: () => changed }))).toMatch(
    /^damaged: .* stale\.debug, and that belongs to another build$/,
  );
});

testWith('objcopy')('the file of the same build ID is found without a name for it', async () => {
  const { whole, stripped, separate } = await separated('known', ['-Wl,--build-id=0xabcdef0123']);

  const info = readDebugInfo(stripped, {
    beside: (name) => (name === '.build-id/ab/cdef0123.debug' ? separate : null),
  });

  expect(summaryOf(info)).toEqual(summaryOf(readDebugInfo(whole)));
});

testWith('objcopy')('a file found by build ID that has another one is refused', async () => {
  const { stripped } = await separated('mixed', ['-Wl,--build-id=0xabcdef0123']);
  const { separate } = await separated('other', ['-Wl,--build-id=0x0000000000']);

  expect(refusal(() => readDebugInfo(stripped, { beside: () => separate }))).toMatch(/belongs to another build$/);
});

testWith('objcopy')('types that were moved into a supplementary file are refused by its kind', async () => {
  await work.build('shared.so', stateC);
  await work.run('objcopy', '--add-section', '.gnu_debugaltlink=shared.so.c', 'shared.so');
  const bytes = await load('shared.so');

  expect(refusal(() => readDebugInfo(bytes))).toMatch(/^unsupported: .*\.gnu_debugaltlink/);
});

test.each(['4', '5'])('split DWARF %s is refused with the name of the file that has the types', async (version) => {
  const kind = ['-c', '-g', `-gdwarf-${version}`, '-gsplit-dwarf'];
  await work.build('split.o', stateC, { source: 'split.c', kind });
  const [object, half] = [await load('split.o'), await load('split.dwo')];

  expect(refusal(() => readDebugInfo(object))).toMatch(/^unsupported: .*split\.dwo.*-gsplit-dwarf/);
  expect(refusal(() => readDebugInfo(half))).toMatch(/^unsupported: it is a \.dwo file/);
});

test('a file without debug information has none, and says so', async () => {
  await work.build('bare.so', stateC, { kind: ['-shared', '-fPIC'] });

  const bytes = await load('bare.so');

  expect(refusal(() => readDebugInfo(bytes))).toBe(
    'none: it was built without debug information, or was stripped of it',
  );
});
