import { access, constants, mkdtemp, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { HotmodError, messageOf } from '../errors.js';
import type { Target } from '../target/targets.js';
import { checkEmulation } from './check-emulation.js';
import { findToolchain } from './find.js';
import { findLauncher } from './launcher.js';
import { type Need, needOf } from './package-managers.js';
import { runTool } from './run-tool.js';
import { missingSdkText } from './sdk.js';
import type { Check, Toolchain } from './types.js';

export interface CheckRequest {
  readonly compiler: string | null;
  readonly linker: string | null;
  /** See `ToolchainRequest`. */
  readonly warm: boolean;
  /** Whether files may be compiled with precompiled headers. */
  readonly pch: 'auto' | 'off';
  /** What compile commands are given to; see `build.launcher`. Left out: nothing. */
  readonly launcher?: readonly string[];
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folders that must be writable, by what they are for. They need not exist. */
  readonly folders: Readonly<Record<string, string>>;
  readonly nodeVersion: string;
  /** Where parts of an emulated host lie. */
  readonly cacheDir: string;
}

/** Looks at everything at the same time; the order of the answer is fixed. */
export async function checkMachine(request: CheckRequest): Promise<readonly Check[]> {
  const [tools, launcher, emulation, binding, folders] = await Promise.all([
    checkTools(request),
    checkLauncher(request),
    checkEmulation(request),
    checkNativeBinding(request.env),
    Promise.all(Object.entries(request.folders).map(([name, dir]) => checkFolder(name, dir))),
  ]);
  return [checkNode(request.nodeVersion), ...tools, ...launcher, ...emulation, binding, ...folders];
}

/** The floor of package.json's `engines`. */
const oldestNode = [22, 22] as const;

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantMajor, wantMinor] = oldestNode;
  if (major > wantMajor || (major === wantMajor && minor >= wantMinor)) return ok('node', `Node ${version}`);
  const fix = `Install Node ${wantMajor}.${wantMinor} or newer.`;
  return { name: 'node', status: 'broken', detail: `Node ${version} is too old`, fix, need: null };
}

async function checkTools(request: CheckRequest): Promise<readonly Check[]> {
  let toolchain: Toolchain;
  try {
    toolchain = await findToolchain(request);
  } catch (error) {
    if (!(error instanceof HotmodError)) throw error;
    return toolsMissing(error, request);
  }
  const { compiler, linker } = toolchain;
  const found = [
    ok('compiler', `${compiler.versionText} (${compiler.path})`),
    ok('linker', `${linker.name} (${linker.path})`),
  ];
  const sdk = missingSdkText(request);
  if (sdk !== null) return [...found, { name: 'SDK', status: 'missing', ...sdk, need: null }];
  const [c, cxx] = await Promise.all([
    checkHeaders('C library', 'c', compiler.path, toolchain, request),
    checkHeaders('C++ library', 'c++', toolchain.cxx, toolchain, request),
  ]);
  return [...found, c, cxx];
}

/**
 * What the search for tools fell over. The libraries cannot be tried without them, and most compilers
 * bring them along: nothing is installed for them before they were tried. */
async function toolsMissing(error: HotmodError, request: CheckRequest): Promise<readonly Check[]> {
  if (error.code === 'HM587') {
    return [{ name: 'SDK', status: 'missing', detail: `${error.code}: ${error.message}`, fix: error.hint, need: null }];
  }
  const chosen = error.code === 'HM206' ? request.linker : request.compiler;
  const linkerOnly = error.code === 'HM206';
  const status = error.code === 'HM205' ? 'broken' : 'missing';
  const detail = `${error.code}: ${error.message}`;
  // A program that the config names cannot be had by installing another one.
  const fix = chosen === null ? '' : error.hint;
  if (linkerOnly) return [{ name: 'linker', status, detail, fix, need: chosen === null ? 'linker' : null }];
  const unseen = { status: 'missing', detail: 'cannot be tried without a compiler', fix: '' } as const;
  const need = (what: Need) => (chosen === null ? what : null);
  return [
    { name: 'compiler', status, detail, fix, need: need('clang') },
    { name: 'linker', ...unseen, need: need('linker') },
    { name: 'C library', ...unseen, need: null },
    { name: 'C++ library', ...unseen, need: null },
  ];
}

