import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { EntryNames } from '../../src/config/resolved.js';
import { openHost } from '../../src/host/client.js';
import { buildEngine } from '../../src/host/engine-build.js';
import type { CommitResult, Host, HostOptions, ModuleFault, StageResult } from '../../src/host/host.js';
import { publicHeadersDir } from '../../src/paths.js';

const run = promisify(execFile);

export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly module: string;
  readonly text: string;
}

/** A host process with everything it said, a folder for sources, and a compiler: what every host test needs. */
export interface HostBench extends AsyncDisposable {
  readonly dir: string;
  readonly host: Host;
  readonly lines: readonly OutputLine[];
  readonly faults: ModuleFault[];
  readonly options: HostOptions;
  /** Compiles C source and gives the library's path. */
  compile(name: string, source: string, flags?: readonly string[]): Promise<string>;
  /** Compiles and stages. */
  stage(module: string, source: string, generation?: number): Promise<StageResult>;
  /** Compiles, stages and commits; throws where staging fails. */
  load(module: string, source: string, generation?: number): Promise<CommitResult>;
}

export function entryOf(module: string): EntryNames {
  return {
    getInterface: ['get_module_interface'],
    init: [`${module}_init`, 'module_init'],
    update: [`${module}_update`, 'module_update'],
    shutdown: [`${module}_shutdown`, 'module_cleanup'],
    saveState: [`${module}_save_state`],
    loadState: [`${module}_load_state`],
    view: ['module_view'],
  };
}

export async function findClang(): Promise<string> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'clang');
    const found = await access(file).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  throw new Error('These tests need clang in PATH.');
}

export async function engineForTests(): Promise<string> {
  return buildEngine({ compiler: await findClang(), cacheDir: join(tmpdir(), 'hotmod-test-cache') });
}

export async function openBench(settings: Partial<HostOptions> = {}): Promise<HostBench> {
  const dir = await mkdtemp(join(tmpdir(), 'hotmod-host-'));
  const lines: OutputLine[] = [];
  const faults: ModuleFault[] = [];
  const engineLibrary = await engineForTests();
  const options: HostOptions = {
    engineLibrary,
    runDir: join(dir, 'run'),
    cleanUp: [],
    groupsDir: join(dir, 'run', 'groups'),
    rate: 60,
    stepped: true,
    hangTimeoutMs: 20_000,
    recovery: { probationFrames: 0, restart: { max: 0, withinMs: 10_000 }, frameCopies: true, frameCopyLimit: 32 },
    copiesFile: '',
    baseEnv: process.env,
    env: {},
    listener: {
      output: (line) => lines.push(line),
      fault: (fault) => faults.push(fault),
    },
    ...settings,
  };
  const host = await openHost(options).catch(async (error: unknown) => {
    await rm(dir, { recursive: true, force: true });
    throw error;
  });
  const clang = await findClang();
  let builds = 0;

  const compile = async (name: string, source: string, flags: readonly string[] = []): Promise<string> => {
    builds += 1;
    const base = join(dir, `${builds}-${name}`);
    await writeFile(`${base}.c`, source);
    const library = `${base}.so`;
    const shared = ['-shared', '-fPIC', '-g', '-O0', '-Wl,-Bsymbolic', `-I${publicHeadersDir}`];
    await run(clang, [...shared, `${base}.c`, '-o', library, engineLibrary, ...flags]);
    return library;
  };
  const stage = async (module: string, source: string, generation = 1): Promise<StageResult> =>
    host.stage({ module, generation, library: await compile(module, source), entry: entryOf(module) });

  return {
    dir,
    host,
    lines,
    faults,
    options,
    compile,
    stage,
    async load(module, source, generation) {
      const staged = await stage(module, source, generation);
      if (!staged.ok) throw new Error(staged.message);
      return host.commit({ modules: [module] });
    },
    async [Symbol.asyncDispose]() {
      await host.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Tries again until the condition holds; vitest's own time limit ends a wait that never does. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Parts of a counter module; each test puts in what it is about. */
export interface CounterParts {
  readonly version?: string;
  /** Added to the count each frame. */
  readonly by?: number;
  readonly body?: string;
  /** Fields of the vtable by name, added to or put in place of the usual ones; NULL takes one out. */
  readonly hooks?: Readonly<Record<string, string>>;
  readonly extra?: string;
}

/** C source of a module that counts frames in `count`, keeps it across reloads and shows it in its view. */
export function counterSource(parts: CounterParts = {}): string {
  const hooks: Record<string, string> = {
    update: 'update',
    save_state: 'save_state',
    load_state: 'load_state',
    ...parts.hooks,
  };
  const fields = Object.entries(hooks).map(([name, value]) => `.${name} = ${value},`);
  return `
#include "module_interface.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
MODULE_EXPORT long count;
static void update(double dt) { (void)dt; count += ${parts.by ?? 1}; ${parts.body ?? ''} }
static int save_state(void **data, size_t *size) {
  *data = malloc(sizeof count); *size = sizeof count; memcpy(*data, &count, sizeof count); return 0;
}
static int load_state(const void *data, size_t size) { memcpy(&count, data, size); return 0; }
MODULE_EXPORT long get_count(void) { return count; }
MODULE_EXPORT const char *module_view(void) { static char text[64]; snprintf(text, sizeof text, "%ld", count); return text; }
${parts.extra ?? ''}
static module_interface_t self = {
  .info = {.name = "counter", .version = "${parts.version ?? '1.0.0'}", .api_version = MODULE_API_VERSION},
  .vtable = {${fields.join(' ')}},
};
MODULE_EXPORT module_interface_t *get_module_interface(void) { (void)update; (void)save_state; (void)load_state; return &self; }
`;
}

/** What a module's view says now. */
export async function viewOf(host: Host, module: string): Promise<string> {
  const views = await host.views();
  return views.find((view) => view.module === module)?.text ?? '';
}
