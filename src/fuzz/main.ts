import { parseArgs } from 'node:util';
import { percentile } from '../bench/statistics.js';
import { findCompilers } from './compilers.js';
import { runCrashes } from './crashes.js';
import { fuzzTypes } from './types.js';

/**
 * `npm run fuzz -- types --checks 20000 --seed 1`: exact; `npm run fuzz -- mutate --count 100000`: robust;
 * `npm run fuzz -- crashes --crashes 1000`: contained.
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      checks: { type: 'string', default: '20000' },
      crashes: { type: 'string', default: '1000' },
      count: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
    },
  });
  const wanted = positionals.length === 0 ? ['types', 'mutate'] : positionals;
  let failed = false;
  if (wanted.includes('types')) failed = (await runTypes(Number(values.checks), Number(values.seed))) || failed;
  if (wanted.includes('mutate')) {
    const { runMutations } = await import('./mutate.js');
    failed = (await runMutations(Number(values.count), Number(values.seed))) || failed;
  }
  if (wanted.includes('crashes'))
    failed = (await runManyCrashes(Number(values.crashes), Number(values.seed))) || failed;
  process.exitCode = failed ? 1 : 0;
}

async function runTypes(checks: number, seed: number): Promise<boolean> {
  const compilers = await findCompilers();
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

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

await main();
