import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { findCases } from '../cases/find.js';
import { runCases } from '../cases/run-all.js';
import type { CaseSurroundings } from '../cases/run-case.js';
import { cacheDir } from '../config/cache-dir.js';
import { environmentOverrides } from '../config/environment.js';
import { resolveTargets } from '../config/targets.js';
import { exitCode, HotmodError } from '../errors.js';
import { githubReport } from '../report/cases/github.js';
import { jsonReport } from '../report/cases/json.js';
import { junitReport } from '../report/cases/junit.js';
import { specReport } from '../report/cases/spec.js';
import { type CaseReport, mergeReports } from '../report/cases/types.js';
import { isEmulated, targets } from '../target/targets.js';
import { didYouMean } from '../text/nearest.js';
import { findHostProgram } from '../toolchain/host-program.js';
import { checkNamedSdk } from '../toolchain/sdk.js';
import type { CommandIo } from './io.js';

export interface TestOptions {
  /** Folders of cases or single case.json files; empty means `fixtures/`. */
  readonly paths: readonly string[];
  readonly reporter: readonly string[];
  readonly outputFile: readonly string[];
  readonly filter?: string | undefined;
  readonly jobs?: number | undefined;
  readonly json: boolean;
  readonly target?: string | undefined;
  readonly cpu?: string | undefined;
}

type Reporter = (report: CaseReport, io: CommandIo) => string;

const reporters: ReadonlyMap<string, Reporter> = new Map<string, Reporter>([
  ['spec', (report, io) => specReport(report, { color: io.color })],
  ['json', jsonReport],
  ['junit', junitReport],
  ['github', githubReport],
]);

/** `hotmod test`: runs reload cases and reports them. Exit code 0 only where every case passed. */
export async function test(options: TestOptions, io: CommandIo): Promise<number> {
  const names = options.reporter.length > 0 ? options.reporter : [options.json ? 'json' : 'spec'];
  for (const name of names) if (!reporters.has(name)) throw noSuchReporter(name);
  if (options.outputFile.length > names.length) throw tooManyFiles(names.length);

  const found = await findCases(io.cwd, options.paths.length > 0 ? options.paths : ['fixtures']);
  const wanted = found.filter((one) => options.filter === undefined || matches(one, options.filter));
  if (wanted.length === 0) throw nothingMatches(options.filter ?? '');
  const reports: CaseReport[] = [];
  for (const around of await surroundings(options, io)) {
    reports.push(await runCases(wanted, around, options.jobs ?? availableParallelism()));
  }
  const report = mergeReports(reports);

  // The last reporters get the files, so that the first one speaks on stdout unless there is a file for each.
  const onStdout = names.length - options.outputFile.length;
  for (const [index, name] of names.entries()) {
    const text = reporters.get(name)?.(report, io) ?? '';
    const file = options.outputFile[index - onStdout];
    if (file === undefined) io.stdout.write(text);
    else await writeFile(resolve(io.cwd, file), text);
  }
  // A run in which everything was skipped has shown nothing.
  return report.failed === 0 && report.passed > 0 ? exitCode.ok : exitCode.failed;
}

/** Asked before the first case runs: what the machine lacks for a target, every case would lack. */
async function surroundings(options: TestOptions, io: CommandIo): Promise<readonly CaseSurroundings[]> {
  const env = environmentOverrides(io.env);
  const [cpu, named] = [options.cpu ?? env.cpu, options.target ?? env.target];
  const around = { cwd: io.cwd, env: io.env, cacheDir: cacheDir(io.env) };
  const found = resolveTargets({ target: named, cpu }, {}, targets());
  for (const target of found) {
    await checkNamedSdk({ target, env: io.env });
    if (isEmulated(target)) await findHostProgram({ target, ...around });
  }
  return found.map((target) => {
    // Of several, a processor is for those that can have it.
    const own = target.cpus.includes(cpu?.split('+')[0] ?? '') ? cpu : undefined;
    return { ...around, flags: { target: found.length === 1 ? named : target.name, cpu: own }, target };
  });
}

function matches(
  one: { readonly file: string; readonly reloadCase: { readonly name: string } },
  text: string,
): boolean {
  return one.file.includes(text) || one.reloadCase.name.includes(text);
}

function noSuchReporter(name: string): HotmodError {
  const known = [...reporters.keys()];
  return new HotmodError('HM114', `There is no reporter "${name}".${didYouMean(name, known)}`, {
    hint: `Reporters: ${known.join(', ')}.`,
    exitCode: exitCode.usage,
  });
}

function tooManyFiles(count: number): HotmodError {
  return new HotmodError('HM115', `There are more --output-file than reporters (${count}).`, {
    hint: 'Give a --reporter for each file.',
    exitCode: exitCode.usage,
  });
}

function nothingMatches(filter: string): HotmodError {
  return new HotmodError('HM112', `No reload case matches "${filter}".`, {
    hint: 'The text must be part of the path or the name of a case.',
    exitCode: exitCode.usage,
  });
}