/** No row where the config names none. */
async function checkLauncher({ launcher = [], env }: CheckRequest): Promise<readonly Check[]> {
  if (launcher.length === 0) return [];
  try {
    const [file = '', ...words] = await findLauncher(launcher, env);
    const { exit, text } = await runTool(file, ['--version'], { env });
    const said = exit === 0 ? ` (${text.split('\n')[0]?.trim()})` : '';
    return [ok('launcher', `${[file, ...words].join(' ')}${said}`)];
  } catch (error) {
    if (!(error instanceof HotmodError)) throw error;
    return [
      { name: 'launcher', status: 'missing', detail: `${error.code}: ${error.message}`, fix: error.hint, need: null },
    ];
  }
}

const programs = {
  c: '#include <stdio.h>\n#include <stdint.h>\n#include <math.h>\nint f(uint32_t x) { return printf("%u", x); }\n',
  'c++':
    '#include <string>\n#include <vector>\nint f(int x) { std::vector<std::string> v(x, "a"); return (int)v.size(); }\n',
} as const;

/** A shared library as modules are: position independent, nothing left undefined. */
async function checkHeaders(
  name: string,
  language: keyof typeof programs,
  driver: string,
  { linker }: Toolchain,
  { target, env }: CheckRequest,
): Promise<Check> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hotmod-doctor-'));
  try {
    const triple = target.triple === '' ? [] : [`--target=${target.triple}`];
    const use = linker.args ?? (linker.name === 'ld' ? [] : [`-fuse-ld=${linker.name}`]);
    const args = [...triple, ...target.compileArgs, ...target.linkArgs, ...use, '-x', language, '-'];
    const output = path.join(folder, `probe${target.libraryExtension}`);
    const { exit, text } = await runTool(driver, [...args, '-o', output], { env, input: programs[language] });
    if (exit === 0) return ok(name, 'compiles and links');
    const reason = text.split('\n').find((line) => line.includes('error')) ?? text.split('\n')[0] ?? '';
    return {
      name,
      status: 'broken',
      detail: reason.trim(),
      fix: '',
      need: target.triple === '' ? 'headers' : needOf('headers', target.name),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a process of its own: a binding for another C library ends the process that loads it. */
async function checkNativeBinding(env: CheckRequest['env']): Promise<Check> {
  const name = 'ffi-rs';
  const fix = 'Run `npm ci` again on this machine, without --omit=optional.';
  try {
    const url = pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
    const script = `import(${JSON.stringify(url)}).then((m) => process.exit(m.open ? 0 : 1))`;
    const { exit, text } = await runTool(process.execPath, ['-e', script], { env });
    if (exit === 0) return ok(name, 'native part loads');
    const reason = text.split('\n').find((line) => /Error|cannot|version/.test(line)) ?? `exit status ${exit}`;
    return { name, status: 'broken', detail: `native part does not load: ${reason.trim()}`, fix, need: null };
  } catch (error) {
    return { name, status: 'missing', detail: messageOf(error).split('\n')[0] ?? '', fix, need: null };
  }
}

async function checkFolder(name: string, dir: string): Promise<Check> {
  const nearest = await nearestExisting(dir);
  try {
    if (!(await stat(nearest)).isDirectory()) throw new Error(`${nearest} is not a folder`);
    await access(nearest, constants.W_OK | constants.X_OK);
    return ok(name, dir);
  } catch (error) {
    const detail = `${dir} cannot be written: ${messageOf(error)}`;
    return { name, status: 'broken', detail, fix: `Make ${nearest} a folder you can write in.`, need: null };
  }
}

async function nearestExisting(dir: string): Promise<string> {
  for (let current = dir; ; current = path.dirname(current)) {
    const exists = await stat(current).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
    if (exists || path.dirname(current) === current) return current;
  }
}

function ok(name: string, detail: string): Check {
  return { name, status: 'ok', detail, fix: '', need: null };
}
