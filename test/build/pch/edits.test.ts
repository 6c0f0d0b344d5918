import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pruneEntries } from '../../../src/build/pch/entry.js';
import type { RunRequest } from '../../../src/build/run.js';
import type { BuildResult } from '../../../src/build/types.js';
import { createRandom } from '../../../src/fuzz/random.js';
import { differences, type PchProject, pchProject } from '../../helpers/pch.js';
import { describeWith, programPath } from '../../helpers/programs.js';
import { openWarm, prepare, toolEnv } from '../../helpers/warm.js';

const unit = 'modules/demo/a.cpp';
const text = (value: number | string, includes = '#include "own.h"\n#include <string>\n'): string =>
  `${includes}extern "C" int f() { return OWN + (int)std::string("${value}").size(); }\n`;
const files = { [unit]: text(0), 'modules/demo/own.h': '#define OWN 1\n' };

/** After it the unit's leading includes are precompiled. */
async function edited(pch: PchProject, includes?: string): Promise<void> {
  await pch.build();
  await pch.save({ [unit]: text(1, includes) });
  expect(pch.refusals()).toEqual(['']);
}

/** The library is what a plain build gives. */
async function expectPlain(pch: PchProject, build: BuildResult): Promise<void> {
  await using plain = await pch.plainly();
  expect([build.ok, build.diagnostics]).toEqual([plain.build.ok, plain.build.diagnostics]);
  if (build.ok) expect(differences(plain.build.library, build.library)).toEqual([]);
}

describe('a precompiled header', () => {
  test('is made after an edit and used for the next, with the inputs of a plain build', async () => {
    await using pch = await pchProject(files);
    expect(pch.precompiled(await pch.build())).toBe(0);
    expect(pch.refusals()).toEqual([]);
    const first = await pch.save({ [unit]: text(1) });
    expect(pch.precompiled(first)).toBe(0);
    const second = await pch.save({ [unit]: text(2) });
    expect(pch.precompiled(second)).toBe(1);
    expect([...second.inputs.keys()].sort()).toEqual([...first.inputs.keys()].sort());
    await expectPlain(pch, second);
  });

  test('is made and used by tools that stay loaded', async () => {
    await using warm = openWarm();
    await prepare(warm, programPath('clang++') ?? 'clang++');
    const around = (request: RunRequest) => warm.run({ ...request, baseEnv: toolEnv });
    await using pch = await pchProject(files, { around });
    await edited(pch);
    const result = await pch.save({ [unit]: text(2) });
    expect(result.steps[0]).toMatchObject({ kind: 'compile', precompiled: true, warm: true, fallback: '' });
    await expectPlain(pch, result);
    expect(warm.problems).toEqual([]);
  });

  test('serves the next session too', async () => {
    await using pch = await pchProject(files);
    await edited(pch);
    await pch.project.write({ [unit]: text(2) });
    expect(pch.precompiled(await pch.build(pch.project.another()))).toBe(1);
  });

  test('is not used where it is turned off, and not for a build from scratch', async () => {
    await using pch = await pchProject(files);
    await edited(pch);
    await pch.project.write({ [unit]: text(2) });
    const { config } = pch.project;
    const off = pch.again({ config: { ...config, build: { ...config.build, pch: 'off' } } });
    expect(pch.precompiled(await pch.build(off))).toBe(0);
    const rebuilt = await pch.again({}).build(pch.project.module('demo'), {
      signal: new AbortController().signal,
      rebuild: true,
      onProgress: () => undefined,
    });
    expect(pch.precompiled(rebuilt)).toBe(0);
  });

  test('is not used where it saves too little, and that is remembered', async () => {
    await using pch = await pchProject(files, { worthRatio: 0 });
    await pch.build();
    await pch.save({ [unit]: text(1) });
    expect(pch.refusals()).toEqual([expect.stringMatching(/^it saves too little \(\d+ % of the time\)$/)]);
    const compiles = pch.project.started.length;
    expect(pch.precompiled(await pch.save({ [unit]: text(2) }))).toBe(0);
    // Compiler and linker: nothing was tried again.
    expect(pch.project.started.length - compiles).toBe(2);
  });
});

