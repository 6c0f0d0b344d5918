import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codes } from '../../src/codes/index.js';
import { readMachO } from '../../src/objfile/macho.js';
import { readCodeSignature } from '../../src/objfile/macho-signature.js';
import { type Target, targets } from '../../src/target/targets.js';
import type { ValidateRequest, ValidateResult } from '../../src/validate/types.js';
import { validate } from '../../src/validate/validate.js';
import { resolvedModule, validateRequest } from '../helpers/elf-request.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { lipo, machOLinker, makeFat } from '../helpers/macho-workspace.js';
import { testWith } from '../helpers/programs.js';

/** The corpus is made by clang and lld; without the latter there is nothing to judge. */
const testLinked = testWith(machOLinker);

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

const counterC = `
int limit = 10;
const unsigned module_api_version = 1;
static int count;
static const char *names[2] = { "one", "two" };
int counter_init(void) { return 0; }
void counter_update(double dt) { if (dt > 0) count += limit; }
const char *counter_name(int i) { return names[i]; }
`;

function target(name: string): Target {
  const found = targets({ platform: 'linux', arch: 'x64' }).get(name);
  if (found === undefined) throw new Error(`there is no target ${name}`);
  return found;
}

interface Dylib {
  readonly triple?: string;
  readonly source?: string;
  readonly link?: readonly string[];
}

const linkWords = ['-fuse-ld=lld', '-nostdlib', '-dynamiclib', '-Wl,-undefined,dynamic_lookup'];

async function makeDylib(name: string, { triple = 'arm64-apple-macos11', source = counterC, link = [] }: Dylib = {}) {
  const kind = ['-target', triple, '-ffreestanding', '-g', '-c'];
  await work.build(`${name}.o`, source, { source: `${name}.c`, kind });
  const words = [...linkWords, `-Wl,-install_name,@rpath/${name}.dylib`];
  await work.run('clang', '-target', triple, ...words, ...link, `${name}.o`, '-o', `${name}.dylib`);
  return join(work.path, `${name}.dylib`);
}

/** Codes of all findings, each of which must be explained. */
function codesOf(result: ValidateResult): readonly string[] {
  const found = result.findings.map((finding) => finding.code);
  expect(codes.map((entry) => entry.code)).toEqual(expect.arrayContaining(found));
  expect(result.ok).toBe(found.length === 0);
  return [...new Set(found)];
}

function judge(library: string, changes: Partial<ValidateRequest> = {}): Promise<ValidateResult> {
  return validate(validateRequest(library, { target: target('macos-arm64'), ...changes }));
}

async function judgeBytes(bytes: Uint8Array, changes: Partial<ValidateRequest> = {}): Promise<ValidateResult> {
  const path = join(work.path, 'given.dylib');
  await writeFile(path, bytes);
  return judge(path, changes);
}

async function bytesOf(path: string): Promise<Buffer<ArrayBuffer>> {
  return Buffer.from(await readFile(path));
}

testLinked('a good library passes, and the facts name what it is and has', async () => {
  const result = await judge(
    await makeDylib('good', { source: `${counterC} int other(int); int use(void) { return other(1); }` }),
    {
      module: resolvedModule('counter', ['sibling']),
      providers: {
        engine: { symbols: [], libraries: [] },
        modules: [
          { name: 'sibling', library: await makeDylib('sibling', { source: 'int other(int a) { return a; }' }) },
        ],
      },
    },
  );

  expect(result.findings).toEqual([]);
  const { facts } = result;
  expect(facts?.soname).toBe('@rpath/good.dylib');
  expect(facts?.apiVersion).toBe(1);
  expect(facts?.entry).toMatchObject({ init: 'counter_init', update: 'counter_update' });
  expect(facts?.exports).toContainEqual({ name: 'limit', kind: 'variable', weak: false, size: 0 });
  expect(facts?.exports).toContainEqual({ name: 'counter_name', kind: 'function', weak: false, size: 0 });
  expect(facts?.undefinedSymbols).toEqual([{ name: 'other', weak: false }]);
  expect(facts?.imports).toEqual([{ symbol: 'other', module: 'sibling', optional: false }]);
  expect(facts?.variables?.map(({ name }) => name).sort()).toEqual(['count', 'limit', 'names']);
});

