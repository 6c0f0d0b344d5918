import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ModuleBuild } from '../../../src/config/resolved.js';
import { packageRoot } from '../../../src/paths.js';
import { differences, pchProject } from '../../helpers/pch.js';

const fixtures = join(packageRoot, 'fixtures/cpp-state');
/** The first version of each case whose C++ includes something of the library. */
const versions = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter(
    (name) =>
      name.endsWith('.cpp') && /#include <(?!stdio|stdlib|string\.h)/.test(readFileSync(join(fixtures, name), 'utf8')),
  )
  .map(dirname)
  .sort()
  .filter((dir, at, all) => all.findIndex((one) => dirname(one) === dirname(dir)) === at);

const headers = {
  'modules/demo/own.h': `#pragma once
#include <cassert>
#include "list.inc"
struct point { int x, y; double weight[3]; };
static int in_header = 7;
inline int checked(int x) { assert(x > 0); return x + in_header; }
static inline const char *where() { return __FILE__; }
enum class colour : unsigned char { red, green };
template <class T> struct box { T value; static inline int boxes = 0; T take() { ++boxes; return value; } };
#define NUMBER __COUNTER__
inline int numbered = __COUNTER__;
`,
  // Without a guard, as lists of this kind are: reading it again must add to what is there.
  'modules/demo/list.inc': 'inline int items_of(int);\n',
  'modules/demo/asm.h': '#include "own.h"\ninline int far() { return checked(NUMBER + 1); }\n',
};
const uses = `
static box<point> boxed;
static std::map<std::string, std::vector<colour>> table;
int counter = NUMBER;
std::string name = where();
extern "C" int demo_update() {
  static box<int> inside{3};
  table["a"].push_back(colour::green);
  assert(!table.empty());
  std::sort(table["a"].begin(), table["a"].end());
  try { return boxed.take().x + inside.take() + far() + (int)name.size(); } catch (const std::exception &) { return 0; }
}
extern "C" const char *file_of_main() { return __FILE__; }
`;
const includes = `// What it needs.
#include "asm.h"
#include <algorithm>
#include <cassert>

/* and
   more */ #include <iostream>
#include <map>
#include <string>
#include <vector>
#include "own.h"
`;

/**
 * Builds the tree, edits every source twice, and compares what then came of precompiled headers with a plain build. The
 * first edit has the precompiled headers made.
 */
async function compare(
  lay: (root: string) => void,
  build: Partial<ModuleBuild> = {},
): Promise<{ readonly used: number; readonly differences: readonly string[]; readonly refusals: readonly string[] }> {
  const ldflags = ['-Wl,-z,undefs'];
  await using pch = await pchProject({}, { modules: { demo: { ldflags, ...build } } });
  const { project } = pch;
  lay(project.root);
  const dir = project.path('modules/demo');
  const sources = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:c|cpp|cc|cxx)$/.test(name))
    .map((name) => join(dir, name));
  const texts = sources.map((path) => readFileSync(path, 'utf8'));
  let used = 0;
  for (const edit of [
    '',
    '\nint first_edit;\n',
    '\nint second_edit;\nint second_edits_function(void) { return 1; }\n',
  ]) {
    for (const [at, path] of sources.entries())
      writeFileSync(path, `${texts[at]}${at === 0 ? edit : edit && '\n'.repeat(edit.length)}`);
    const result = await pch.build();
    expect(result.diagnostics.filter((one) => one.severity === 'error')).toEqual([]);
    used = pch.precompiled(result);
  }
  expect(pch.problems).toEqual([]);
  const made = await pch.build();

  await using plain = await pch.plainly();
  expect(plain.build.ok).toBe(true);
  return { used, differences: differences(plain.build.library, made.library), refusals: pch.refusals() };
}

function layFiles(root: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(root, 'modules/demo'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
}

describe('code, data, variables, functions, lines and types are the same with precompiled headers in', () => {
  for (const sample of readdirSync(join(packageRoot, 'modules')).filter(
    (name) => !['include', 'shared'].includes(name),
  )) {
    test(`the sample ${sample}`, { timeout: 60_000 }, async () => {
      const result = await compare((root) => {
        cpSync(join(packageRoot, 'modules', sample), join(root, 'modules/demo'), { recursive: true });
        cpSync(join(packageRoot, 'modules/shared'), join(root, 'modules/shared'), { recursive: true });
      });
      expect(result.differences).toEqual([]);
      expect(result.used).toBeGreaterThan(0);
    });
  }

  for (const version of versions) {
    test(`the fixture ${version}`, { timeout: 60_000 }, async () => {
      const lay = (root: string): void =>
        cpSync(join(fixtures, version), join(root, 'modules/demo'), { recursive: true });
      const result = await compare(lay, { cxxflags: ['-std=c++17'] });
      expect(result.differences).toEqual([]);
    });
  }

  test.each([
    [{ cxxflags: ['-std=c++17'] }],
    [{ cxxflags: ['-std=c++20', '-fno-rtti', '-O2'] }],
    [{ cxxflags: ['-std=c++17', '-O1'], flags: ['-gdwarf-4', '-fvisibility=hidden', '-ffunction-sections'] }],
    [{ cxxflags: ['-std=gnu++17', '-Wall', '-Wextra', '-DNDEBUG'] }],
  ])('a file with headers of all kinds, with %j', { timeout: 60_000 }, async (build) => {
    const files = { ...headers, 'modules/demo/a.cpp': includes + uses };
    const result = await compare((root) => layFiles(root, files), build);
    expect(result).toEqual({ used: 1, differences: [], refusals: [''] });
  });
});
