import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { WarmTools } from '../build/warm/tools.js';
import { cacheDir } from '../config/cache-dir.js';
import type { EventOf } from '../events/events.js';
import { openWarmTools } from '../session/warm-tools.js';
import { type BenchProject, openProject } from './project.js';
import { percentile } from './statistics.js';
import { number, type Table } from './table.js';

/** A file as somebody would write it, in as many versions as are wanted. */
interface Work {
  readonly name: string;
  readonly file: string;
  readonly compiler: 'clang' | 'clang++';
  /** Flags that hotmod adds for this language on its own, so that both write the same debug information. */
  readonly flags: readonly string[];
  readonly rounds: number;
  source(version: number): string;
}

const smallC: Work = {
  name: 'one C file of 20 lines',
  file: 'small.c',
  compiler: 'clang',
  flags: [],
  rounds: 40,
  source: (version) => `#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP ${version}

static struct { long count; double time; } state;

int small_init(void) { return 0; }

void small_update(double dt) {
  state.count += STEP;
  state.time += dt;
}

int small_save_state(void **data, size_t *size) {
  *data = malloc(*size = sizeof state);
  return *data ? (memcpy(*data, &state, sizeof state), 0) : 1;
}
int small_load_state(const void *data, size_t size) { return size == sizeof state ? (memcpy(&state, data, size), 0) : 1; }
`,
};

const heavyIncludes = ['functional', 'iostream', 'map', 'memory', 'regex', 'string', 'unordered_map', 'vector']
  .map((name) => `#include <${name}>\n`)
  .join('');
const noState = `extern "C" int small_save_state(void **data, size_t *size) { *data = nullptr; *size = 0; return 0; }
extern "C" int small_load_state(const void *, size_t) { return 0; }
`;

/** Most of its time is the headers' text. */
const lightCxx: Work = {
  name: 'one C++ file that uses little of its heavy headers',
  file: 'small.cpp',
  compiler: 'clang++',
  flags: ['-fstandalone-debug'],
  rounds: 12,
  source: (version) => `${heavyIncludes}
static std::vector<int> items;
static std::string name = "light";

extern "C" int small_init() { return 0; }
extern "C" void small_update(double) {
  if (items.size() < 10) items.push_back(${version});
  name[0] = 'a' + items.back() % 26;
}
${noState}`,
};

/** Most of its time is code that the headers' templates become. */
const heavyCxx: Work = {
  name: 'one C++ file that uses much of its heavy headers',
  file: 'small.cpp',
  compiler: 'clang++',
  flags: ['-fstandalone-debug'],
  rounds: 12,
  source: (version) => `${heavyIncludes}
struct item { int id; std::string name; std::map<std::string, std::vector<int>> lists; };
static std::vector<item> items;
static std::unordered_map<std::string, std::function<int(int)>> actions;

extern "C" int small_init() {
  actions["step"] = [](int count) { return count + ${version}; };
  return 0;
}
extern "C" void small_update(double) {
  static const std::regex pattern("[a-z]+");
  if (items.empty() && std::regex_match(std::string("step"), pattern)) items.push_back({});
  items[0].id = actions["step"](items[0].id);
}
${noState}`,
};

/**
 * From a file saved to its new code running, beside the plain compiler command for the same text, in turns so that
 * all see the same machine.
 */
export async function saveToRunning(env: Readonly<Record<string, string | undefined>>): Promise<readonly Table[]> {
  return [await measure(smallC, env), await measure(lightCxx, env), await measure(heavyCxx, env)];
}

interface Saved {
  readonly wall: number;
  readonly done: EventOf<'reload:done'>;
  /** From the first event about the file to the moment its compiler is asked to start. */
  readonly reaction: number;
  readonly warm: boolean;
  readonly precompiled: boolean;
}