testLinked('an x86-64 library passes for its own target, and without a signature too', async () => {
  const library = await makeDylib('intel', { triple: 'x86_64-apple-macos11' });

  expect(readCodeSignature(readMachO(await readFile(library)))).toBeNull();
  expect(codesOf(await judge(library, { target: target('macos-x64') }))).toEqual([]);
  const wrong = await judge(library);
  expect(codesOf(wrong)).toEqual(['HM304']);
  expect(wrong.findings[0]?.message).toMatch(/is a Mach-O file for x86_64; the target macos-arm64 needs arm64/);
});

describe('a universal file is judged by its part for the target', () => {
  testLinked('written by ourselves, in both forms', async () => {
    const [arm, intel] = [
      await bytesOf(await makeDylib('fat-arm')),
      await bytesOf(await makeDylib('fat-intel', { triple: 'x86_64-apple-macos11' })),
    ];
    for (const wide of [false, true]) {
      const fat = makeFat([intel, arm], { wide });
      expect(codesOf(await judgeBytes(fat))).toEqual([]);
      expect(codesOf(await judgeBytes(fat, { target: target('macos-x64') }))).toEqual([]);
    }
    const without = await judgeBytes(makeFat([intel, intel]));
    expect(codesOf(without)).toEqual(['HM304']);
    expect(without.findings[0]?.message).toContain('a universal file for x86_64 and x86_64');
  });

  testWith(machOLinker, lipo)('written by llvm-lipo', async () => {
    const [arm, intel] = [
      await makeDylib('lipo-arm'),
      await makeDylib('lipo-intel', { triple: 'x86_64-apple-macos11' }),
    ];
    const fat = join(work.path, 'fat.dylib');
    await work.run(lipo, '-create', arm, intel, '-output', fat);

    expect(codesOf(await judge(fat))).toEqual([]);
    expect(codesOf(await judge(fat, { target: target('macos-x64') }))).toEqual([]);
  });

  testLinked('cut off at every kilobyte', async () => {
    const fat = makeFat([await bytesOf(await makeDylib('cut-fat'))]);
    // Behind the last slice there is nothing but padding.
    const whole = await bytesOf(join(work.path, 'cut-fat.dylib'));
    for (let size = 0; size < 4096 + whole.length; size += 1024) {
      expect(codesOf(await judgeBytes(fat.subarray(0, size))), `${size} bytes`).toEqual(['HM302']);
    }
  });

  testLinked('cut off at every kilobyte, in the part for another machine too', async () => {
    const [arm, intel] = [
      await bytesOf(await makeDylib('cut-arm')),
      await bytesOf(await makeDylib('cut-intel', { triple: 'x86_64-apple-macos11' })),
    ];
    for (const slices of [
      [arm, intel],
      [intel, arm],
    ]) {
      const fat = makeFat(slices);
      const end = fat.length - 4096 + ((slices[1]?.length ?? 0) % 4096 || 4096);
      for (let size = 0; size < end; size += 1024) {
        expect(codesOf(await judgeBytes(fat.subarray(0, size))), `${size} bytes`).toEqual(['HM302']);
      }
    }
  });

  testLinked('and by its own signature, whose pages are counted from where the part begins', async () => {
    const [arm, intel] = [
      await bytesOf(await makeDylib('signed-arm')),
      await bytesOf(await makeDylib('signed-intel', { triple: 'x86_64-apple-macos11' })),
    ];
    const fat = Buffer.from(makeFat([intel, arm]));
    fat[fat.indexOf(arm) + 0x4000 - 1] = 1;

    const result = await judgeBytes(fat);

    expect(codesOf(result)).toEqual(['HM314']);
    expect(result.findings[0]?.message).toMatch(/page 3 \(bytes 12288 to 16384\)/);
    // What is wrong in the part for another machine is nothing that this one maps.
    expect(codesOf(await judgeBytes(fat, { target: target('macos-x64') }))).toEqual([]);
  });

  testLinked('though others in it are for machines that nobody here knows', async () => {
    const arm = await bytesOf(await makeDylib('known'));
    const other = Buffer.from(arm);
    other.writeUInt32LE(18, 4);

    expect(codesOf(await judgeBytes(makeFat([other, arm])))).toEqual([]);
    const without = await judgeBytes(makeFat([other]));
    expect(codesOf(without)).toEqual(['HM304']);
    expect(without.findings[0]?.message).toContain('cpu type 18');
  });

  testLinked('and not by what its table says of the part', async () => {
    const intel = await bytesOf(await makeDylib('mislabelled', { triple: 'x86_64-apple-macos11' }));
    const fat = Buffer.from(makeFat([intel]));
    fat.writeUInt32BE(0x0100000c, 8);
    fat.writeUInt32BE(0, 12);

    const result = await judgeBytes(fat);

    expect(codesOf(result)).toEqual(['HM302']);
    expect(result.findings[0]?.message).toContain('is damaged: its part for arm64 is one for x86_64');
  });
});

