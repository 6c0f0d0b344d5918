import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codes } from '../../src/codes/index.js';
import { nativeTarget } from '../../src/target/targets.js';
import type { ValidateRequest, ValidateResult } from '../../src/validate/types.js';
import { validate } from '../../src/validate/validate.js';
import { resolvedModule, validateRequest } from '../helpers/elf-request.js';
import { counterC, freestandingC, statelessC, streamsCxx, threadsC } from '../helpers/elf-sources.js';
import { type ElfWorkspace, elfWorkspace } from '../helpers/elf-workspace.js';
import { describeEachLinker, testWith } from '../helpers/programs.js';

let work: ElfWorkspace;
beforeAll(async () => {
  work = await elfWorkspace();
});
afterAll(() => work[Symbol.asyncDispose]());

/** Codes of all findings, each of which must be explained. */
function codesOf(result: ValidateResult): readonly string[] {
  const found = result.findings.map((finding) => finding.code);
  expect(codes.map((entry) => entry.code)).toEqual(expect.arrayContaining(found));
  expect(result.ok).toBe(found.length === 0);
  return found;
}

async function validateText(text: string, changes: Partial<ValidateRequest> = {}): Promise<ValidateResult> {
  const path = join(work.path, `given-${Buffer.byteLength(text)}.so`);
  await writeFile(path, text);
  return validate(validateRequest(path, changes));
}

describeEachLinker('a good library passes, linked by %s:', (linker) => {
  for (const [what, compiler, ending, text, args] of [
    ['C by clang', 'clang', 'c', counterC, []],
    ['threads and mathematics by clang', 'clang', 'c', threadsC, ['-lm', '-pthread']],
    ['threads and mathematics by gcc', 'gcc', 'c', threadsC, ['-lm', '-pthread']],
    ['streams and exceptions by clang++', 'clang++', 'cc', streamsCxx, []],
    ['streams and exceptions by g++', 'g++', 'cc', streamsCxx, []],
  ] as const)
    testWith(compiler)(what, async () => {
      const name = `${what.replaceAll(' ', '-')}-${linker}`;
      const path = await work.build(`${name}.so`, text, {
        compiler,
        source: `${name}.${ending}`,
        args: [`-fuse-ld=${linker}`, '-Wl,-z,defs', ...args],
      });

      const result = await validate(validateRequest(path));

      expect(result.findings).toEqual([]);
      expect(result.ok).toBe(true);
      expect(result.facts?.entry).toMatchObject({ init: 'counter_init', update: 'counter_update', getInterface: null });
    });
});

test('the facts name exports, imports and what the library keeps', async () => {
  const path = await work.build('facts.so', `${counterC}\nconst unsigned module_api_version = 7;`, {
    args: ['-Wl,-soname,libcounter.so'],
  });

  const { facts } = await validate(validateRequest(path));

  expect(facts?.soname).toBe('libcounter.so');
  expect(facts?.apiVersion).toBe(7);
  expect(facts?.needed).toContain('libc.so.6');
  expect(facts?.exports).toContainEqual({ name: 'limit', kind: 'variable', weak: false, size: 4 });
  expect(facts?.exports).toContainEqual(expect.objectContaining({ name: 'counter_update', kind: 'function' }));
  expect(facts?.undefinedSymbols).toContainEqual({ name: 'printf', weak: false });
  expect(facts?.undefinedSymbols).toContainEqual({ name: '__cxa_finalize', weak: true });
  expect(facts?.entry.shutdown).toBe('counter_shutdown');
});

describe('HM301, not an ELF file, says what it is', () => {
  test.each([
    ['text', 'all: counter.so\n', 'a text file that begins with "all: counter.so"'],
    ['script', '#!/bin/sh\necho\n', 'a script'],
    ['Mach-O', '\xcf\xfa\xed\xfe\x07\x00\x00\x01', 'a Mach-O file'],
    ['PE', 'MZ\x90\x00', 'a Windows program or DLL'],
    ['zeros', '\0'.repeat(5000), 'a file of zeros'],
  ])('%s', async (_what, text, name) => {
    const path = join(work.path, 'other.so');
    await writeFile(path, Buffer.from(text, 'latin1'));

    const result = await validate(validateRequest(path));

    expect(codesOf(result)).toEqual(['HM301']);
    expect(result.findings[0]?.message).toContain(name);
    expect(result.facts).toBeNull();
  });

  test('a static library', async () => {
    await work.build('part.o', counterC, { kind: ['-c', '-fPIC'] });
    await work.run('ar', 'rcs', 'part.a', 'part.o');

    const result = await validate(validateRequest(join(work.path, 'part.a')));

    expect(codesOf(result)).toEqual(['HM301']);
    expect(result.findings[0]?.message).toContain('a static library');
  });
});

