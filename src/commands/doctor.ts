import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { cacheDir } from '../config/cache-dir.js';
import { inCi } from '../config/environment.js';
import { loadConfig } from '../config/load.js';
import { type ExitCode, exitCode, HotmodError } from '../errors.js';
import { definedOnly } from '../session/environment.js';
import { openWarmTools } from '../session/warm-tools.js';
import { nativeTarget } from '../target/targets.js';
import { type Check, type CheckRequest, checkMachine } from '../toolchain/checks.js';
import { findToolchain } from '../toolchain/find.js';
import { planRepair, type RepairCommand, showCommand } from '../toolchain/repair.js';
import { runVisibly } from '../toolchain/run-tool.js';
import type { CommandIo } from './io.js';

export interface DoctorOptions {
  /** Install what is missing with the package manager of the system. */
  readonly fix: boolean;
  /** Do not ask before installing. */
  readonly yes: boolean;
  /** One object on stdout, `{ok, checks: [{name, status, detail, fix}]}`; the words for people go to stderr. */
  readonly json: boolean;
  readonly configFile?: string | undefined;
  /** Of the user that runs the command; 0 is root. Default: this process's own. */
  readonly uid?: number;
}

/** Checks that the machine has what hotmod needs, and with `fix` installs what is missing. Exit code 0 or 3. */
export async function doctor(options: DoctorOptions, io: CommandIo): Promise<ExitCode> {
  const request = await checkRequest(options, io);
  const look = async (): Promise<readonly Check[]> => {
    const found = await checkMachine(request);
    return [...found, ...(found.every(isOk) ? [await checkWarm(request)] : [])];
  };
  let checks = await look();
  let plan = await repairPlan(checks, options, io);
  // Twice, because what a new compiler still lacks can only be seen once it is there.
  for (let round = 0; options.fix && round < 2 && plan.length > 0; round++) {
    if (!(await mayRun(plan, options, io))) break;
    if (!(await runAll(plan, io, options.json))) break;
    checks = await look();
    plan = await repairPlan(checks, options, io);
  }
  report(checks, plan, options, io);
  return checks.every(isOk) ? exitCode.ok : exitCode.missing;
}

/** The programs a config names are checked in place of the usual ones. A broken config is not the machine's fault. */
async function checkRequest(options: DoctorOptions, io: CommandIo): Promise<CheckRequest> {
  const folders = { 'project folder': path.join(io.cwd, '.hotmod'), 'cache folder': cacheDir(io.env) };
  const fixed = { env: io.env, folders, nodeVersion: process.versions.node };
  try {
    const { cwd, env } = io;
    const config = await loadConfig({ cwd, env, configFile: options.configFile, requireModules: false });
    const { compiler, linker, warm } = config.build;
    return { ...fixed, compiler, linker, warm, target: config.target };
  } catch (error) {
    if (!(error instanceof HotmodError)) throw error;
    io.stderr.write(`The config was left aside: ${error.message}\n`);
    return { ...fixed, compiler: null, linker: null, warm: true, target: nativeTarget() };
  }
}

/** Whether compiler and linker can be kept loaded: by doing so. That they cannot is no fault, builds only take longer. */
async function checkWarm(request: CheckRequest): Promise<Check> {
  const row = { name: 'loaded tools', status: 'ok', fix: '', need: null } as const;
  if (!request.warm) return { ...row, detail: 'off (build.warm is false): each build starts compiler and linker anew' };
  const { compiler, linker } = await findToolchain(request);
  const env = request.env;
  await using tools = openWarmTools({ env, cacheDir: cacheDir(env), say: () => undefined });
  const files = [compiler.path, linker.path];
  const refused = await Promise.all(files.map((file) => tools.prepare(file, compiler.path, definedOnly(env))));
  const words = files.map((file, at) =>
    refused[at] === null ? `${file} stays loaded` : `plain command for ${file} (${refused[at]})`,
  );
  return {
    ...row,
    detail: words.join(', '),
  };
}

