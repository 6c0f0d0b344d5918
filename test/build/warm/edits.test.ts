import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProcess } from '../../../src/build/run.js';
import type { Builder } from '../../../src/build/types.js';
import { createRandom } from '../../../src/fuzz/random.js';
import { buildProject, toolchainOf } from '../../helpers/build-project.js';
import { hasLinker, linkerNames, programPath } from '../../helpers/programs.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { clang, openWarm, prepare, toolEnv } from '../../helpers/warm.js';

/** `npm run storm` asks for 1,000; the seed in the test's name repeats it. */
const edits = Number(process.env.HOTMOD_WARM_EDITS ?? 25);
const seed = Number(process.env.HOTMOD_STORM_SEED ?? Date.now() % 1_000_000);

const source = (name: string, value: number): string =>
  `#include <stdio.h>\n#include "shared.h"\nint ${name}(void) { int unused; printf("%d", SHARED); return ${value}; }\n`;
const cxx = (value: number): string =>
  `#include <string>\n#include "shared.h"\nextern "C" int part() { return (int)std::string("${value}").size() + SHARED; }\n`;

test(`after each of ${edits} random edits loaded tools and the cache give what a clean plain build gives (seed ${seed})`, {
  timeout: 1_200_000,
}, async () => {
  const { below, pick } = createRandom(seed);
  const compilers = programPath('g++') === null ? (['clang'] as const) : (['clang', 'clang', 'gcc'] as const);
  await using warm = openWarm();
  const around = (request: Parameters<typeof warm.run>[0]) => warm.run({ ...request, baseEnv: toolEnv });
  await using project = await buildProject(
    {
      'modules/demo/a.c': source('a', 0),
      'modules/demo/b.c': source('b', 0),
      'modules/demo/c.cpp': cxx(0),
      'far/shared.h': '#define SHARED 1\n',
    },
    { modules: { demo: { flags: ['-Wall'], includes: [] } }, around },
  );
  const far = project.path('far');
  let toolchain = toolchainOf('clang', 'bfd');
  let build = { ...project.module('demo').build, includes: [far] };
  let builder: Builder = project.another({ toolchain });
  await prepare(warm, clang);

  const steps: readonly (() => void)[] = [
    () => writeFileSync(project.path('modules/demo/a.c'), source('a', below(4))),
    () => writeFileSync(project.path('modules/demo/b.c'), source('b', below(1000))),
    () => writeFileSync(project.path('modules/demo/c.cpp'), cxx(below(1000))),
    () => writeFileSync(project.path('modules/demo/a.c'), `${source('a', 1)}int broken = nowhere;\n`),
    () => writeFileSync(join(far, 'shared.h'), `#define SHARED ${below(4)}\n`),
    // Found before the other one.
    () => writeFileSync(project.path('modules/demo/shared.h'), `#define SHARED ${below(4)}0\n`),
    () => rmSync(project.path('modules/demo/shared.h'), { force: true }),
    () => {
      build = { ...build, flags: pick([['-Wall'], ['-O2'], ['-DX=1', '-gdwarf-4'], []]) };
    },
    () => {
      toolchain = toolchainOf(pick(compilers), pick(linkerNames.filter(hasLinker)));
      builder = project.another({ toolchain });
    },
  ];
  for (let edit = 0; edit < edits; edit++) {
    pick(steps)();
    const module = { ...project.module('demo'), build };
    const request = { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined };
    await using clean = await tempDir();
    const reference = project.another({
      toolchain,
      config: { ...project.config, outDir: clean.path },
      run: runProcess,
    });
    const [made, expected] = [await builder.build(module, request), await reference.build(module, request)];
    expect([made.ok, made.hash, made.diagnostics], `edit ${edit}`).toEqual([
      expected.ok,
      expected.hash,
      expected.diagnostics,
    ]);
    if (!made.ok) continue;
    expect(readFileSync(made.library).equals(readFileSync(expected.library)), `library after edit ${edit}`).toBe(true);
  }
  expect(warm.problems).toEqual([]);
});
