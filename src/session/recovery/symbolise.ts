import { isAbsolute, relative } from 'node:path';
import type { CodeFrame, DebugInfo } from '../../debuginfo/types.js';
import type { CrashPlace, StackFrame } from '../../events/events.js';
import type { RawCrash } from '../../host/host.js';
import { type RawFrame, rawStackHead } from '../../host/stack.js';
import type { Context } from '../context.js';
import { versionsInUse } from '../generations/libraries.js';
import type { KnownLibrary } from '../records.js';
import type { ModelReader } from '../types-of-both.js';

/** A signal that comes from a call, such as that of abort(), has none. */
const withAddress: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP']);

/** What an event says of a crash, and the innermost frame inside a module, if possible in a source of the project. */
export interface Symbolised extends CrashPlace {
  readonly innermost: Pick<StackFrame, 'function' | 'file' | 'line'>;
}

/**
 * Turns the addresses of a stack into functions and lines by the debug information of the generations they lie in. Which
 * library is which generation's is looked up at once, so that a recovery may go on meanwhile. Never rejects: what cannot be
 * read stays an address.
 *
 * @param arriving versions that no record holds yet
 */
export async function symbolise(
  context: Pick<Context, 'records' | 'models' | 'config'>,
  { stack: raw, address, signal }: RawCrash,
  arriving: Iterable<KnownLibrary> = [],
): Promise<Symbolised> {
  const libraries = new Map([...versionsInUse(context), ...arriving].map((one) => [keyOf(one), one.library]));
  const { root } = context.config;
  const stack: StackFrame[] = [];
  let after = 0;
  for (const [index, frame] of raw.frames.entries()) {
    if (index === rawStackHead) after = stack.length;
    stack.push(...(await framesOf(frame, libraries, context.models, root)));
  }
  return {
    address: withAddress.has(signal) ? hexadecimal(address) : '',
    stack,
    leftOut: raw.leftOut === 0 ? null : { after, frames: raw.leftOut },
    registers: inHexadecimal(raw.registers),
    ...(Object.keys(raw.vectors).length === 0 ? {} : { vectors: inHexadecimal(raw.vectors) }),
    innermost: innermostOf(stack),
  };
}

/** Code of a library's headers lies inside the module too, but its author wants to see who used it. */
function innermostOf(stack: readonly StackFrame[]): Symbolised['innermost'] {
  const inside = stack.filter((frame) => frame.module !== '');
  const own = inside.find(({ file }) => file !== '' && !isAbsolute(file));
  return own ?? inside[0] ?? { function: '', file: '', line: 0 };
}

function keyOf({ module, generation }: Pick<KnownLibrary, 'module' | 'generation'>): string {
  return `${generation} ${module}`;
}

async function framesOf(
  frame: RawFrame,
  libraries: ReadonlyMap<string, string>,
  models: ModelReader,
  root: string,
): Promise<readonly StackFrame[]> {
  const { module, generation, guessed, library, symbol } = frame;
  const address = hexadecimal(module === '' ? frame.pc : frame.address);
  const common = { module, generation, address, guessed, library: module === '' ? library : '' };
  const unknown: StackFrame = { ...common, function: symbol, file: '', line: 0, inlined: false };
  const path = libraries.get(keyOf(frame));
  if (module === '' || path === undefined) return [unknown];
  const found = await lookUp(models, path, frame);
  if (found.length === 0) return [unknown];
  return found.map((one) => ({
    ...common,
    function: one.function === '' ? symbol : one.function,
    file: shownPath(one.file, root),
    line: one.line,
    inlined: one.inlined,
  }));
}

/** A call lies before the address that it returns to, which may be another line's or another function's already. */
async function lookUp(
  models: ModelReader,
  library: string,
  { address, isReturn }: RawFrame,
): Promise<readonly CodeFrame[]> {
  try {
    const debug: DebugInfo | null = (await models.read(library)).debug;
    return debug?.framesAt(Number(address) - (isReturn ? 1 : 0)) ?? [];
  } catch {
    // The file is gone, or its debug information damaged: a crash is told all the same.
    return [];
  }
}

export function shownPath(file: string, root: string): string {
  const inside = relative(root, file);
  return file === '' || inside.startsWith('..') || isAbsolute(inside) ? file : inside;
}

function inHexadecimal(values: Readonly<Record<string, bigint>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, hexadecimal(value)]));
}

function hexadecimal(value: bigint): string {
  return `0x${value.toString(16)}`;
}
