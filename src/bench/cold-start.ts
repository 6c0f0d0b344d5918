import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openSharedCache, type SharedCache } from '../build/cache/shared-cache.js';
import { cacheDir } from '../config/cache-dir.js';
import { loadConfig } from '../config/load.js';
import { openWorkshop } from '../session/workshop.js';
import { percentile } from './statistics.js';
import { number, type Table } from './table.js';

type Env = Readonly<Record<string, string | undefined>>;

interface Work {
  readonly name: string;
  readonly rounds: number;
  readonly files: Readonly<Record<string, string>>;
}

const smallC: Work = {
  name: '30 modules of one small C file',
  rounds: 9,
  files: Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [
      `modules/m${n}/m${n}.c`,
      `#include <stdio.h>\n#include <stdlib.h>\nstatic long count;\nint m${n}_init(void) { return 0; }\nvoid m${n}_update(double dt) { (void)dt; count += ${n}; }\n`,
    ]),
  ),
};

const heavyCxx: Work = {
  name: 'one module of 8 C++ files with heavy headers',
  rounds: 5,
  files: Object.fromEntries(
    Array.from({ length: 8 }, (_, n) => [
      `modules/heavy/f${n}.cpp`,
      `#include <functional>\n#include <iostream>\n#include <map>\n#include <regex>\n#include <string>\n#include <vector>\nstatic std::map<std::string, std::vector<int>> lists;\nextern "C" int f${n}() { static const std::regex p("[a-z]+"); lists["a"].push_back(${n}); return std::regex_match(std::string("a"), p); }\n${n === 0 ? 'extern "C" int heavy_init() { return 0; }\nextern "C" void heavy_update(double) { f0(); }\n' : ''}`,
    ]),
  ),
};

/** Building all of a project whose .hotmod is gone (a new clone in the same place): with what the shared cache holds, and without. */
export async function coldStart(env: Env): Promise<readonly Table[]> {
  return [await measure(smallC, env), await measure(heavyCxx, env)];
}

async function measure(work: Work, env: Env): Promise<Table> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'hotmod-bench-')));
  try {
    for (const [name, text] of Object.entries(work.files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    const shared = join(root, 'cache');
    // What a session does after its first build is not part of any later one.
    await buildAll(root, env, shared);
    const without: number[] = [];
    const withCache: number[] = [];
    for (let round = 0; round < work.rounds; round++) {
      without.push(await buildAll(root, env, null));
      withCache.push(await buildAll(root, env, shared));
    }
    const row = (name: string, values: readonly number[], digits = 0) => ({
      name,
      cells: [50, 95].map((percent) => number(percentile(values, percent), digits)),
    });
    return {
      title: `Cold start, ${work.name}, ${work.rounds} rounds in turns: from no objects to all libraries (ms)`,
      columns: ['p50', 'p95'],
      rows: [
        row('no shared cache', without),
        row('shared cache that has them', withCache),
        row(
          'ratio',
          withCache.map((ms, at) => ms / (without[at] ?? Number.NaN)),
          2,
        ),
      ],
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Milliseconds; what is to be stored is stored afterwards. */
async function buildAll(root: string, env: Env, shared: string | null): Promise<number> {
  await rm(join(root, '.hotmod'), { recursive: true, force: true });
  const config = await loadConfig({ cwd: root, env });
  await using cache: SharedCache | null =
    shared === null
      ? null
      : openSharedCache({ cacheDir: shared, limitBytes: 5e9, onProblem: ({ message }) => fail(message) });
  const { builder } = await openWorkshop({
    ...{ config, env, cacheDir: cacheDir(env) },
    ...(cache === null ? {} : { cache }),
  });
  const { signal } = new AbortController();
  const start = performance.now();
  const results = await Promise.all(
    config.modules.map((module) => builder.build(module, { signal, rebuild: false, onProgress: () => undefined })),
  );
  const took = performance.now() - start;
  if (results.some((one) => !one.ok)) fail('a build of the measurement failed');
  await cache?.settle();
  return took;
}

function fail(message: string): never {
  throw new Error(message);
}