describe('HM302, cut off or damaged', () => {
  test('half a library, and one whose second half is still zeros', async () => {
    const bytes = await readFile(await work.build('whole.so', counterC));
    const half = Math.floor(bytes.length / 2);
    await writeFile(join(work.path, 'half.so'), bytes.subarray(0, half));
    await writeFile(
      join(work.path, 'zeros.so'),
      Buffer.concat([bytes.subarray(0, half), Buffer.alloc(bytes.length - half)]),
    );

    const cut = await validate(validateRequest(join(work.path, 'half.so')));
    const zeros = await validate(validateRequest(join(work.path, 'zeros.so')));

    expect(codesOf(cut)).toEqual(['HM302']);
    expect(cut.findings[0]?.message).toContain('is cut off');
    expect(codesOf(zeros)).toEqual(['HM302']);
    expect(zeros.findings[0]?.message).toContain('not written to its end');
  });

  test('an empty file and the first bytes of one', async () => {
    expect(codesOf(await validateText(''))).toEqual(['HM302']);
    expect(codesOf(await validateText('\x7fELF\x02\x01\x01'))).toEqual(['HM302']);
  });
});

describe('HM303, not a shared library', () => {
  test.each([
    ['an object file', ['-c', '-fPIC'], 'an object file (not linked yet)'],
    ['a program', ['-no-pie'], 'a program'],
    ['a position-independent program', ['-fPIE', '-pie'], 'a program'],
  ])('%s', async (_what, kind, name) => {
    const path = await work.build('kind.so', `${statelessC}\nint main(void) { return 0; }`, { kind });

    const result = await validate(validateRequest(path));

    expect(codesOf(result)).toEqual(['HM303']);
    expect(result.findings[0]?.message).toContain(name);
  });
});

test('HM304 names the machine that was found and the one that was wanted, both ways round', async () => {
  const target = { ...nativeTarget(), name: 'linux-arm64', elfMachine: 183 };
  const arm = await work.build('arm.so', freestandingC, {
    args: ['--target=aarch64-linux-gnu', '-nostdlib', '-fuse-ld=lld'],
  });
  const intel = await work.build('intel.so', freestandingC, { args: ['--target=x86_64-linux-gnu', '-nostdlib'] });
  const small = await work.build('small.o', statelessC, { kind: ['-c', '--target=i386-linux-gnu'] });
  const x64 = { ...nativeTarget(), elfMachine: 62 };

  const wrong = await validate(validateRequest(arm, { target: x64 }));
  const other = await validate(validateRequest(intel, { target }));
  const right = await validate(validateRequest(arm, { target }));
  const bits = await validate(validateRequest(small, { target: x64 }));

  expect(codesOf(wrong)).toEqual(['HM304']);
  expect(wrong.findings[0]?.message).toMatch(/AArch64.*x86-64/);
  expect(codesOf(other)).toEqual(['HM304']);
  expect(other.findings[0]?.message).toMatch(/x86-64.*linux-arm64.*AArch64/);
  expect(codesOf(right)).toEqual([]);
  expect(codesOf(bits)).toEqual(['HM304']);
  expect(bits.findings[0]?.message).toContain('32-bit');
});