describe('HM302, cut off or damaged', () => {
  testLinked('at every kilobyte, and at every byte of the header', async () => {
    const bytes = await bytesOf(await makeDylib('cut'));
    const sizes = [
      ...Array.from({ length: Math.ceil(bytes.length / 1024) }, (_, n) => n * 1024),
      ...Array(33).keys(),
      bytes.length - 1,
    ];
    for (const size of sizes) {
      const result = await judgeBytes(bytes.subarray(0, size));
      expect(codesOf(result), `${size} bytes`).toEqual(['HM302']);
      expect(result.findings[0]?.message).toContain('is cut off');
    }
  });

  testLinked('of its full length, and zeros from some kilobyte on', async () => {
    const bytes = await bytesOf(await makeDylib('zeros'));
    for (let size = 0; size < bytes.length; size += 1024) {
      const zeros = Buffer.concat([bytes.subarray(0, size), Buffer.alloc(bytes.length - size)]);
      const found = codesOf(await judgeBytes(zeros));
      // Zeros in the place of zeros change nothing.
      if (zeros.equals(bytes)) continue;
      expect(
        found.some((code) => code === 'HM301' || code === 'HM302' || code === 'HM314'),
        `${size} bytes: ${found}`,
      ).toBe(true);
    }
  });
});