describe('no edit is lost and none is stale:', () => {
  test('a header that is edited is read anew, and left out of what is precompiled next', async () => {
    const own = '#include <string>\n#include "own.h"\n';
    await using pch = await pchProject({ ...files, [unit]: text(0, own) });
    await pch.build();
    await pch.save({ [unit]: text(1, own) });
    const header = await pch.save({ 'modules/demo/own.h': '#define OWN 20\n' });
    expect(pch.precompiled(header)).toBe(0);
    await expectPlain(pch, header);
    // Only <string> is in the one that was made now, so that a further edit of the other header does not matter to it.
    const next = await pch.save({ 'modules/demo/own.h': '#define OWN 300\n' });
    expect(pch.precompiled(next)).toBe(1);
    await expectPlain(pch, next);
  });

  test.each([
    ['one of the project', { 'early/far.h': '#define OWN 50\n' }],
    ['one of the system', { 'early/string': '#include_next <string>\n#undef OWN\n#define OWN 60\n' }],
    [
      'one that a system header includes',
      { 'early/features.h': '#include_next <features.h>\n#undef OWN\n#define OWN 70\n' },
    ],
  ] as const)('a header that appears where it is found before %s', async (_, added) => {
    const includes = '#include <far.h>\n#include <string>\n';
    await using pch = await pchProject({
      [unit]: text(0, includes),
      'early/.keep': '',
      'far/far.h': '#define OWN 1\n',
    });
    const module = pch.project.module('demo');
    const dirs = [pch.project.path('early'), pch.project.path('far')];
    Object.assign(module, { build: { ...module.build, includes: dirs } });
    await edited(pch, includes);
    expect(pch.precompiled(await pch.save({ [unit]: text(2, includes) }))).toBe(1);
    await pch.project.write(added);
    const result = await pch.save({ [unit]: text(33, includes) });
    expect(pch.precompiled(result)).toBe(0);
    await expectPlain(pch, result);
  });

  test('other defines, flags and includes', async () => {
    await using pch = await pchProject(files);
    await edited(pch);
    for (const [includes, flags] of [
      ['#include <string>\n#include "own.h"\n', []],
      ['#define OWN 7\n#include "own.h"\n#include <string>\n', ['-Wno-macro-redefined']],
      ['#include "own.h"\n#include <string>\n', ['-DSOMETHING']],
      ['#include "own.h"\n#include <string>\n#undef OWN\n#define OWN 9\n', ['-O1']],
    ] as const) {
      const module = pch.project.module('demo');
      Object.assign(module, { build: { ...module.build, flags } });
      for (const value of ['a', 'bb', 'ccc']) await expectPlain(pch, await pch.save({ [unit]: text(value, includes) }));
    }
  });

  test.each(['__TIME__', '__BASE_FILE__'])('a header that uses %s', async (macro) => {
    await using pch = await pchProject({ ...files, 'modules/demo/own.h': `#define OWN 1\n#define WHEN ${macro}\n` });
    await pch.build();
    await pch.save({ [unit]: text(1) });
    expect(pch.refusals()).toEqual([expect.stringContaining(`own.h uses ${macro}`)]);
    expect(pch.precompiled(await pch.save({ [unit]: text(2) }))).toBe(0);
  });

  test('a header that leaves something open for what follows', async () => {
    const open = 'namespace open { inline int g() { return 3; }\n#define OWN open::g()\n';
    await using pch = await pchProject({ ...files, 'modules/demo/own.h': open, [unit]: `${text(0)}}\n` });
    for (const value of [1, 22])
      await expectPlain(
        pch,
        await pch.save({
          [unit]: `#include <string>\n#include "own.h"\n}\nextern "C" int f() { return OWN + ${value}; }\n`,
        }),
      );
    expect(pch.refusals().every((reason) => reason !== '')).toBe(true);
  });

  test('a warning about a header, told in every build', async () => {
    await using pch = await pchProject({ ...files, 'modules/demo/own.h': '#define OWN 1\n#warning look here\n' });
    await pch.build();
    for (const value of [1, 22, 333]) {
      const result = await pch.save({ [unit]: text(value) });
      expect(result.diagnostics.map((one) => one.message)).toEqual([expect.stringContaining('look here')]);
    }
  });

  test('errors and warnings of the source, in the words of the plain compiler', async () => {
    await using pch = await pchProject(files, { modules: { demo: { flags: ['-Wall'] } } });
    await edited(pch);
    const broken = `${text(2)}int g() { std::string s = 3; return nowhere; }\n`;
    await expectPlain(pch, await pch.save({ [unit]: broken }));
    const warned = await pch.save({ [unit]: `${text(3)}int g() { int unused; return OWN; }\n` });
    expect([pch.precompiled(warned), warned.diagnostics.length]).toEqual([1, 1]);
    await expectPlain(pch, warned);
    expect(pch.problems).toEqual([]);
  });

  test.each([
    ['a template', 'template <class T> char in_header(T value) { return value; }', 'modules/demo/own.h'],
    ['a declaration', '[[deprecated]] int in_header(int value);', unit],
  ])('a warning that leads to %s of a header, and that only a later use brings about', async (_, declared, where) => {
    await using pch = await pchProject(
      { ...files, 'modules/demo/own.h': `#define OWN 1\n${declared}\n` },
      { modules: { demo: { flags: ['-Wconversion'], ldflags: ['-Wl,-z,undefs'] } } },
    );
    await edited(pch);
    for (const value of [2, 33]) {
      const result = await pch.save({ [unit]: `${text(value)}int g(int x) { return in_header(x); }\n` });
      expect(pch.precompiled(result)).toBe(0);
      expect(result.diagnostics.map((one) => one.file)).toEqual([where]);
      await expectPlain(pch, result);
    }
    expect(pch.problems).toEqual([]);
  });

  test('such a warning that is there from the start', async () => {
    const own = '#define OWN 1\ntemplate <class T> char in_header(T value) { return value; }\n';
    const flags = ['-Wconversion'];
    await using pch = await pchProject({ 'modules/demo/own.h': own }, { modules: { demo: { flags } } });
    for (const value of [1, 22, 333]) {
      const result = await pch.save({ [unit]: `${text(value)}int g(int x) { return in_header(x); }\n` });
      expect(pch.precompiled(result)).toBe(0);
      await expectPlain(pch, result);
    }
    expect([pch.refusals(), pch.problems]).toEqual([['its messages differ with it'], []]);
  });

  test('a source that changes while it is compiled', async () => {
    let change = false;
    await using pch = await pchProject(files, {
      around: async (request, run) => {
        const result = await run(request);
        if (change && request.args.includes('-include-pch')) {
          writeFileSync(join(request.cwd, unit), text('later', '#include <string>\n#define OWN 4\n'));
        }
        return result;
      },
    });
    await edited(pch);
    change = true;
    const result = await pch.save({ [unit]: text(2) });
    expect(pch.precompiled(result)).toBe(0);
    await expectPlain(pch, result);
  });
});