describe('HM305, the entry is missing', () => {
  test.each([
    [
      'a slip of the keyboard',
      'void counter_updat(double dt) { (void)dt; }',
      'Nearest exported function: counter_updat',
    ],
    [
      'a static function',
      'static __attribute__((used)) void counter_update(double dt) { (void)dt; }',
      'static or hidden',
    ],
    ['a variable of that name', 'int counter_update = 1;', 'counter_update is exported, but it is not a function'],
    [
      'nothing exported',
      '__attribute__((visibility("hidden"))) int x(void) { return 1; }',
      'exports no functions at all',
    ],
    ['other functions', 'int alpha(void) { return 1; } int beta(void) { return 2; }', 'Exported functions: '],
    ['shutdown alone', 'void counter_shutdown(void) {}', 'looked for get_module_interface, counter_update'],
  ])('%s', async (_what, text, message) => {
    const result = await validate(validateRequest(await work.build('entry.so', text)));

    expect(codesOf(result)).toEqual(['HM305']);
    expect(result.findings[0]?.message).toContain(message);
  });

  test('a C++ function without extern "C"', async () => {
    const path = await work.build('mangled.so', 'void counter_update(double) {}', {
      compiler: 'clang++',
      source: 'mangled.cc',
    });

    const result = await validate(validateRequest(path));

    expect(codesOf(result)).toEqual(['HM305']);
    expect(result.findings[0]?.message).toContain('_Z14counter_updated: declare it extern "C"');
  });

  test.each([
    ['the interface', 'void *get_module_interface(void) { return 0; }', { getInterface: 'get_module_interface' }],
    ['init alone', 'int module_init(void) { return 0; }', { init: 'module_init' }],
    [
      'the preferred of two names',
      'void module_update(double d) { (void)d; } void counter_update(double d) { (void)d; }',
      { update: 'counter_update' },
    ],
  ])('is not, with %s', async (_what, text, entry) => {
    const result = await validate(validateRequest(await work.build('entry-there.so', text)));

    expect(codesOf(result)).toEqual([]);
    expect(result.facts?.entry).toMatchObject(entry);
  });

  test('assembly needs no type on its symbol', async () => {
    const text = '.globl counter_update\ncounter_update:\n  ret\n.section .note.GNU-stack,"",%progbits\n';
    const path = await work.build('plain-asm.so', text, { source: 'plain.s' });

    expect(codesOf(await validate(validateRequest(path)))).toEqual([]);
  });
});

describe('HM306, a needed library', () => {
  async function libraryNeeding(dir: string, ...args: string[]): Promise<string> {
    await mkdir(join(work.path, dir), { recursive: true });
    await work.build(`${dir}/libhelper-${dir}.so`, 'int helper(void) { return 1; }', { source: 'helper.c' });
    return work.build(`needs-${dir}.so`, 'int helper(void); int counter_init(void) { return helper(); }', {
      args: [`-L${dir}`, `-lhelper-${dir}`, ...args],
    });
  }

  test('that is nowhere is named, with the folders that were searched', async () => {
    const path = await libraryNeeding('lost', '-Wl,--enable-new-dtags,-rpath,/opt/not/there');

    const result = await validate(validateRequest(path));

    expect(codesOf(result)).toEqual(['HM306', 'HM307']);
    expect(result.findings[0]).toMatchObject({ where: 'libhelper-lost.so' });
    expect(result.findings[0]?.message).toMatch(/\/opt\/not\/there, .*\/usr\/lib/);
  });

  test.each(['--enable-new-dtags', '--disable-new-dtags'])(
    'is found beside the library through $ORIGIN (%s)',
    async (tags) => {
      const path = await libraryNeeding('beside', `-Wl,${tags},-rpath,$ORIGIN/beside`);

      expect(codesOf(await validate(validateRequest(path)))).toEqual([]);
      expect(codesOf(await validate(validateRequest(path, { origin: '/elsewhere' })))).toContain('HM306');
    },
  );

  test('is found in the folders of the target, and only if it is for its machine', async () => {
    const path = await libraryNeeding('target');
    const target = { ...nativeTarget(), libraryDirs: [join(work.path, 'target')] };
    expect(codesOf(await validate(validateRequest(path, { target })))).toEqual([]);

    const foreign = await readFile(join(work.path, 'target/libhelper-target.so'));
    foreign.writeUInt16LE(foreign.readUInt16LE(18) === 62 ? 183 : 62, 18);
    await writeFile(join(work.path, 'target/libhelper-target.so'), foreign);
    expect(codesOf(await validate(validateRequest(path, { target })))).toEqual(['HM306', 'HM307']);
  });

  test('counts as found where the engine or another module brings it', async () => {
    const path = await libraryNeeding('brought');
    const library = join(work.path, 'brought/libhelper-brought.so');

    const byEngine = { engine: { symbols: [], libraries: [library] }, modules: [] };
    const byModule = { engine: { symbols: [], libraries: [] }, modules: [{ name: 'helper', library }] };

    expect(codesOf(await validate(validateRequest(path, { providers: byEngine })))).toEqual([]);
    expect(codesOf(await validate(validateRequest(path, { providers: byModule })))).toEqual([]);
  });

  test('of a needed library is missed too', async () => {
    const path = await libraryNeeding('deep', '-Wl,-rpath,$ORIGIN/deep');
    await work.build('deep/libbase.so', 'int base(void) { return 1; }', { source: 'base.c' });
    await work.build('deep/libhelper-deep.so', 'int base(void); int helper(void) { return base(); }', {
      source: 'helper.c',
      args: ['-Ldeep', '-lbase'],
    });

    const result = await validate(validateRequest(path));

    expect(codesOf(result)).toEqual(['HM306']);
    expect(result.findings[0]?.message).toContain('libhelper-deep.so needs libbase.so');
  });
});

