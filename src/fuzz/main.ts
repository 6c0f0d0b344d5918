import { parseArgs } from 'node:util';
import { percentile } from '../bench/statistics.js';
import { findCompilers } from './compilers.js';
import { runCrashes } from './crashes.js';
import { type CrashResult, injectCrashes } from './stacks.js';
import { fuzzTypes } from './types.js';

/**
 * `npm run fuzz -- types --checks 20000 --seed 1`: exact, and `--compiler macOS` for those of that name alone; `npm run fuzz -- mutate --count 100000`: robust;
 * `npm run fuzz -- crashes --crashes 1000`: contained; `npm run fuzz -- stacks --crashes 250`: told with the right place.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      checks: { type: 'string', default: '20000' },
      crashes: { type: 'string', default: '1000' },
      count: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      compiler: { type: 'string', default: '' },
    },
  });
  const wanted = positionals.length === 0 ? ['types', 'mutate'] : positionals;
  let failed = false;
  if (wanted.includes('types'))
    failed = (await runTypes(Number(values.checks), Number(values.seed), values.compiler)) || failed;
  if (wanted.includes('mutate')) {
    const { runMutations } = await import('./mutate.js');
    failed = (await runMutations(Number(values.count), Number(values.seed))) || failed;
  }
  if (wanted.includes('crashes'))
    failed = (await runManyCrashes(Number(values.crashes), Number(values.seed))) || failed;
  if (wanted.includes('stacks')) failed = (await runStacks(Number(values.crashes), Number(values.seed))) || failed;
  process.exitCode = failed ? 1 : 0;
}

async function runTypes(checks: number, seed: number, named: string): Promise<boolean> {
  const compilers = (await findCompilers()).filter(({ name }) => name.includes(named));
  if (compilers.length === 0) throw new Error(`No compiler that is installed is called "${named}".`);
  const each = Math.ceil(checks / compilers.length);
  let all = 0;
  let wrong = 0;
  for (const compiler of compilers) {
    const result = await fuzzTypes(compiler, seed, each);
    all += result.checks;
    wrong += result.wrong.length;
    const { sources, refused } = result;
    print(
      `${compiler.name.padEnd(20)} ${sources} sources (${refused} refused), ${result.checks} checks, ${result.wrong.length} wrong`,
    );
    for (const { check, expected, actual, seed: at } of result.wrong.slice(0, 10)) {
      print(
        `  seed ${at}: ${check.record} ${check.about} ${check.text}: the compiler says ${expected}, the reader ${actual}`,
      );
    }
  }
  print(`${all} checks, ${wrong} wrong`);
  return wrong > 0;
}

async function runManyCrashes(crashes: number, seed: number): Promise<boolean> {
  const started = performance.now();
  const result = await runCrashes({ seed, crashes, env: process.env });
  for (const [what, count] of Object.entries(result.counts).sort()) print(`${String(count).padStart(6)}  ${what}`);
  for (const text of result.wrong) print(`  ${text}`);
  const [p50, p99, worst] = [50, 99, 100].map((percent) => percentile(result.recoveries, percent).toFixed(3));
  print(`signal to recovered, ms: p50 ${p50}, p99 ${p99}, worst ${worst}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  print(`${result.crashes} of ${crashes} crashes (seed ${seed}), ${result.wrong.length} wrong, ${seconds} s`);
  return result.wrong.length > 0 || result.crashes < crashes;
}

/** Right frames the issue asks for, percent. */
const goal = 95;

async function runStacks(count: number, seed: number): Promise<boolean> {
  const { results, missed } = await injectCrashes(count, seed, process.env);
  const share = (some: readonly CrashResult[], is: (one: CrashResult) => boolean): string =>
    `${some.filter(is).length} of ${some.length}`;
  for (const build of new Set(results.map((one) => one.build))) {
    const own = results.filter((one) => one.build === build);
    const [right, whole] = [share(own, (one) => one.innermost), share(own, (one) => one.whole)];
    print(`${build.padEnd(14)} innermost frame right ${right}, whole stack right ${whole}`);
  }
  for (const one of results.filter(({ whole }) => !whole)) {
    print(`  ${one.innermost ? 'outer frames' : 'INNERMOST'}, seed ${one.seed}, ${one.build}, ${one.kind}:`);
    print(`    expected ${one.expected}\n    told     ${one.told}`);
  }
  const right = (results.filter((one) => one.innermost).length / results.length) * 100;
  const whole = (results.filter((one) => one.whole).length / results.length) * 100;
  print(
    `${results.length} crashes: innermost frame right in ${right.toFixed(1)} %, whole stack in ${whole.toFixed(1)} %,`,
  );
  print(`session alive after each, ${missed} frames of another module missed`);
  return right < goal || missed !== 0;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