describe('what is damaged', () => {
  const damage: readonly (readonly [string, (dir: string) => void])[] = [
    ['a precompiled header cut short', (dir) => truncateSync(join(dir, 'headers.pch'), 5000)],
    ['one with other bytes', (dir) => writeFileSync(join(dir, 'headers.pch'), 'CPCHnonsense')],
    ['one that is gone', (dir) => rmSync(join(dir, 'headers.pch'))],
    ['an entry that is no JSON', (dir) => writeFileSync(join(dir, 'entry.json'), '{')],
  ];
  test.each(damage)('%s is not used, and made anew', async (_, spoil) => {
    await using pch = await pchProject(files);
    await edited(pch);
    const store = pch.project.path('.hotmod/cache/pch');
    spoil(join(store, readdirSync(store)[0] ?? ''));
    const result = await pch.save({ [unit]: text(2) });
    expect(pch.precompiled(result)).toBe(0);
    await expectPlain(pch, result);
    expect(pch.precompiled(await pch.save({ [unit]: text(3) }))).toBe(1);
  });

  test('a compiler that does not take it: the plain one does the work, it is told, and after three times none is tried', async () => {
    let fail = false;
    await using pch = await pchProject(
      {
        ...files,
        'modules/demo/b.cpp': text(0).replace('f()', 'g()'),
        'modules/demo/c.cpp': text(0).replace('f()', 'h()'),
      },
      {
        around: async (request, run) => {
          const result = await run(request);
          if (!fail || !request.args.includes('-include-pch')) return result;
          return { ...result, exitCode: 1, output: 'fatal error: malformed or corrupted AST file\n' };
        },
      },
    );
    const all = (value: number) => ({
      [unit]: text(value),
      'modules/demo/b.cpp': text(value).replace('f()', 'g()'),
      'modules/demo/c.cpp': text(value).replace('f()', 'h()'),
    });
    await pch.build();
    await pch.save(all(1));
    expect(pch.refusals()).toEqual(['', '', '']);
    fail = true;
    const result = await pch.save(all(2));
    expect(result.steps.map((step) => step.fallback).slice(0, 3)).toEqual(
      Array(3).fill('precompiled header: malformed or corrupted AST file'),
    );
    await expectPlain(pch, result);
    expect(pch.problems.map((one) => one.code)).toEqual(['HM222', 'HM222', 'HM222', 'HM223']);
    fail = false;
    expect(pch.precompiled(await pch.save(all(3)))).toBe(0);
  });

  test('an object that came out different: it is told, and the unit is compiled plainly', async () => {
    await using pch = await pchProject(files, {
      around: async (request, run) => {
        const result = await run(request);
        const object = request.args[request.args.indexOf('-o') + 1] ?? '';
        if (request.args.includes('-include-pch'))
          writeFileSync(object, `${readFileSync(object, 'latin1')}more`, 'latin1');
        return result;
      },
    });
    await pch.build();
    await pch.save({ [unit]: text(1) });
    expect(pch.problems).toEqual([{ code: 'HM224', message: expect.stringContaining(unit) }]);
    expect(pch.precompiled(await pch.save({ [unit]: text(2) }))).toBe(0);
  });
});

