import { conventionOf } from '../../call/convention.js';
import { notCallable } from '../../call/errors.js';
import { findFunction } from '../../call/find.js';
import { planCall, planCallFromJson } from '../../call/plan.js';
import { readReturn } from '../../call/result.js';
import { signatureOf } from '../../call/signature.js';
import type { CallTarget, PlannedCall } from '../../call/types.js';
import type { Called, CalledTarget } from '../../control/protocol.js';
import type { DebugInfo, DebugType } from '../../debuginfo/types.js';
import { exitCode, HotmodError } from '../../errors.js';
import { type CallAnswer, HostGone } from '../../host/host.js';
import { typeName } from '../../layout/type-name.js';
import { decode } from '../../values/decode.js';
import type { Context } from '../context.js';
import { noteTouch, type Version } from '../records.js';
import { notRunning, readableError, withoutTypes } from './inspect.js';
import { decodeInRounds } from './read-rounds.js';

export interface CallRequest {
  readonly module: string;
  readonly function: string;
  /** As typed, or as JSON has them. */
  readonly args: { readonly text: readonly string[] } | { readonly json: readonly unknown[] };
}

/** Pointers and texts of a result are read in further rounds; deeper than this nobody follows them. */
const mostRounds = 8;
const shown = { elements: 64, follow: 0 };

/**
 * Calls an exported function of a running module between two frames.
 *
 * @throws HotmodError HM540 to HM544; nothing was called then, except after HM542, a crash.
 */
export async function callFunction(context: Context, request: CallRequest): Promise<Called> {
  // A reload between the types and the call would have arguments of one version go to a function of another.
  const release = await context.turn();
  try {
    return await callNow(context, request);
  } catch (error) {
    throw readableError(request.module, error);
  } finally {
    release();
  }
}

async function callNow(context: Context, request: CallRequest): Promise<Called> {
  const { module } = request;
  const record = context.records.get(module);
  const running = record?.running ?? null;
  if (record === undefined || running === null) throw notRunning(module);
  const { debug, problem } = await context.models.read(running.library);
  if (debug === null) throw withoutTypes(module, problem?.message ?? 'it has no debug information');
  const plan = planFor(running, debug, request);

  const answer = await host(context, module, plan);
  // Whether it wrote to a variable only the function knows; a call that crashed may have, too.
  noteTouch(record, `"hotmod call ${module} ${request.function}"`);
  if (!answer.ok) {
    const { code, message } = answer;
    throw new HotmodError(code, message, { hint: plan.signature, exitCode: failureExit(code) });
  }
  const { type, bytes } = readReturn(plan, answer);
  return {
    signature: plan.signature,
    type: typeName(type),
    value: await decodeAll(context, module, type, bytes),
    targets: await changedTargets(context, module, plan, answer.memory),
    durationMs: answer.durationMs,
  };
}

function planFor(running: Version, debug: DebugInfo, { function: name, args }: CallRequest): PlannedCall {
  const exported = new Set(running.file.exports.map((symbol) => symbol.name));
  // What has external linkage in its source may still be hidden in the library.
  const functions = debug.functions.filter((one) => !one.external || exported.has(one.linkageName ?? one.name));
  const given = 'text' in args ? args.text : args.json;
  const fn = findFunction({ ...debug, functions }, name, given.length);
  const convention = conventionOf(running.file.machine);
  if (convention === null) throw notCallable(signatureOf(fn), 'how this machine passes arguments is not known here.');
  const options = { convention, functions: debug.functions };
  return 'text' in args ? planCall(fn, args.text, options) : planCallFromJson(fn, args.json, options);
}

/** A function that ends the whole process leaves nobody to answer. */
async function host(context: Context, module: string, plan: PlannedCall): Promise<CallAnswer> {
  try {
    return await context.host.call({ module, ...plan.words });
  } catch (error) {
    if (!(error instanceof HostGone)) throw error;
    return { ok: false, code: 'HM542', message: `The program ended in the call of ${plan.words.symbol}.` };
  }
}

function failureExit(code: string): (typeof exitCode)[keyof typeof exitCode] {
  return code === 'HM542' ? exitCode.crashed : exitCode.failed;
}

/** Objects that arguments point to and that the function wrote to. */
async function changedTargets(
  context: Context,
  module: string,
  plan: PlannedCall,
  after: readonly Uint8Array[],
): Promise<readonly CalledTarget[]> {
  const changed: CalledTarget[] = [];
  for (const target of plan.targets) {
    const bytes = after[target.block];
    if (bytes === undefined || !wroteTo(target, plan, bytes)) continue;
    const type = typeOf(target);
    changed.push({
      argument: target.argument,
      name: target.name,
      type: typeName(type),
      value: await decodeAll(context, module, type, bytes),
    });
  }
  return changed;
}

/** The addresses that the host put into a block are no change by the function. */
function wroteTo({ block }: CallTarget, { words }: PlannedCall, after: Uint8Array): boolean {
  const before = words.memory[block];
  if (before === undefined) return false;
  const addresses = words.patches.filter((patch) => patch.inside === block).map((patch) => patch.index);
  return before.some((byte, n) => byte !== after[n] && !addresses.some((start) => n >= start && n < start + 8));
}

function typeOf({ type, count }: CallTarget): DebugType {
  return count === 1 ? type : { kind: 'array', element: type, dimensions: [count], vector: false, size: null };
}

function decodeAll(context: Context, module: string, type: DebugType, bytes: Uint8Array) {
  return decodeInRounds(context, module, mostRounds, (memory) => decode(type, bytes, { ...shown, memory }));
}