describe('HM314, a signature that does not fit', () => {
  testLinked('a byte flipped in any page', async () => {
    const bytes = await bytesOf(await makeDylib('pages'));
    const signature = readMachO(bytes).codeSignature;
    const end = signature?.offset ?? 0;
    expect(readCodeSignature(readMachO(bytes))).toMatchObject({ problems: [], adHoc: true, hashes: ['SHA-256'] });
    // The first page holds the load commands, where other findings come first.
    for (let page = 1; page * 4096 < end; page++) {
      const flipped = Buffer.from(bytes);
      const at = Math.min(page * 4096 + 2048, end - 1);
      flipped[at] = (flipped[at] ?? 0) ^ 0x40;
      const problems = readCodeSignature(readMachO(flipped))?.problems ?? [];
      expect(problems, `page ${page}`).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^page ${page} `));
    }
    const flipped = Buffer.from(bytes);
    flipped[0x4000 - 1] = 1;
    const result = await judgeBytes(flipped);
    expect(codesOf(result)).toEqual(['HM314']);
    expect(result.findings[0]?.message).toMatch(/page 3 \(bytes 12288 to 16384\) does not have the SHA-256 hash/);
  });

  testLinked('a byte flipped anywhere in the signature, but for what nothing vouches for', async () => {
    const bytes = await bytesOf(await makeDylib('directory'));
    const place = readMachO(bytes).codeSignature ?? { offset: 0, size: 0 };
    const directory = place.offset + bytes.readUInt32BE(place.offset + 16);
    const length = bytes.readUInt32BE(directory + 4);
    const unnoticed: number[] = [];
    // The table, then the directory; between them linkers leave some bytes for its alignment.
    for (const at of [...range(place.offset, place.offset + 20), ...range(directory, directory + length)]) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x01;
      const problems = readCodeSignature(readMachO(flipped))?.problems ?? [];
      if (problems.length === 0) unnoticed.push(at - directory);
    }
    // Flags, platform, team and the bounds of the executable segment are numbers that only the kernel's own rules judge, and
    // the identifier is any text. The hash of the directory itself stands in no file without a certificate.
    const identifier = bytes.readUInt32BE(directory + 20);
    const free = (offset: number): boolean =>
      [...range(12, 16), ...range(20, 24), 38, ...range(48, 56), ...range(64, 88)].includes(offset) ||
      (offset >= identifier && offset < identifier + 'directory.dylib'.length + 1);
    expect(unnoticed.filter((offset) => !free(offset))).toEqual([]);
    expect(length).toBeGreaterThan(88);
  });

  test.each([
    ['SHA-1', 1, 'sha1', 20, true],
    ['SHA-256, cut to 20 bytes', 3, 'sha256', 20, true],
    ['SHA-384', 4, 'sha384', 48, true],
    ['SHA-1', 1, 'sha1', 20, false],
  ] as const)('a directory of %s hashes is verified (kind %i)', (name, kind, algorithm, size, good) => {
    const file = signedBytes(kind, algorithm, size);
    if (!good) file.bytes[5000] = 9;

    const signature = readCodeSignature(file);

    expect(signature?.hashes).toEqual([name]);
    expect(signature?.pages).toBe(3);
    expect(signature?.problems).toHaveLength(good ? 0 : 1);
  });

  testLinked('of an x86-64 library, which may have none but no wrong one', async () => {
    const triple = 'x86_64-apple-macos11';
    const bytes = await bytesOf(await makeDylib('intel-signed', { triple, link: ['-Wl,-adhoc_codesign'] }));
    const onIntel = { target: target('macos-x64') };
    expect(codesOf(await judgeBytes(bytes, onIntel))).toEqual([]);

    const inCode = 0x0f00;
    bytes[inCode] = (bytes[inCode] ?? 0) ^ 1;

    expect(codesOf(await judgeBytes(bytes, onIntel))).toEqual(['HM314']);
  });

  testLinked('HM313: an arm64 library without one', async () => {
    const library = await makeDylib('unsigned', { link: ['-Wl,-no_adhoc_codesign'] });

    expect(codesOf(await judge(library))).toEqual(['HM313']);
  });
});

describe('another system', () => {
  for (const [triple, name] of [
    ['arm64-apple-ios14', 'ios'],
    ['arm64-apple-ios14-simulator', 'iossimulator'],
    ['arm64-apple-tvos14', 'tvos'],
    ['arm64-apple-ios14-macabi', 'maccatalyst'],
  ] as const)
    testLinked(`HM315: ${name}`, async () => {
      const result = await judge(await makeDylib(name, { triple }));

      expect(codesOf(result)).toEqual(['HM315']);
      expect(result.findings[0]?.message).toContain(`was built for ${name}`);
    });

  testLinked('HM316: a later macOS than the target', async () => {
    const result = await judge(await makeDylib('later', { triple: 'arm64-apple-macos13.2' }));

    expect(codesOf(result)).toEqual(['HM316']);
    expect(result.findings[0]?.message).toContain('needs macOS 13.2, and the target macos-arm64 is 11');
  });
});

describe('another machine', () => {
  testLinked('HM317: arm64e', async () => {
    const bytes = await bytesOf(await makeDylib('arm64e'));

    // As it was before it had versions, and with version 0 of its calling convention, as linkers write it now.
    for (const subtype of [2, 0x80000002]) {
      bytes.writeUInt32LE(subtype, 8);
      for (const given of [bytes, makeFat([bytes])]) {
        const result = await judgeBytes(given);
        expect(codesOf(result)).toEqual(['HM317']);
        expect(result.findings[0]?.message).toContain('is a Mach-O file for arm64e');
      }
    }
  });

  testLinked('HM317 is not said of a universal file that has both', async () => {
    const bytes = await bytesOf(await makeDylib('both'));
    const other = Buffer.from(bytes);
    other.writeUInt32LE(2, 8);

    expect(codesOf(await judgeBytes(makeFat([other, bytes])))).toEqual([]);
  });

  test.each([
    ['a 32-bit one', 0xcefaedfe, 'a 32-bit Mach-O file'],
    ['a big-endian one', 0xfeedfacf, 'a big-endian Mach-O file'],
    ['a 32-bit big-endian one', 0xfeedface, 'a big-endian 32-bit Mach-O file'],
  ])('HM304: %s', async (_what, magic, name) => {
    const bytes = Buffer.alloc(4096, 1);
    bytes.writeUInt32BE(magic);

    const result = await judgeBytes(bytes);

    expect(codesOf(result)).toEqual(['HM304']);
    expect(result.findings[0]?.message).toContain(`is ${name}; the target macos-arm64 needs`);
  });
});

describe('no library at all', () => {
  test('HM301: ELF for a macOS target, and text', async () => {
    const elf = await judge(await work.build('elf.so', 'int counter_init(void) { return 0; }'));
    const text = await judgeBytes(Buffer.from('all: counter.dylib\n'));

    expect(codesOf(elf)).toEqual(['HM301']);
    expect(elf.findings[0]?.message).toMatch(/is not a Mach-O file: it is a 64-bit ELF file for/);
    expect(codesOf(text)).toEqual(['HM301']);
  });

  testLinked('HM301: Mach-O for a Linux target', async () => {
    const result = await validate(validateRequest(await makeDylib('for-linux')));

    expect(codesOf(result)).toEqual(['HM301']);
    expect(result.findings[0]?.message).toContain('it is a Mach-O file (macOS)');
  });

  test('HM303: an object file', async () => {
    const kind = ['-target', 'arm64-apple-macos11', '-c'];
    const object = await work.build('plain.o', counterC, { source: 'plain.c', kind });

    const result = await judge(object);

    expect(codesOf(result)).toEqual(['HM303']);
    expect(result.findings[0]?.message).toContain('an object file (not linked yet)');
  });

  testLinked('HM303: a program', async () => {
    const kind = ['-target', 'arm64-apple-macos11', '-ffreestanding', '-c'];
    await work.build('main.o', 'int main(void) { return 0; }', { source: 'main.c', kind });
    await work.run('clang', '-target', 'arm64-apple-macos11', '-fuse-ld=lld', '-nostdlib', 'main.o', '-o', 'main');

    expect(codesOf(await judge(join(work.path, 'main')))).toEqual(['HM303']);
  });
});

describe('symbols and libraries', () => {
  testLinked('HM305: no entry, and why', async () => {
    const result = await judge(
      await makeDylib('no-entry', {
        source: 'static int counter_init(void) { return 0; } int call(void) { return counter_init(); }',
      }),
    );

    expect(codesOf(result)).toEqual(['HM305']);
    expect(result.findings[0]?.message).toContain('counter_init is in the library but is not exported');
  });

  testLinked('HM307: what nobody provides; what compilers call themselves is left to libSystem', async () => {
    const source = `${counterC} int lost(void); struct big { char at[4096]; }; void copy(struct big *a, struct big *b) { *a = *b; lost(); }`;
    const result = await judge(await makeDylib('lost', { source }));

    expect(codesOf(result)).toEqual(['HM307']);
    expect(result.findings.map((finding) => finding.message)).toEqual([
      expect.stringContaining('undefined symbol lost'),
    ]);
    expect(result.facts?.undefinedSymbols.map(({ name }) => name)).toContain('memcpy');
  });

  testLinked('HM306: a library that is on no path it names', async () => {
    const other = await makeDylib('libother', { source: 'int other(void) { return 1; }' });
    const source = `${counterC} int other(void); int use(void) { return other(); }`;
    const found = await judge(await makeDylib('finds', { source, link: [other, `-Wl,-rpath,${work.path}`] }));
    const lost = await judge(await makeDylib('loses', { source, link: [other, '-Wl,-rpath,@loader_path/nowhere'] }));

    expect(codesOf(found)).toEqual([]);
    expect(codesOf(lost)).toContain('HM306');
    expect(lost.findings[0]?.message).toContain(`not found at ${work.path}/nowhere/libother.dylib`);
  });
});

test('HM318: fixups of neither form, and of both', async () => {
  const path = join(work.path, 'made.dylib');
  await writeFile(path, handMade([]));
  const none = await judge(path);
  await writeFile(path, handMade([0x80000034, 0x80000022]));
  const both = await judge(path);

  expect(none.findings.map(({ code }) => code)).toContain('HM318');
  expect(both.findings.map(({ code }) => code)).toContain('HM318');
});

/** A library of nothing but a text segment, with these empty commands about what the loader fills in. */
function handMade(commands: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  let at = 32;
  const put = (type: number, size: number, ...words: readonly number[]): void => {
    view.setUint32(at, type, true);
    view.setUint32(at + 4, size, true);
    for (const [n, word] of words.entries()) view.setUint32(at + 8 + n * 4, word, true);
    at += size;
  };
  put(0x19, 72);
  bytes.set(Buffer.from('__TEXT'), at - 64);
  view.setBigUint64(at - 40, 4096n, true);
  view.setBigUint64(at - 24, 4096n, true);
  put(0x32, 24, 1, 0x000b0000, 0x000b0000, 0);
  for (const type of commands) {
    if (type === 0x80000022) put(type, 48);
    else put(type, 16, 2048, 64);
  }
  // An empty header of chained fixups: no segment, no import of the first format.
  for (const [n, word] of [0, 32, 40, 40, 0, 1, 0].entries()) view.setUint32(2048 + n * 4, word, true);
  for (const [n, word] of [0xfeedfacf, 0x0100000c, 0, 6, 2 + commands.length, at - 32, 0x80, 0].entries()) {
    view.setUint32(n * 4, word, true);
  }
  return bytes;
}

/** The little that reading a signature asks of a file: 9000 bytes, then a signature of them with pages of 4096 bytes. */
function signedBytes(kind: number, algorithm: string, size: number) {
  const code = Buffer.alloc(9000, 7);
  const directory = Buffer.alloc(48 + 2 + 3 * size);
  directory.writeUInt32BE(0xfade0c02, 0);
  directory.writeUInt32BE(directory.length, 4);
  directory.writeUInt32BE(0x20100, 8);
  directory.writeUInt32BE(50, 16);
  directory.writeUInt32BE(48, 20);
  directory.writeUInt32BE(3, 28);
  directory.writeUInt32BE(code.length, 32);
  directory.set([size, kind, 0, 12], 36);
  directory.write('a', 48);
  for (let page = 0; page < 3; page++) {
    const hash = createHash(algorithm)
      .update(code.subarray(page * 4096, (page + 1) * 4096))
      .digest();
    hash.copy(directory, 50 + page * size, 0, size);
  }
  const table = Buffer.alloc(20);
  table.writeUInt32BE(0xfade0cc0, 0);
  table.writeUInt32BE(20 + directory.length, 4);
  table.writeUInt32BE(1, 8);
  table.writeUInt32BE(20, 16);
  const bytes = Buffer.concat([code, table, directory]);
  return { bytes, codeSignature: { offset: code.length, size: 20 + directory.length } };
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