test('the store is kept small, the newest stay, and what is being made is left alone', async () => {
  await using pch = await pchProject(files);
  await edited(pch);
  await pch.save({ [unit]: text(1, '#include <vector>\n#include <string>\n#define OWN 1\n') });
  const { outDir } = pch.project.config;
  const count = (): number => readdirSync(join(outDir, 'cache/pch')).length;
  expect(count()).toBe(2);
  pruneEntries(outDir);
  expect(count()).toBe(2);
  pruneEntries(outDir, { count: 1, bytes: 2 ** 30 });
  expect(count()).toBe(1);
  expect(
    pch.precompiled(await pch.save({ [unit]: text(5, '#include <vector>\n#include <string>\n#define OWN 1\n') })),
  ).toBe(1);
  pruneEntries(outDir, { count: 5, bytes: 1000 });
  expect(count()).toBe(0);
});

describeWith('gcc', 'g++')('gcc', () => {
  test('is left as it is', async () => {
    await using pch = await pchProject(files, { compiler: 'gcc' });
    for (const value of [1, 2, 3]) expect(pch.precompiled(await pch.save({ [unit]: text(value) }))).toBe(0);
    expect(pch.refusals()).toEqual([]);
  });
});

/** The seed in the test's name repeats it. */
const seed = Number(process.env.HOTMOD_STORM_SEED ?? Date.now() % 1_000_000);
const edits = Number(process.env.HOTMOD_PCH_EDITS ?? 25);

test(`after each of ${edits} random edits code, data and types are those of a clean plain build (seed ${seed})`, {
  timeout: 1_200_000,
}, async () => {
  const { below, pick } = createRandom(seed);
  await using pch = await pchProject({
    ...files,
    'modules/demo/b.cpp': '#include <string>\n#include "own.h"\nstd::string kept = "x";\n',
    'modules/demo/c.c': '#include <stdio.h>\n#include "own.h"\nint c_part(void) { return OWN; }\n',
  });
  const leading = [
    '#include "own.h"\n#include <string>\n',
    '#include <string>\n#include "own.h"\n',
    '// moved\n#include <string>\n\n#include <vector>\n#include "own.h"\n',
    '#include <string>\n#define OWN 5\n',
  ];
  const module = pch.project.module('demo');
  const steps: readonly (() => Promise<void>)[] = [
    () => pch.project.write({ [unit]: text(below(1000), pick(leading)) }),
    () => pch.project.write({ [unit]: text(below(1000), pick(leading)) }),
    () =>
      pch.project.write({
        'modules/demo/b.cpp': `#include <string>\n#include "own.h"\nstd::string kept(OWN, '${below(10)}');\n`,
      }),
    () =>
      pch.project.write({
        'modules/demo/c.c': `#include <stdio.h>\n#include "own.h"\nint c_part(void) { return OWN * ${below(9)}; }\n`,
      }),
    () => pch.project.write({ 'modules/demo/own.h': `#define OWN ${below(4)}\n` }),
    () =>
      pch.project.write({
        'modules/demo/own.h': `#pragma once\n#define OWN (${below(4)} + ${below(4)})\nstruct own { int field[OWN + 1]; };\ninline own owned;\n`,
      }),
    () => pch.project.write({ [unit]: `${text(below(9), pick(leading))}int broken = nowhere;\n` }),
    async () => rmSync(pch.project.path('modules/demo/string'), { force: true }),
    () => pch.project.write({ 'modules/demo/string': '#include_next <string>\n#define SHADOWED 1\n' }),
    async () =>
      void Object.assign(module, { build: { ...module.build, flags: pick([[], ['-O1'], ['-DX=1', '-gdwarf-4']]) } }),
  ];
  let used = 0;
  for (let edit = 0; edit < edits; edit++) {
    await pick(steps)();
    const made = await pch.build();
    used += pch.precompiled(made);
    await using plain = await pch.plainly();
    expect([made.ok, made.diagnostics], `edit ${edit}`).toEqual([plain.build.ok, plain.build.diagnostics]);
    if (made.ok) expect(differences(plain.build.library, made.library), `edit ${edit}`).toEqual([]);
  }
  expect(pch.problems).toEqual([]);
  if (edits > 20) expect(used).toBeGreaterThan(0);
});
