import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Emulator, Target } from '../target/targets.js';
import { emulatedProgram } from './host-program.js';
import { type Need, needOf } from './package-managers.js';
import { fileOf, type Part, partNamed } from './parts.js';
import { runTool } from './run-tool.js';
import type { Check } from './types.js';
import { which } from './which.js';

export interface EmulationRequest {
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cacheDir: string;
}

/** What running modules of a target takes here beside building them: nothing, unless they run under an emulator. */
export async function checkEmulation(request: EmulationRequest): Promise<readonly Check[]> {
  const { runs } = request.target;
  if (runs.how !== 'emulated') return [];
  const { emulator } = runs;
  const [program, libraries, ...parts] = await Promise.all([
    checkEmulator(emulator, request),
    checkLibraries(emulator, request),
    ...[emulator.nodePackage, emulator.bindingPackage].map((name) => checkPart(partNamed(name), request)),
  ]);
  const checks = [program, libraries, ...parts];
  // Tried only where all of it is there; what is missing has been said by then.
  return checks.every((check) => check.status === 'ok') ? [...checks, await checkHost(emulator, request)] : checks;
}

async function checkEmulator({ program }: Emulator, { env, target }: EmulationRequest): Promise<Check> {
  const name = 'emulator';
  const file = await which(program, env.PATH ?? '');
  if (file === null) {
    const detail = `${program} is not on PATH`;
    return { name, status: 'missing', detail, fix: '', need: need('emulator', target) };
  }
  const { exit, text } = await runTool(file, ['--version'], { env });
  const [first = ''] = text.split('\n');
  if (exit === 0) return { name, status: 'ok', detail: `${first} (${file})`, fix: '', need: null };
  return { name, status: 'broken', detail: `${file} does not run: ${first}`, fix: '', need: need('emulator', target) };
}

/** What an emulated Node is linked with. */
const libraries = ['libc.so.6', 'libstdc++.so.6', 'libgcc_s.so.1'];

async function checkLibraries({ loader }: Emulator, { target }: EmulationRequest): Promise<Check> {
  const name = 'libraries';
  const files = [loader, ...libraries.map((library) => path.join(path.dirname(loader), library))];
  const present = await Promise.all(files.map(exists));
  const absent = files.filter((_, index) => present[index] === false);
  if (absent.length === 0) return { name, status: 'ok', detail: path.dirname(loader), fix: '', need: null };
  const detail = `there is no ${absent.join(', no ')}`;
  return { name, status: 'missing', detail, fix: '', need: need('libraries', target) };
}

async function checkPart(part: Part, { cacheDir }: EmulationRequest): Promise<Check> {
  const name = part.title;
  const file = fileOf(part, cacheDir);
  if (await exists(file)) return { name, status: 'ok', detail: `${part.version} (${file})`, fix: '', need: null };
  return {
    name,
    status: 'missing',
    detail: `${part.name} ${part.version} is not in ${cacheDir}`,
    fix: '',
    need: null,
    part,
  };
}

/** Starts the emulated Node, which takes a second or two, and has it load the native part of ffi-rs. */
async function checkHost(emulator: Emulator, request: EmulationRequest): Promise<Check> {
  const name = 'emulated host';
  const { command, args, env } = await emulatedProgram(emulator, request);
  const url = pathToFileURL(createRequire(import.meta.url).resolve('ffi-rs')).href;
  const script = `import(${JSON.stringify(url)}).then((m) => console.log(m.open ? process.arch : 'no open'))`;
  const { exit, text } = await runTool(command, [...args, '-e', script], { env: { ...request.env, ...env } });
  const ok = exit === 0 && text.trim() === request.target.arch;
  if (ok) return { name, status: 'ok', detail: `Node for ${text.trim()} loads ffi-rs`, fix: '', need: null };
  const reason = text.split('\n').find((line) => /error|cannot|version/i.test(line)) ?? `exit status ${exit}`;
  const fix = `Remove the folder "npm" in ${request.cacheDir} and run "hotmod doctor --fix --target ${request.target.name}" again.`;
  return { name, status: 'broken', detail: reason.trim(), fix, need: null };
}

function need(what: 'emulator' | 'libraries', { name }: Target): Need | null {
  return needOf(what, name);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
