import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { EventOf } from '../../src/events/events.js';
import { openTestSession, type TestSession } from './session.js';
import { tempProject } from './temp-project.js';

const run = promisify(execFile);

/** A session of the module `m`, whose library is laid there by the test, and which runs frames only when told to. */
export interface LaidLibrary {
  readonly running: TestSession;
  compile(source: string, flags?: readonly string[]): Promise<Uint8Array>;
  /** The outcome of a reload with this library. */
  reload(library: Uint8Array, options?: { readonly force?: boolean }): Promise<EventOf<'reload:done'>>;
  /** The same with the library of this source. */
  edit(source: string, options?: { readonly force?: boolean }): Promise<EventOf<'reload:done'>>;
  /** A live value. */
  value(path: string): Promise<unknown>;
}

/** Starts with the library of this source; closed when the test that asked for it is over. */
export async function layLibrary(source: string, flags: readonly string[] = ['-g']): Promise<LaidLibrary> {
  const root = await tempProject({
    'modules/m/module.json': JSON.stringify({ build: { command: 'cp next.so out.so', output: 'out.so' } }),
  });
  const next = join(root, 'modules/m/next.so');
  const compile = async (text: string, args: readonly string[] = ['-g']): Promise<Uint8Array> => {
    const [input, output] = [join(root, 'm.c'), join(root, 'm.so')];
    await writeFile(input, text);
    await run('clang', ['-shared', '-fPIC', '-O0', '-Wl,-Bsymbolic', ...args, input, '-o', output]);
    return readFile(output);
  };
  await writeFile(next, await compile(source, flags));
  const running = await openTestSession(root, { watch: false, stepped: true });
  onTestFinished(() => running[Symbol.asyncDispose]());
  const reload: LaidLibrary['reload'] = async (library, { force = false } = {}) => {
    await writeFile(next, library);
    const before = running.outcomes('m').length;
    running.session.request(['m'], { force: true, rebuild: true, acceptUnsafe: force });
    await running.session.idle();
    const outcome = running.outcomes('m')[before];
    if (outcome === undefined) throw new Error('The reload had no outcome.');
    return outcome;
  };
  return {
    running,
    compile,
    reload,
    edit: async (text, options) => reload(await compile(text, flags), options),
    async value(path) {
      const { values } = await running.session.inspect({ module: 'm', path, elements: 8, follow: 0 });
      return values[0]?.value;
    },
  };
}
