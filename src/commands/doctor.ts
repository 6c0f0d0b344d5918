import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { listEntries } from '../build/pch/entry.js';
import { cacheDir } from '../config/cache-dir.js';
import { environmentOverrides, inCi, type Overrides } from '../config/environment.js';
import { loadConfig } from '../config/load.js';
import { resolveTargets } from '../config/targets.js';
import { type ExitCode, exitCode, HotmodError } from '../errors.js';
import { definedOnly } from '../session/environment.js';
import { openWarmTools } from '../session/warm-tools.js';
import { targets } from '../target/targets.js';
import { bringCommand, bringPart } from '../toolchain/bring-part.js';
import { type CheckRequest, checkMachine } from '../toolchain/checks.js';
import { findToolchain } from '../toolchain/find.js';
import { needWords } from '../toolchain/package-managers.js';
import type { Part } from '../toolchain/parts.js';
import { planRepair, type RepairCommand, showCommand } from '../toolchain/repair.js';
import { runVisibly } from '../toolchain/run-tool.js';
import type { Check } from '../toolchain/types.js';
import type { CommandIo } from './io.js';

export interface DoctorOptions {
  /** Install what is missing with the package manager of the system. */
  readonly fix: boolean;
  /** Do not ask before installing. */
  readonly yes: boolean;
  /** One object on stdout, `{ok, checks: [{name, status, detail, fix}]}`; the words for people go to stderr. */
  readonly json: boolean;
  readonly configFile?: string | undefined;
  /** The machine to look at this one for, as the command line has it. */
  readonly flags?: Pick<Overrides, 'target' | 'cpu'>;
  /** Of the user that runs the command; 0 is root. Default: this process's own. */
  readonly uid?: number;
}

/** Checks that the machine has what hotmod needs, and with `fix` installs what is missing. Exit code 0 or 3. */
export async function doctor(options: DoctorOptions, io: CommandIo): Promise<ExitCode> {
  const request = await checkRequest(options, io);
  const look = async (): Promise<readonly Check[]> => {
    const found = await checkMachine(request);
    return [...found, ...(found.every(isOk) ? [await checkWarm(request), await checkPrecompiled(request)] : [])];
  };
  let checks = await look();
  let plan = await repairPlan(checks, options, io);
  // Twice, because what a new compiler still lacks can only be seen once it is there.
  for (let round = 0; options.fix && round < 2 && isNeeded(plan); round++) {
    if (!(await mayRun(plan, options, io))) break;
    if (!(await runAll(plan, request, io, options.json))) break;
    checks = await look();
    plan = await repairPlan(checks, options, io);
  }
  report(checks, plan, options, io);
  return checks.every(isOk) ? exitCode.ok : exitCode.missing;
}

