import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ModuleBuild } from '../../../src/config/resolved.js';
import { packageRoot } from '../../../src/paths.js';
import { buildProject } from '../../helpers/build-project.js';
import { testEachLinker } from '../../helpers/programs.js';
import { clang, compareWithPlain, openWarm, toolEnv } from '../../helpers/warm.js';

const warm = openWarm();
const samples = readdirSync(join(packageRoot, 'modules')).filter((name) => !['include', 'shared'].includes(name));
afterAll(() => warm[Symbol.asyncDispose]());

const sources = {
  'modules/demo/plain.c':
    '#include <stdio.h>\n#include "own.h"\nstatic int unused;\nint c_part(int x) { int y; printf("%d", x); return OWN + y; }\n',
  'modules/demo/own.h': '#define OWN 1\n',
  'modules/demo/heavy.cpp':
    '#include <functional>\n#include <map>\n#include <string>\n#include <vector>\nstruct base { virtual ~base(); std::map<int, std::string> m; };\nbase::~base() = default;\nstatic base instance;\nthread_local std::vector<std::function<int()>> list;\nint cxx_part() { list.push_back([] { return 1; }); return (int)instance.m.size(); }\n',
  'modules/demo/kernel.S':
    '#define NAME assembled\n.text\n.globl NAME\nNAME:\n  ret\n.section .note.GNU-stack,"",@progbits\n',
  'modules/demo/raw.s': '.text\n.globl raw\nraw:\n  ret\n.section .note.GNU-stack,"",@progbits\n',
  'modules/demo/object.m': 'int objc_part(void) { return 3; }\n',
};

/** Builds once, everything twice: in the usual way and by loaded tools. */
async function compare(
  files: Readonly<Record<string, string>>,
  build: Partial<ModuleBuild>,
  options: { readonly linker?: 'mold' | 'lld' | 'bfd'; readonly lay?: (root: string) => void } = {},
) {
  const comparison = compareWithPlain(warm.tools);
  const run = comparison.tools.runWith(clang);
  await using project = await buildProject(files, {
    modules: { demo: build },
    ...options,
    around: (request) => run({ ...request, baseEnv: toolEnv }),
  });
  options.lay?.(project.root);
  const result = await project.build('demo');
  return { ok: result.ok, compared: comparison.count(), different: comparison.different };
}

describe('byte for byte as from the plain command, messages and dependencies too, are', () => {
  for (const sample of samples) {
    test(`the sample ${sample}`, async () => {
      const lay = (root: string): void => {
        cpSync(join(packageRoot, 'modules', sample), join(root, 'modules/demo'), { recursive: true });
        cpSync(join(packageRoot, 'modules/shared'), join(root, 'modules/shared'), { recursive: true });
      };
      const result = await compare({}, { ldflags: ['-Wl,-z,undefs'] }, { lay });
      expect(result).toMatchObject({ ok: true, different: [] });
      expect(result.compared).toBeGreaterThan(1);
    });
  }

  testEachLinker('objects and libraries of all languages, linked by %s', async (linker) => {
    const result = await compare(sources, {}, { linker });
    expect(result).toMatchObject({ ok: true, different: [] });
    expect(result.compared).toBeGreaterThan(4);
  });

  test.each([
    [{ flags: ['-O2', '-g3'] }],
    [{ flags: ['-O1', '-gdwarf-4', '-fno-pic', '-fPIC'] }],
    [{ flags: ['-Os', '-ffunction-sections', '-fdata-sections'], ldflags: ['-Wl,--gc-sections'] }],
    [{ flags: ['-gz', '-fvisibility=hidden'] }],
    [{ flags: ['-gsplit-dwarf'] }],
    [{ flags: ['-fno-integrated-as'] }],
    [{ flags: ['-fno-integrated-cc1'] }],
    [{ flags: ['-Weverything', '-fdiagnostics-show-category=name'] }],
    [{ flags: ['-grecord-command-line', '-fcoverage-mapping', '-fprofile-instr-generate'] }],
    [{ flags: ['-fsanitize=undefined', '-fsanitize-trap=all'] }],
    [{ flags: ['-march=native', '-mllvm', '-inline-threshold=3'] }],
    [{ cflags: ['-std=c99', '-pedantic'], cxxflags: ['-std=c++20', '-fno-exceptions', '-fno-rtti'] }],
    [{ defines: ['WITH_VALUE="a b"'], ldflags: ['-Wl,--build-id=sha1', '-Wl,-Map=/dev/null', '-lm'] }],
    [{ ldflags: ['-Wl,--icf=all', '-Wl,-O2'] }],
  ])('flags %j', async (build) => {
    const result = await compare(sources, build);
    expect(result).toMatchObject({ ok: true, different: [] });
    expect(result.compared).toBeGreaterThan(4);
  });

  test.each([
    ['a rejected source', { 'modules/demo/a.c': 'int f(void) { return missing; }\n#warning here\n' }, {}],
    ['a missing header', { 'modules/demo/a.cpp': '#include "nowhere.h"\n' }, {}],
    [
      'a thousand errors',
      { 'modules/demo/a.c': 'int f(void) { return\n'.repeat(1000) },
      { flags: ['-ferror-limit=0'] },
    ],
    ['a flag that is not known', { 'modules/demo/a.c': 'int a;\n' }, { flags: ['-fno-such-flag'] }],
    ['an undefined symbol', { 'modules/demo/a.c': 'int g(void);\nint f(void) { return g(); }\n' }, {}],
    [
      'a symbol defined twice',
      { 'modules/demo/a.c': 'int f(void) { return 1; }\n', 'modules/demo/b.c': 'int f(void) { return 2; }\n' },
      {},
    ],
    ['a library that is not found', { 'modules/demo/a.c': 'int a;\n' }, { ldflags: ['-lno-such-library'] }],
  ] as const)('what is said of %s', async (_, files, build) => {
    for (const linker of ['mold', 'lld'] as const) {
      const result = await compare(files, build, { linker });
      expect(result).toMatchObject({ ok: false, different: [] });
      expect(result.compared).toBeGreaterThan(0);
    }
  });
});
