import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { readElf } from '../objfile/elf.js';
import { packageRoot, publicHeadersDir } from '../paths.js';
import { compareState } from '../state/compare.js';
import { readStateModel, wasNameOf } from '../state/model.js';
import { compareSignatures } from '../state/signatures.js';
import type { StateModel } from '../state/types.js';
import { percentile } from './statistics.js';
import { number, type Table } from './table.js';

const noSource = (): null => null;

interface Pair {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly rounds: number;
}

/**
 * How long it takes to read the types of two builds and to compare them, each time from the bytes of the files, beside
 * what other tools take for the same files as whole processes.
 */
export async function types(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  const dir = await mkdtemp(join(tmpdir(), 'hotmod-bench-types-'));
  try {
    const pairs = [await smallPair(dir), ...(await largePairs(dir))];
    const tables: Table[] = [];
    for (const pair of pairs) tables.push(await measure(pair, env));
    return tables;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The sample simulation, and the same with a field in the middle of its struct. */
async function smallPair(dir: string): Promise<Pair> {
  const source = await readFile(join(packageRoot, 'modules/simulation/simulation.c'), 'utf8');
  const edited = source.replace('  uint32_t seed;\n', '  uint32_t seed;\n  double visitors;\n');
  const build = async (name: string, text: string): Promise<string> => {
    const folder = join(dir, name, 'simulation');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'simulation.c'), text);
    const library = join(dir, `${name}.so`);
    const include = ['-I', publicHeadersDir, '-I', join(packageRoot, 'modules/simulation')];
    const text2 = join(folder, 'simulation.c');
    await execa('clang', ['-g', '-O0', '-fPIC', '-shared', ...include, text2, '-o', library]);
    return library;
  };
  return {
    name: 'one-file module',
    before: await build('before', source.replace('../shared/', `${packageRoot}/modules/shared/`)),
    after: await build('after', edited.replace('../shared/', `${packageRoot}/modules/shared/`)),
    rounds: 300,
  };
}

const heavy = `#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>
namespace NAME {
struct Item { int id; std::string name; FIELD std::map<std::string, std::vector<int>> lists; };
static std::vector<Item> items;
static std::unordered_map<std::string, std::function<void()>> actions;
static std::regex pattern("[a-z]+");
void use(const std::string &text) { if (std::regex_match(text, pattern)) items.push_back({}); actions[text]; std::cout << text; }
}
`;

/** So many that there are 5 MB of debug information. */
const sources = 8;

/** C++ with the heavy headers of its library, several sources: some megabytes of debug information. */
async function largePairs(dir: string): Promise<readonly Pair[]> {
  const build = async (name: string, edited: number): Promise<string> => {
    const files: string[] = [];
    for (let n = 0; n < sources; n++) {
      const file = join(dir, `heavy${n}.cpp`);
      await writeFile(file, heavy.replace('NAME', `part${n}`).replace('FIELD', n < edited ? 'long extra;' : ''));
      files.push(file);
    }
    const library = join(dir, `${name}.so`);
    await execa('clang++', ['-g', '-O0', '-fPIC', '-shared', '-fstandalone-debug', ...files, '-o', library]);
    return library;
  };
  const name = `C++ with heavy headers, ${sources} sources`;
  const before = await build('heavy-before', 0);
  return [
    { name, before, after: await build('heavy-after', sources), rounds: 60 },
    { name: `${name}, one of them edited`, before, after: await build('heavy-edited', 1), rounds: 60 },
  ];
}

/** Rounds until the JavaScript engine has compiled what runs often; the first is shown by itself. */
const warmUp = 5;

async function measure(pair: Pair, env: Readonly<Record<string, string | undefined>>): Promise<Table> {
  const [before, after] = [new Uint8Array(await readFile(pair.before)), new Uint8Array(await readFile(pair.after))];
  const own: number[] = [];
  const second: number[] = [];
  const first: number[] = [];
  let running = readStateModel(after, { sourceLine: noSource });
  for (let round = -warmUp; round < pair.rounds; round++) {
    const start = performance.now();
    const old = readStateModel(before, { sourceLine: noSource });
    compareAll(old, readStateModel(after, { sourceLine: noSource }));
    const all = performance.now() - start;
    // In a session one edit follows the other: the old build's types are known, and so is what both have in common.
    const saved = performance.now();
    const known = running.debug === null ? [] : [running.debug];
    const now = readStateModel(round % 2 === 0 ? before : after, { sourceLine: noSource, known });
    compareAll(running, now);
    const again = performance.now() - saved;
    running = now;
    if (round === -warmUp) first.push(all);
    if (round < 0) continue;
    own.push(all);
    second.push(again);
  }
  const others: { readonly name: string; readonly times: readonly number[] }[] = [];
  for (const [name, commands] of otherTools(pair)) {
    const times = await timeCommands(commands, env, Math.min(pair.rounds, 15));
    others.push({ name, times });
  }
  const row = (name: string, values: readonly number[]) => ({
    name,
    cells: [50, 95].map((percent) => (values.length === 0 ? 'not installed' : number(percentile(values, percent), 2))),
  });
  const size = `${(debugBytes(before) / 1e6).toFixed(1)} MB of debug information, ${((await stat(pair.before)).size / 1e6).toFixed(1)} MB file`;
  return {
    title: `Types of two builds read and compared: ${pair.name}, ${size} each (ms)`,
    columns: ['p50', 'p95'],
    rows: [
      row('old and new read, compared, planned', own),
      row('the first time, before the code was compiled', first),
      row('new read and compared, old known (as in a session)', second),
      ...others.map(({ name, times }) => row(name, times)),
    ],
  };
}

function compareAll(old: StateModel, now: StateModel): void {
  compareState(old, now, { wasName: (field) => wasNameOf(field, noSource) });
  compareSignatures(old, now);
}

function debugBytes(bytes: Uint8Array): number {
  const { sections } = readElf(bytes);
  return sections.filter((one) => one.name.startsWith('.debug')).reduce((size, one) => size + one.size, 0);
}

type Command = readonly [string, ...string[]];

function otherTools({ before, after }: Pair): readonly (readonly [string, readonly Command[]])[] {
  return [
    [
      'pahole on both files',
      [
        ['pahole', before],
        ['pahole', after],
      ],
    ],
    ['abidiff', [['abidiff', before, after]]],
  ];
}

/** Whole processes, one after another; none where a program is not there. */
async function timeCommands(
  commands: readonly Command[],
  env: Readonly<Record<string, string | undefined>>,
  rounds: number,
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    for (const [command, ...args] of commands) {
      const result = await execa(command, args, {
        reject: false,
        stdout: 'ignore',
        stderr: 'ignore',
        env: { PATH: env.PATH },
      });
      if (result.code === 'ENOENT') return [];
    }
    times.push(performance.now() - start);
  }
  return times;
}