/** The programs a config names are checked in place of the usual ones. A broken config is not the machine's fault. */
async function checkRequest(options: DoctorOptions, io: CommandIo): Promise<CheckRequest> {
  const folders = { 'project folder': path.join(io.cwd, '.hotmod'), 'cache folder': cacheDir(io.env) };
  const own = cacheDir(io.env);
  const fixed = { env: io.env, folders, nodeVersion: process.versions.node, cacheDir: own };
  const flags = options.flags ?? {};
  try {
    const { cwd, env } = io;
    const config = await loadConfig({ cwd, env, flags, configFile: options.configFile, requireModules: false });
    const { compiler, linker, warm, pch, launcher } = config.build;
    return { ...fixed, compiler, linker, warm, pch, launcher, target: config.target };
  } catch (error) {
    // What the command line itself has wrong is no matter of the config.
    if (!(error instanceof HotmodError) || targetCodes.has(error.code)) throw error;
    io.stderr.write(`The config was left aside: ${error.message}\n`);
    const [target] = resolveTargets({ ...environmentOverrides(io.env), ...flags }, {}, targets());
    return { ...fixed, compiler: null, linker: null, warm: true, pch: 'auto', target };
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

/** What has been made in this project, and for which files it was not worth it or could not be. */
async function checkPrecompiled(request: CheckRequest): Promise<Check> {
  const row = { name: 'precompiled', status: 'ok', fix: '', need: null } as const;
  if (request.pch === 'off') return { ...row, detail: 'headers: off (build.pch is off)' };
  const { compiler } = await findToolchain(request);
  if (compiler.kind === 'gcc') return { ...row, detail: `headers: none, because ${compiler.path} is a gcc` };
  const all = listEntries(request.folders['project folder'] ?? '');
  if (all.length === 0) return { ...row, detail: 'headers: none yet; made in idle time once a file is edited' };
  const made = all.filter(({ refused }) => refused === '');
  const megabytes = Math.ceil(made.reduce((sum, { bytes }) => sum + bytes, 0) / 2 ** 20);
  const without = all
    .filter(({ refused }) => refused !== '')
    .map(({ source, refused }) => `${source} without: ${refused}`);
  return { ...row, detail: [`headers: ${made.length} made (${megabytes} MB)`, ...without].join('; ') };
}

/** What a repair does: packages of the system first, then what comes from the npm registry. */
interface Plan {
  readonly commands: readonly RepairCommand[];
  readonly parts: readonly Part[];
}

function isNeeded({ commands, parts }: Plan): boolean {
  return commands.length > 0 || parts.length > 0;
}

async function repairPlan(checks: readonly Check[], options: DoctorOptions, io: CommandIo): Promise<Plan> {
  const needs = checks.filter((check) => !isOk(check)).flatMap((check) => check.need ?? []);
  const commands = await planRepair({
    needs,
    searchPath: io.env.PATH ?? '',
    isRoot: (options.uid ?? process.getuid?.() ?? 1) === 0,
    // A command that is only shown may ask: it is a person who will paste it.
    unattended: !io.interactive && (options.yes || inCi(io.env)),
  });
  return { commands, parts: checks.flatMap((check) => check.part ?? []) };
}

/** Shows the commands; asks on a terminal, goes ahead for --yes, on a build server and as root. */
async function mayRun(plan: Plan, options: DoctorOptions, io: CommandIo): Promise<boolean> {
  const rootOnly = plan.commands.some((command) => command.rootOnly);
  const how = rootOnly ? 'Only root can install them, and there is no sudo here. As root, run:' : 'To install them:';
  io.stderr.write(`hotmod needs what this machine does not have. ${how}\n`);
  for (const line of linesOf(plan)) io.stderr.write(`  ${line}\n`);
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

function linesOf({ commands, parts }: Plan): readonly string[] {
  return [
    ...commands.map(({ argv, optional }) => `${showCommand(argv)}${optional ? '  (may fail)' : ''}`),
    ...parts.map(
      (part) =>
        `${showCommand(bringCommand(part))} <cache folder>  (checked against ${part.integrity.slice(0, 20)}...)`,
    ),
  ];
}

/** One after the other; the first that fails and is not optional ends it. Answers whether none did. */
async function runAll(plan: Plan, request: CheckRequest, io: CommandIo, json: boolean): Promise<boolean> {
  const out = json ? io.stderr : io.stdout;
  for (const { argv, optional } of plan.commands) {
    const [file = '', ...args] = argv;
    out.write(`$ ${showCommand(argv)}\n`);
    const problem = await runVisibly(file, args, { env: io.env, write: (text) => out.write(text) });
    if (problem === null) continue;
    const consequence = optional ? 'going on without it' : 'nothing more is tried';
    out.write(`${showCommand(argv)} failed (${problem}); ${consequence}.\n`);
    if (!optional) return false;
  }
  const { cacheDir, env } = request;
  for (const part of plan.parts) {
    out.write(`$ ${showCommand(bringCommand(part))} ${cacheDir}\n`);
    await bringPart(part, { cacheDir, env, cwd: io.cwd, write: (text) => out.write(text) });
  }
  return true;
}

function report(checks: readonly Check[], plan: Plan, options: DoctorOptions, io: CommandIo): void {
  const good = checks.every(isOk);
  if (options.json) {
    const rows = checks.map(({ name, status, detail, fix }) => ({ name, status, detail, fix }));
    io.stdout.write(`${JSON.stringify({ ok: good, checks: rows })}\n`);
  }
  const out = options.json ? io.stderr : io.stdout;
  // `npm start` runs this every time: where all is well and nobody asked for the list, one line is enough.
  if (good && options.fix) {
    const tools = checks.filter(({ name }) => ['compiler', 'linker', 'emulated host'].includes(name));
    out.write(`Toolchain: ${tools.map((check) => check.detail).join(', ')}\n`);
    return;
  }
  for (const check of checks) {
    out.write(`${check.status.padEnd(8)} ${check.name.padEnd(15)} ${check.detail}\n`);
    if (check.fix !== '') out.write(`${' '.repeat(25)}${check.fix}\n`);
  }
  if (good) return;
  if (isNeeded(plan) && !options.fix) {
    const rootOnly = plan.commands.some((command) => command.rootOnly);
    out.write(rootOnly ? '\nAs root, run:\n' : `\n\`hotmod doctor --fix${ofTarget(options)}\` runs:\n`);
    for (const line of linesOf(plan)) out.write(`  ${line}\n`);
  } else if (plan.commands.length === 0 && checks.some((check) => check.need !== null)) {
    out.write(`\nhotmod knows no package manager here that brings it. Install ${toInstall(checks)}.\n`);
  }
}

function isOk(check: Check): boolean {
  return check.status === 'ok';
}

/** A misspelled name on the command line is the caller's to mend, and nothing about the machine. */
const targetCodes: ReadonlySet<string> = new Set(['HM108', 'HM125', 'HM126']);

function ofTarget({ flags }: DoctorOptions): string {
  return flags?.target === undefined ? '' : ` --target ${flags.target}`;
}

/** Where no package manager brings it: in words that a search in any of them understands. */
function toInstall(checks: readonly Check[]): string {
  const words = new Set(checks.flatMap(({ need }) => (need === null ? [] : needWords[need])));
  return new Intl.ListFormat('en', { type: 'conjunction' }).format(words);
}
