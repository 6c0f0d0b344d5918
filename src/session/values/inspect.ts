import type { Inspected, InspectedValue } from '../../control/protocol.js';
import { DebugInfoError } from '../../debuginfo/errors.js';
import { exitCode, HotmodError } from '../../errors.js';
import { HostGone, type ReadRange } from '../../host/host.js';
import { typeName } from '../../layout/type-name.js';
import type { StateModel } from '../../state/types.js';
import { decode } from '../../values/decode.js';
import { typeFinder } from '../../values/find-type.js';
import { PathError, resolveAll, resolvePath } from '../../values/resolve.js';
import type { DecodeOptions, Decoding, ResolvedValue } from '../../values/types.js';
import type { Context } from '../context.js';
import { decodeInRounds, withinOneReading } from './read-rounds.js';

export interface InspectOptions extends DecodeOptions {
  readonly module: string;
  /** Null for every variable. */
  readonly path: string | null;
}

/** Pointers and texts are read in further rounds; deeper than this nobody follows them. */
const mostRounds = 11;

/**
 * Live values of a module, typed. What is read in one round is of one frame; what pointers lead to is read in rounds
 * after it, so that of a program that runs it may be a frame newer.
 *
 * @throws HotmodError HM541 where the module does not run, HM550 where the path leads nowhere, HM438 without types.
 */
export async function inspect(context: Context, options: InspectOptions): Promise<Inspected> {
  try {
    const inspected = await inspectOnce(context, options);
    if (inspected !== null) return inspected;
    // A reload came between the types and the bytes. While it is our turn, none does.
    const release = await context.turn();
    try {
      const second = await inspectOnce(context, options);
      if (second !== null) return second;
    } finally {
      release();
    }
  } catch (error) {
    if (!(error instanceof HostGone)) throw readableError(options.module, error);
  }
  throw notRunning(options.module);
}

/** Null where another generation answered than the one whose types were read: its bytes mean something else. */
async function inspectOnce(context: Context, options: InspectOptions): Promise<Inspected | null> {
  const { module, path } = options;
  const running = context.records.get(module)?.running ?? null;
  if (running === null) throw notRunning(module);
  const model = await context.models.read(running.library);
  if (model.problem !== null) throw withoutTypes(module, model.problem.message);
  const places = path === null ? resolveAll(model) : [resolve(model, module, path)];
  const findType = model.debug === null ? undefined : typeFinder(model.debug);
  const inspected = await readPlaces(context, { ...options, ...(findType === undefined ? {} : { findType }) }, places);
  return inspected.generation === running.generation ? inspected : null;
}

function resolve(model: StateModel, module: string, path: string): ResolvedValue {
  try {
    return resolvePath(model, path);
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    throw new HotmodError('HM550', error.message, {
      hint: path.endsWith('-')
        ? 'A path with -> belongs in quotes: a shell takes > for itself.'
        : `"hotmod inspect ${module}" shows all variables.`,
      exitCode: exitCode.usage,
    });
  }
}

async function readPlaces(
  context: Context,
  options: InspectOptions & Pick<Decoding, 'findType'>,
  places: readonly ResolvedValue[],
): Promise<Inspected> {
  const { module } = options;
  const shown = places.map((place) => ({ place, size: Math.min(place.size, largestObject) }));
  const first = await context.host.read({
    module,
    ranges: withinOneReading(shown.map(({ place, size }) => firstRange(place, size))),
  });
  if (first.base === 0n) throw notRunning(module);

  const objects = await followHops(context, module, shown, first.bytes);
  const values = await decodeInRounds(context, module, mostRounds, (memory) =>
    shown.map(({ place }, n): InspectedValue => {
      const bytes = objects[n] ?? null;
      const value = bytes === null ? 'unreadable' : decode(place.type, bytes, { ...options, memory }, place.bits);
      return { path: place.path, type: typeName(place.type), value };
    }),
  );
  return { module, generation: first.generation, frame: first.frame, values };
}

/** Of a larger object only the beginning is shown. */
const largestObject = 1 << 20;

function firstRange(place: ResolvedValue, size: number): ReadRange {
  return { from: 'image', address: BigInt(place.address), size: place.hops.length > 0 ? 8 : size };
}

/** Follows the pointers of paths such as `first->next`, each in a round of its own. */
async function followHops(
  context: Context,
  module: string,
  shown: readonly { readonly place: ResolvedValue; readonly size: number }[],
  first: readonly (Uint8Array | null)[],
): Promise<readonly (Uint8Array | null)[]> {
  const objects = [...first];
  for (const [n, { place, size }] of shown.entries()) {
    for (const [hop, offset] of place.hops.entries()) {
      const pointer = objects[n] ?? null;
      if (pointer === null || pointer.length < 8) break;
      const address = new DataView(pointer.buffer, pointer.byteOffset, 8).getBigUint64(0, true) + BigInt(offset);
      const last = hop === place.hops.length - 1;
      const ranges: readonly ReadRange[] = [{ from: 'memory', address, size: last ? size : 8 }];
      objects[n] = (await context.host.read({ module, ranges })).bytes[0] ?? null;
    }
  }
  return objects;
}

export function withoutTypes(module: string, why: string): HotmodError {
  return new HotmodError('HM438', `The types of ${module} cannot be read: ${why.replace(/\.$/, '')}.`, {
    hint: 'Build it with -g and do not strip the library.',
    exitCode: exitCode.failed,
  });
}

/** Types are read as they are reached, so that damage of the debug information may show at any value. */
export function readableError(module: string, error: unknown): unknown {
  return error instanceof DebugInfoError ? withoutTypes(module, error.message) : error;
}

export function notRunning(module: string): HotmodError {
  return new HotmodError('HM541', `${module} does not run.`, {
    hint: 'Look at why in the terminal of the session; its next successful build starts it.',
    exitCode: exitCode.missing,
  });
}
