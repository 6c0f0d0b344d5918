import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CallOptions, planCall, planCallFromJson } from '../../src/call/plan.js';
import { readReturn } from '../../src/call/result.js';
import type { Convention, PlannedCall } from '../../src/call/types.js';
import { readDebugInfo } from '../../src/debuginfo/read.js';
import type { DebugFunction, DebugInfo } from '../../src/debuginfo/types.js';
import type { CallAnswer } from '../../src/host/host.js';
import { entryOf, type HostBench, openBench } from './host-modules.js';

export const nativeConvention: Convention = process.arch === 'arm64' ? 'aapcs64' : 'sysv';

export interface Called {
  readonly planned: PlannedCall;
  readonly answer: CallAnswer;
  /** The result's bytes; empty where the call did not go well. */
  readonly bytes: Buffer;
}

/** A loaded module whose functions are called with arguments as a user types them. */
export interface CallBench extends AsyncDisposable {
  readonly bench: HostBench;
  readonly info: DebugInfo;
  find(name: string): DebugFunction;
  call(name: string, ...args: readonly string[]): Promise<Called>;
  callJson(name: string, ...args: readonly unknown[]): Promise<Called>;
}

export async function openCallBench(source: string, flags: readonly string[] = []): Promise<CallBench> {
  const bench = await openBench();
  const library = await bench.compile('m', `${source}\nvoid module_update(double dt) { (void)dt; }\n`, flags);
  return loadCallBench(bench, library);
}

/** The same for sources that another compiler has to make a library of; gets the source file and the library to make. */
export async function openCallBenchFrom(
  fileName: string,
  source: string,
  build: (file: string, library: string) => Promise<unknown>,
): Promise<CallBench> {
  const bench = await openBench();
  const file = join(bench.dir, fileName);
  await writeFile(file, source);
  await build(file, `${file}.so`);
  return loadCallBench(bench, `${file}.so`);
}

async function loadCallBench(bench: HostBench, library: string): Promise<CallBench> {
  const staged = await bench.host.stage({ module: 'm', generation: 1, library, entry: entryOf('m') });
  if (!staged.ok) throw new Error(staged.message);
  await bench.host.commit({ modules: ['m'] });
  const info = readDebugInfo(await readFile(library));
  const options: CallOptions = { convention: nativeConvention, functions: info.functions };
  const find = (name: string): DebugFunction => {
    const found = info.functions.find((fn) => fn.name === name);
    if (found === undefined) throw new Error(`No function ${name}.`);
    return found;
  };
  const run = async (planned: PlannedCall): Promise<Called> => {
    const answer = await bench.host.call({ module: 'm', ...planned.words });
    return { planned, answer, bytes: Buffer.from(answer.ok ? readReturn(planned, answer).bytes : []) };
  };
  return {
    bench,
    info,
    find,
    call: async (name, ...args) => run(planCall(find(name), args, options)),
    callJson: async (name, ...args) => run(planCallFromJson(find(name), args, options)),
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}
