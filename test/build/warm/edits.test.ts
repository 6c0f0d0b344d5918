import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProcess } from '../../../src/build/run.js';
import type { Builder } from '../../../src/build/types.js';
import { createRandom } from '../../../src/fuzz/random.js';
import { buildProject, toolchainOf } from '../../helpers/build-project.js';
import { hasLinker, linkerNames, programPath } from '../../helpers/programs.js';
import { entriesOf, openTestCache } from '../../helpers/shared-cache.js';
import { tempDir } from '../../helpers/temp-dir.js';
import { clang, openWarm, prepare, toolEnv } from '../../helpers/warm.js';

/** `npm run storm` asks for 1,000; the seed in the test's name repeats it. */
const edits = Number(process.env.HOTMOD_WARM_EDITS ?? 25);
const seed = Number(process.env.HOTMOD_STORM_SEED ?? Date.now() % 1_000_000);

const source = (name: string, value: number): string =>
  `#include <stdio.h>\n#include <sys.h>\n#include "shared.h"\nint ${name}(void) { int unused; printf("%d", SHARED); return ${value} + SYS; }\n`;
const cxx = (value: number): string =>
  `#include <string>\n#include "shared.h"\nextern "C" int part() { return (int)std::string("${value}").size() + SHARED; }\n`;

test(`after each of ${edits} random edits loaded tools and both caches give what a clean plain build gives (seed ${seed})`, {
  timeout: 2_400_000,
}, async () => {
  const { below, pick } = createRandom(seed);
  await using kept = await tempDir();
  await using shared = openTestCache(kept.path);
  const { cache } = shared;
  const compilers = programPath('g++') === null ? (['clang'] as const) : (['clang', 'clang', 'gcc'] as const);
  await using warm = openWarm();
  const around = (request: Parameters<typeof warm.run>[0]) => warm.run({ ...request, baseEnv: toolEnv });
  await using project = await buildProject(
    {
      'modules/demo/a.c': source('a', 0),
      'modules/demo/b.c': source('b', 0),
      'modules/demo/c.cpp': cxx(0),
      'far/shared.h': '#define SHARED 1\n',
      'system/sys.h': '#define SYS 1\n',
      'system-first/.keep': '',
    },
    { modules: { demo: { flags: ['-Wall'], includes: [] } }, around },
  );
  const far = project.path('far');
  let toolchain = toolchainOf('clang', 'bfd');
  const system = ['-isystem', project.path('system-first'), '-isystem', project.path('system')];
  let build = { ...project.module('demo').build, flags: ['-Wall', ...system], includes: [far] };
  let builder: Builder = project.another({ toolchain, cache, env: toolEnv });
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
      build = { ...build, flags: [...pick([['-Wall'], ['-O2'], ['-DX=1', '-gdwarf-4'], ['-g0'], []]), ...system] };
    },
    () => {
      toolchain = toolchainOf(pick(compilers), pick(linkerNames.filter(hasLinker)));
      builder = project.another({ toolchain, cache, env: toolEnv });
    },
    // As another clone in the same place: nothing of its own is left but what is in the shared cache.
    () => {
      rmSync(project.config.outDir, { recursive: true, force: true });
      builder = project.another({ toolchain, cache, env: toolEnv });
      forgotten++;
    },
    () => {
      const entries = entriesOf(kept.path);
      const entry = entries[below(Math.max(1, entries.length))];
      if (entry !== undefined) truncateSync(entry, below(200));
    },
    // A header of the system, which the project's own store does not know of.
    () => {
      writeFileSync(project.path('system/sys.h'), `#define SYS ${below(3)}\n`);
      rmSync(project.config.outDir, { recursive: true, force: true });
      builder = project.another({ toolchain, cache, env: toolEnv });
    },
    () => {
      const first = project.path('system-first/sys.h');
      if (below(2) === 0) writeFileSync(first, `#define SYS ${below(3)}0\n`);
      else rmSync(first, { force: true });
      rmSync(project.config.outDir, { recursive: true, force: true });
      builder = project.another({ toolchain, cache, env: toolEnv });
    },
  ];
  let forgotten = 0;
  let found = 0;
  for (let edit = 0; edit < edits; edit++) {
    pick(steps)();
    const module = { ...project.module('demo'), build };
    const request = { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined };
    await using clean = await tempDir();
    const reference = project.another({
      toolchain,
      config: { ...project.config, outDir: clean.path },
      run: runProcess,
      env: toolEnv,
    });
    const [made, expected] = [await builder.build(module, request), await reference.build(module, request)];
    expect([made.ok, made.hash, made.diagnostics], `edit ${edit}`).toEqual([
      expected.ok,
      expected.hash,
      expected.diagnostics,
    ]);
    await cache.settle();
    found += forgotten > 0 && made.steps.some((step) => step.kind === 'compile' && step.cached) ? 1 : 0;
    forgotten = 0;
    if (!made.ok) continue;
    expect(readFileSync(made.library).equals(readFileSync(expected.library)), `library after edit ${edit}`).toBe(true);
  }
  expect(warm.problems).toEqual([]);
  expect(shared.problems.filter((problem) => problem.code !== 'HM227')).toEqual([]);
  // The shared cache was not only right but there.
  if (edits >= 100) expect(found).toBeGreaterThan(0);
});