async function measure(work: Work, env: Readonly<Record<string, string | undefined>>): Promise<Table> {
  await using tools = openWarmTools({ env, cacheDir: cacheDir(env), say: () => undefined });
  const asked = { at: 0 };
  const noting: WarmTools = {
    ...tools,
    runWith: (compiler) => (request) => {
      if (request.args.includes('-c')) asked.at = performance.now();
      return tools.runWith(compiler)(request);
    },
  };
  await using loaded = await openWork(work, { warm: true }, env, noting);
  await using started = await openWork(work, { warm: false }, env, noting);
  const isCxx = work.compiler === 'clang++';
  await using without = isCxx ? await openWork(work, { warm: true, pch: 'off' }, env, noting) : undefined;
  const plainFile = join(loaded.root, `plain-${work.file}`);
  const plainArgs = ['-shared', '-fPIC', '-g', '-O0', ...work.flags, plainFile, '-o', join(loaded.root, 'plain.so')];
  const plain: number[] = [];
  const warm: Saved[] = [];
  const cold: Saved[] = [];
  const unaided: Saved[] = [];
  // The first rounds load the tools and have the JavaScript engine compile what runs often.
  for (let round = 1 - warmUp; round <= work.rounds; round++) {
    const text = work.source(round + warmUp);
    await writeFile(plainFile, text);
    const start = performance.now();
    await execa(work.compiler, plainArgs);
    const took = performance.now() - start;
    const one = await save(loaded, work, text, asked);
    const other = await save(started, work, text, asked);
    const third = without === undefined ? undefined : await save(without, work, text, asked);
    if (round < 1) {
      // Precompiled headers are made between edits; the next is to find them made, as after a minute of typing.
      if (isCxx) await Promise.all([loaded, started].map(precompiledHeader));
      continue;
    }
    if (third !== undefined) unaided.push(third);
    plain.push(took);
    warm.push(one);
    cold.push(other);
  }
  const notWarm = warm.filter((one) => !one.warm).length;
  if (notWarm > 0) throw new Error(`${notWarm} of ${work.rounds} builds were not done by loaded tools`);

  const phases = ['detect', 'build', 'validate', 'assess', 'load', 'pause', 'total'] as const;
  const row = (name: string, values: readonly number[], digits = 1) => ({
    name,
    cells: [number(percentile(values, 50), digits), number(percentile(values, 95), digits)],
  });
  const ratio = (saved: readonly Saved[]) => saved.map(({ wall }, at) => wall / (plain[at] ?? Number.NaN));
  const compilers = warm.map(({ done }, at) => (done.timings.build ?? Number.NaN) / (plain[at] ?? Number.NaN));
  const rest = warm.map(({ wall, done }) => wall - (done.timings.build ?? Number.NaN));
  return {
    title: `Save to new code running, ${work.name}, ${work.rounds} rounds in turns (ms)`,
    columns: ['p50', 'p95'],
    rows: [
      row(`plain ${[work.compiler, ...plainArgs.slice(0, -3)].join(' ')}`, plain),
      ...phases.map((phase) =>
        row(
          `hotmod: ${phase}`,
          warm.map(({ done }) => done.timings[phase] ?? Number.NaN),
        ),
      ),
      row(
        'hotmod: first event to a compiler asked for (goal: 5 p50)',
        warm.map((one) => one.reaction),
      ),
      row('hotmod: all but the build (goal: 8 p50)', rest),
      row(
        'hotmod: writeFile called to reload:done',
        warm.map((one) => one.wall),
      ),
      row(
        'the same with build.warm false',
        cold.map((one) => one.wall),
      ),
      row('ratio hotmod / plain (goal: 0.5 p50)', ratio(warm), 2),
      row('ratio with build.warm false', ratio(cold), 2),
      ...(isCxx
        ? [
            row('ratio with build.pch off', ratio(unaided), 2),
            row('ratio of the build alone', compilers, 2),
            row(
              'edits with a precompiled header (1: all)',
              warm.map((one) => (one.precompiled ? 1 : 0)),
              0,
            ),
          ]
        : []),
    ],
  };
}

const warmUp = 4;

function openWork(
  work: Work,
  build: { readonly warm: boolean; readonly pch?: 'off' },
  env: Readonly<Record<string, string | undefined>>,
  tools: WarmTools,
): Promise<BenchProject> {
  const files = {
    [`modules/small/${work.file}`]: work.source(0),
    'hotmod.config.json': JSON.stringify({ build }),
  };
  return openProject(files, env, { watch: true, warm: tools });
}

async function save(
  { session, root }: BenchProject,
  work: Work,
  text: string,
  asked: { readonly at: number },
): Promise<Saved> {
  const { bus } = session.context;
  let changedAt = 0;
  const off = bus.on(({ type }) => {
    if (type === 'watch:change') changedAt = performance.now();
  });
  const [built, done] = [bus.next('build:done'), bus.next('reload:done')];
  const start = performance.now();
  await writeFile(join(root, 'modules/small', work.file), text);
  const event = await done;
  const wall = performance.now() - start;
  off();
  if (event.outcome !== 'reloaded') throw new Error(`${text}\nended as ${event.outcome}`);
  await session.idle();
  const { warm = false, precompiled = 0 } = await built;
  return { wall, done: event, reaction: asked.at - changedAt, warm, precompiled: precompiled > 0 };
}

/** Until it is made, or found not to be worth it. */
async function precompiledHeader({ root }: BenchProject): Promise<void> {
  const store = join(root, '.hotmod/cache/pch');
  const end = performance.now() + 60_000;
  while (performance.now() < end) {
    const keys = await readdir(store).catch(() => []);
    const texts = await Promise.all(
      keys.map((key) => readFile(join(store, key, 'entry.json'), 'utf8').catch(() => '')),
    );
    if (texts.some((text) => text !== '')) return;
    await delay(100);
  }
  throw new Error('no precompiled header was made or refused within a minute');
}
