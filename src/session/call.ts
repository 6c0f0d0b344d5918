import { planCall, planCallFromJson } from '../call/plan.js';
import { readReturn } from '../call/result.js';
import type { Convention, PlannedCall } from '../call/types.js';
import type { Called } from '../control/protocol.js';
import type { DebugFunction } from '../debuginfo/types.js';
import { exitCode, HotmodError } from '../errors.js';
import { typeName } from '../layout/type-name.js';
import { didYouMean } from '../text/nearest.js';
import type { LibraryFacts } from '../validate/types.js';
import { decode } from '../values/decode.js';
import { FetchedMemory } from '../values/memory.js';
import type { Context } from './context.js';
import { notRunning } from './inspect.js';

export interface CallRequest {
  readonly module: string;
  readonly function: string;
  /** As typed, or as JSON has them. */
  readonly args: { readonly text: readonly string[] } | { readonly json: readonly unknown[] };
}

/** `e_machine` of AArch64 (gABI, chapter 4). */
const aarch64 = 183;
const mostRounds = 8;

/**
 * Calls an exported function of a running module between two frames.
 *
 * @throws HotmodError HM540 to HM544; nothing was called then, except after HM542, a crash.
 */
export async function callFunction(context: Context, request: CallRequest): Promise<Called> {
  const { module } = request;
  const running = context.records.get(module)?.running ?? null;
  if (running === null) throw notRunning(module);
  const { debug, problem } = await context.models.read(running.library);
  if (debug === null) throw withoutTypes(module, problem?.message ?? 'it has no debug information');
  const fn = findFunction(module, debug.functions, running.file, request.function);
  const convention: Convention = running.file.machine === aarch64 ? 'aapcs64' : 'sysv';
  const options = { convention, functions: debug.functions };
  const plan: PlannedCall =
    'text' in request.args
      ? planCall(fn, request.args.text, options)
      : planCallFromJson(fn, request.args.json, options);

  const answer = await context.host.call({ module, ...plan.words });
  if (!answer.ok)
    throw new HotmodError(answer.code, answer.message, { hint: plan.signature, exitCode: failureExit(answer.code) });
  const { type, bytes } = readReturn(plan, answer);
  const memory = new FetchedMemory();
  let value = decode(type, bytes, { elements: 64, follow: 0, memory });
  for (let round = 0; round < mostRounds; round++) {
    const wanted = memory.takeWanted();
    if (wanted.length === 0) break;
    const ranges = wanted.map((range) => ({ from: 'memory', ...range }) as const);
    const more = await context.host.read({ module, ranges });
    for (const [n, range] of wanted.entries()) memory.add(range, more.bytes[n] ?? null);
    value = decode(type, bytes, { elements: 64, follow: 0, memory });
  }
  return { signature: plan.signature, type: typeName(type), value, durationMs: answer.durationMs };
}

function failureExit(code: string): (typeof exitCode)[keyof typeof exitCode] {
  return code === 'HM542' ? exitCode.crashed : exitCode.failed;
}

function findFunction(
  module: string,
  functions: readonly DebugFunction[],
  file: LibraryFacts,
  wanted: string,
): DebugFunction {
  const exported = new Set(file.exports.map((symbol) => symbol.name));
  const callable = functions.filter((one) => one.external && exported.has(one.linkageName ?? one.name));
  const named = callable.filter(
    (one) => one.name === wanted || one.linkageName === wanted || qualified(one) === wanted,
  );
  const [found] = named;
  if (found !== undefined && named.length === 1) return found;
  const names = [...new Set(callable.map(qualified))];
  const several = named.map((one) => one.linkageName ?? one.name).join(', ');
  const message =
    found === undefined
      ? `${module} exports no function "${wanted}".${didYouMean(wanted, names)}`
      : `${module} exports several functions "${wanted}"; name one by its symbol: ${several}.`;
  throw new HotmodError('HM540', message, { hint: `It exports ${names.join(', ')}.`, exitCode: exitCode.usage });
}

function qualified({ scope, name }: DebugFunction): string {
  return [...scope, name].join('::');
}

function withoutTypes(module: string, why: string): HotmodError {
  return new HotmodError('HM438', `The types of ${module} cannot be read: ${why}.`, {
    hint: 'Build it with -g and do not strip the library.',
    exitCode: exitCode.failed,
  });
}
