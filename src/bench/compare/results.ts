import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../paths.js';
import { percentile } from '../statistics.js';
import type { Measured } from './measure.js';
import { ratiosOf } from './ratios.js';
import { phasesIn } from './rivals.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Not in the repository: times are of one machine on one day. What a team shares are the ratios (kept.ts). */
export const resultsDir = join(packageRoot, '.hotmod', 'bench');

/** The commit that is checked out, `-changed` behind it where the work tree differs; `no-commit` outside a repository. */
export async function commitName(env: Environment): Promise<string> {
  const options = { cwd: packageRoot, env, extendEnv: false, reject: false } as const;
  const { stdout, failed } = await execa('git', ['rev-parse', '--short=12', 'HEAD'], options);
  if (failed) return 'no-commit';
  const status = await execa('git', ['status', '--porcelain', '--untracked-files=no'], options);
  return status.stdout === '' ? stdout : `${stdout}-changed`;
}

export function machineName(): string {
  return `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`;
}

/** The first line of `clang --version`. */
export async function compilerName(env: Environment): Promise<string> {
  const { stdout } = await execa('clang', ['--version'], { env, extendEnv: false, reject: false });
  return stdout?.split('\n')[0] ?? '';
}

/** For programs: figures in milliseconds, those of single rounds among them, so that anything else can be computed later. */
export function comparisonData(measured: Measured): object {
  const { work, title, command, rounds, base, samples } = measured;
  const ratios = ratiosOf(measured);
  const contestants = [...samples].map(([name, list]) => {
    const ratio = ratios.get(name);
    const phases = phasesIn(list);
    return {
      name,
      ...figures(list.map(({ ms }) => ms)),
      ...(base === '' || ratio === undefined ? {} : { ratio: { p50: short(ratio.p50), p95: short(ratio.p95) } }),
      ...(phases.length === 0 ? {} : { phases: phaseFigures(phases) }),
    };
  });
  return { work, title, command, rounds, base, contestants };
}

function phaseFigures(phases: readonly Readonly<Record<string, number>>[]): object {
  const names = Object.keys(phases[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, figures(phases.map((one) => one[name] ?? Number.NaN))]));
}

function figures(values: readonly number[]): object {
  return { p50: short(percentile(values, 50)), p95: short(percentile(values, 95)), each: values.map(short) };
}

function short(value: number): number {
  return Number(value.toFixed(3));
}

export async function writeResults(file: string, data: object): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, `${JSON.stringify(data, null, 1)}\n`);
}