describe('HM307, an undefined symbol', () => {
  const caller = (symbol: string): string => `int ${symbol}(void); int counter_init(void) { return ${symbol}(); }`;

  test('is named, with the nearest name that exists', async () => {
    const result = await validate(validateRequest(await work.build('undefined.so', caller('getpidd'))));

    expect(codesOf(result)).toEqual(['HM307']);
    expect(result.findings[0]).toMatchObject({ where: 'getpidd' });
    expect(result.findings[0]?.message).toMatch(/undefined symbol getpidd: .*nearest name that exists is \w*getp\w*/);
  });

  test('is fine where it is weak, and where the engine provides it', async () => {
    const weak = `__attribute__((weak)) ${caller('maybe')}`;
    const engine = { symbols: ['module_frame_number'], libraries: [] };

    expect(codesOf(await validate(validateRequest(await work.build('weak.so', weak))))).toEqual([]);
    const path = await work.build('engine.so', caller('module_frame_number'));
    expect(codesOf(await validate(validateRequest(path, { providers: { engine, modules: [] } })))).toEqual([]);
    expect(codesOf(await validate(validateRequest(path)))).toEqual(['HM307']);
  });

  test('of another module needs the dependency declared, and the finding says how', async () => {
    const library = await work.build('traffic.so', 'int traffic_count(void) { return 1; }');
    const path = await work.build('user.so', caller('traffic_count'));
    const providers = { engine: { symbols: [], libraries: [] }, modules: [{ name: 'traffic', library }] };

    const undeclared = await validate(validateRequest(path, { providers }));
    const module = resolvedModule('counter', ['traffic']);
    const declared = await validate(validateRequest(path, { providers, module }));

    expect(codesOf(undeclared)).toEqual(['HM307']);
    expect(undeclared.findings[0]?.message).toMatch(
      /the module traffic exports it.*\{"name": "traffic"\}.*module\.json/,
    );
    expect(codesOf(declared)).toEqual([]);
  });

  test('that C++ mangled hints at extern "C"', async () => {
    const library = await work.build('traffic-c.so', 'int traffic_count(void) { return 1; }');
    const path = await work.build(
      'user-cxx.so',
      `int traffic_count(); extern "C" int counter_init() { return traffic_count(); }`,
      {
        compiler: 'clang++',
        source: 'user.cc',
      },
    );
    const providers = { engine: { symbols: [], libraries: [library] }, modules: [] };

    const result = await validate(validateRequest(path, { providers }));

    expect(codesOf(result)).toEqual(['HM307']);
    expect(result.findings[0]?.message).toContain('exports traffic_count as a C function: declare it extern "C"');
  });

  test('too many of them are counted', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `nothing_${i}_here`);
    const text = `${names.map((n) => `int ${n}(void);`).join('')} int counter_init(void) { return ${names.map((n) => `${n}()`).join('+')}; }`;

    const result = await validate(validateRequest(await work.build('many.so', text)));

    expect(result.findings).toHaveLength(9);
    expect(result.findings.at(-1)?.message).toMatch(/^22 more undefined symbols: /);
  });
});

describe('HM308, unreadable', () => {
  test('a file that is not there, a folder, and a pipe', async () => {
    await mkdir(join(work.path, 'folder.so'));
    await work.run('mkfifo', 'pipe.so');
    for (const [name, text] of [
      ['absent.so', 'ENOENT'],
      ['folder.so', 'is a folder'],
      ['pipe.so', 'is not a file'],
    ] as const) {
      const result = await validate(validateRequest(join(work.path, name)));
      expect(codesOf(result)).toEqual(['HM308']);
      expect(result.findings[0]?.message).toContain(text);
    }
  });

  test('a file without permission', async () => {
    const path = await work.build('secret.so', statelessC);
    await chmod(path, 0);

    // Root may read everything, so it is somebody else who tries.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(codesOf(await validate(validateRequest(path)))).toEqual(['HM308']);
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });
});