async function repairPlan(checks: readonly Check[], options: DoctorOptions, io: CommandIo) {
  const needs = checks.filter((check) => !isOk(check)).flatMap((check) => check.need ?? []);
  return planRepair({
    needs,
    searchPath: io.env.PATH ?? '',
    isRoot: (options.uid ?? process.getuid?.() ?? 1) === 0,
    // A command that is only shown may ask: it is a person who will paste it.
    unattended: !io.interactive && (options.yes || inCi(io.env)),
  });
}

/** Shows the commands; asks on a terminal, goes ahead for --yes, on a build server and as root. */
async function mayRun(plan: readonly RepairCommand[], options: DoctorOptions, io: CommandIo): Promise<boolean> {
  const rootOnly = plan.some((command) => command.rootOnly);
  const how = rootOnly ? 'Only root can install them, and there is no sudo here. As root, run:' : 'To install them:';
  io.stderr.write(`hotmod needs packages that this machine does not have. ${how}\n`);
  for (const { argv, optional } of plan) io.stderr.write(`  ${showCommand(argv)}${optional ? '  (may fail)' : ''}\n`);
  if (rootOnly) return false;
  if (options.yes || inCi(io.env) || (options.uid ?? process.getuid?.()) === 0) return true;
  if (!io.interactive) {
    io.stderr.write('Not asked, because this is no terminal. Run them yourself, or `hotmod doctor --fix --yes`.\n');
    return false;
  }
  const reader = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const answer = await Promise.race([
      reader.question('Run this now? [Y/n] '),
      // A closed input is no consent.
      new Promise<string>((resolve) => reader.once('close', () => resolve('no'))),
    ]);
    return /^(y|yes)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}

/** One after the other; the first that fails and is not optional ends it. Answers whether none did. */
async function runAll(plan: readonly RepairCommand[], io: CommandIo, json: boolean): Promise<boolean> {
  const out = json ? io.stderr : io.stdout;
  for (const { argv, optional } of plan) {
    const [file = '', ...args] = argv;
    out.write(`$ ${showCommand(argv)}\n`);
    const problem = await runVisibly(file, args, { env: io.env, write: (text) => out.write(text) });
    if (problem === null) continue;
    const consequence = optional ? 'going on without it' : 'nothing more is tried';
    out.write(`${showCommand(argv)} failed (${problem}); ${consequence}.\n`);
    if (!optional) return false;
  }
  return true;
}

function report(checks: readonly Check[], plan: readonly RepairCommand[], options: DoctorOptions, io: CommandIo): void {
  const good = checks.every(isOk);
  if (options.json) {
    const rows = checks.map(({ name, status, detail, fix }) => ({ name, status, detail, fix }));
    io.stdout.write(`${JSON.stringify({ ok: good, checks: rows })}\n`);
  }
  const out = options.json ? io.stderr : io.stdout;
  // `npm start` runs this every time: where all is well and nobody asked for the list, one line is enough.
  if (good && options.fix) {
    const tools = checks.filter((check) => check.name === 'compiler' || check.name === 'linker');
    out.write(`Toolchain: ${tools.map((check) => check.detail).join(', ')}\n`);
    return;
  }
  for (const check of checks) {
    out.write(`${check.status.padEnd(8)} ${check.name.padEnd(15)} ${check.detail}\n`);
    if (check.fix !== '') out.write(`${' '.repeat(25)}${check.fix}\n`);
  }
  if (good) return;
  if (plan.length > 0 && !options.fix) {
    const rootOnly = plan.some((command) => command.rootOnly);
    out.write(rootOnly ? '\nAs root, run:\n' : '\n`hotmod doctor --fix` runs:\n');
    for (const { argv } of plan) out.write(`  ${showCommand(argv)}\n`);
  } else if (plan.length === 0 && checks.some((check) => check.need !== null)) {
    out.write('\nNo package manager that hotmod knows was found. Install clang 14 or newer, lld and the C headers.\n');
  }
}

function isOk(check: Check): boolean {
  return check.status === 'ok';
}
