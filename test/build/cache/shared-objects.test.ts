import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSharedCache } from '../../../src/build/cache/shared-cache.js';
import type { CacheProblem } from '../../../src/build/cache/store.js';
import { runProcess } from '../../../src/build/run.js';
import { buildProject } from '../../helpers/build-project.js';
import { tempDir } from '../../helpers/temp-dir.js';

const files = {
  'modules/demo/a.c': '#include <stdio.h>\n#include "own.h"\nint a(void) { int unused; return puts("a") + OWN; }\n',
  'modules/demo/own.h': '#define OWN 1\n',
};

test('a project whose own store is gone finds its objects', async () => {
  await using dir = await tempDir();
  const problems: CacheProblem[] = [];
  await using cache = openSharedCache({ cacheDir: dir.path, limitBytes: 1e9, onProblem: (one) => problems.push(one) });
  await using project = await buildProject(files, {
    modules: { demo: { flags: ['-Wall'] } },
    around: (r) => runProcess({ ...r, baseEnv: { PATH: process.env.PATH ?? '' } }),
  });
  const request = { signal: new AbortController().signal, rebuild: false, onProgress: () => undefined };
  const first = await project.another({ cache }).build(project.module('demo'), request);
  console.log(first.steps);
  await cache.settle();
  rmSync(project.config.outDir, { recursive: true });
  const second = await project.another({ cache }).build(project.module('demo'), request);
  console.log(second.steps, second.diagnostics, problems);
  expect(second.steps[0]?.cached).toBe(true);
});
