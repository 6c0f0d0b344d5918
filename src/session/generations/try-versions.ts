import { stateModeOf } from '../../assess/state-mode.js';
import type { Tried, TriedDifference, TriedSide } from '../../control/protocol.js';
import { exitCode, HotmodError } from '../../errors.js';
import type { Json } from '../../events/json.js';
import type { TrialLook, TrialSide } from '../../host/host.js';
import type { StateModel } from '../../state/types.js';
import { decode } from '../../values/decode.js';
import { typeFinder } from '../../values/find-type.js';
import { resolveAll } from '../../values/resolve.js';
import type { Context } from '../context.js';
import { transferBetween } from '../transfer.js';
import { changedValues } from '../values/changed-values.js';
import { notRunning } from '../values/inspect.js';
import { judgeBack } from './judge-back.js';

export interface TryOptions {
  readonly module: string;
  /** The generation that is tried beside the one that runs; null for the one that ran before. */
  readonly to: number | null;
  readonly frames: number;
  /** Seconds a frame. */
  readonly dt: number;
}

const mostLooks = 32;
const stateLimit = 32 << 20;
const patienceMs = 20_000;
/** What a comparison shows of arrays, and of what pointers lead to, which is in the copies and gone with them. */
const depth = { elements: 4096, follow: 0 };

/**
 * A/B: runs the version that runs and another one of the same module side by side in copies of the program, from the same
 * state, and compares what they did. Nothing of it reaches the program.
 *
 * @throws HotmodError HM541 where the module does not run, HM571 where the other version cannot be tried; see also
 *   `findWayBack`.
 */
export async function tryVersions(context: Context, options: TryOptions): Promise<Tried> {
  const release = await context.turn();
  try {
    return await tryInTurn(context, options);
  } finally {
    release();
  }
}

async function tryInTurn(context: Context, { module, to, frames, dt }: TryOptions): Promise<Tried> {
  const running = context.records.get(module)?.running ?? null;
  if (running === null) throw notRunning(module);
  const [judged] = await judgeBack(context, { targets: [{ module, to }], force: false });
  if (judged === undefined) throw notRunning(module);
  const { target, file, both } = judged;
  const { library, generation, entry } = target;
  const { imports, patches } = file;
  const { host } = context;
  if (both === null) throw cannotTry(module, generation, 'there is nothing to compare it with');
  const staged = await host.stage({ module, generation, library, entry, imports, patches });
  if (!staged.ok) throw cannotTry(module, generation, staged.message);
  try {
    const transfer = transferBetween(both, running.loaded, staged.facts, false);
    if (transfer === null && stateModeOf(running.loaded, staged.facts) === 'variables') {
      throw cannotTry(module, generation, 'its state cannot be carried over');
    }
    const request = { module, frames, dt, looks: mostLooks, stateLimit, patienceMs };
    const tried = await host.tryVersions({ ...request, transfer: transfer?.request ?? null });
    if (!tried.ok) throw cannotTry(module, generation, tried.message);
    const looks = Math.min(tried.running.looks.length, tried.staged.looks.length);
    return {
      module,
      frames,
      a: describeSide(running.generation, tried.running),
      b: describeSide(generation, tried.staged),
      differences: findDifferences(both.before, both.after, tried.running, tried.staged, looks),
      looks,
    };
  } finally {
    await host.discard([module]);
  }
}

function cannotTry(module: string, generation: number, why: string): HotmodError {
  return new HotmodError('HM571', `Generation ${generation} of ${module} cannot be tried: ${why.replace(/\.$/, '')}.`, {
    hint: 'Only versions that could be switched to can be tried; "hotmod reload" says what speaks against it.',
    exitCode: exitCode.refused,
  });
}

function describeSide(generation: number, side: TrialSide): TriedSide {
  const { outcome, frames, problem } = side;
  return { generation, outcome, frames, problem, update: medianOf(side.updateUs) };
}

/**
 * The median with its interval by order statistics: ranks n/2 -+ 0.98 sqrt(n) hold it in 95 of 100 cases, whatever the
 * distribution (Conover, Practical Nonparametric Statistics, section 3.2).
 */
function medianOf(values: readonly number[]): TriedSide['update'] {
  if (values.length === 0) return null;
  const sorted = values.toSorted((one, other) => one - other);
  const at = (rank: number): number => sorted[Math.min(Math.max(Math.round(rank), 0), sorted.length - 1)] ?? 0;
  const [middle, reach] = [(sorted.length - 1) / 2, 0.98 * Math.sqrt(sorted.length)];
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    low: at(Math.floor(middle - reach)),
    high: at(Math.ceil(middle + reach)),
    p95: at(0.95 * (sorted.length - 1)),
  };
}

function findDifferences(
  before: StateModel,
  after: StateModel,
  a: TrialSide,
  b: TrialSide,
  looks: number,
): readonly TriedDifference[] {
  const first = new Map<string, number>();
  let last: readonly TriedDifference[] = [];
  for (let n = 0; n < looks; n++) {
    const [one, other] = [a.looks[n], b.looks[n]];
    if (one === undefined || other === undefined) break;
    const own = valuesAt(before, one, a);
    const others = valuesAt(after, other, b);
    const flat = new Map(own.map(({ path, value }) => [path, value]));
    last = changedValues(
      own,
      others.filter(({ path }) => flat.has(path)),
    ).map(({ path, value }) => {
      if (!first.has(path)) first.set(path, one.frame);
      return { path, a: flat.get(path) ?? null, b: value, frame: first.get(path) ?? one.frame };
    });
  }
  return last.toSorted((one, other) => one.frame - other.frame);
}

interface Value {
  readonly path: string;
  readonly value: Json;
}

/** All variables after one frame, single values each by its path. */
function valuesAt(model: StateModel, look: TrialLook, { loadBase }: TrialSide): readonly Value[] {
  const findType = model.debug === null ? {} : { findType: typeFinder(model.debug) };
  const memory = imageMemory(look, loadBase);
  return resolveAll(model).flatMap((place): readonly Value[] => {
    const bytes = bytesAt(look, place.address, place.size);
    if (bytes === null) return [];
    return flatten(place.path, decode(place.type, bytes, { ...depth, ...findType, memory }, place.bits));
  });
}

/** Pointers into the image itself can be followed; the heap went with the copy. */
function imageMemory(look: TrialLook, loadBase: bigint) {
  return {
    read: (address: bigint, size: number): Uint8Array | null => bytesAt(look, Number(address - loadBase), size),
  };
}

function bytesAt({ segments }: TrialLook, address: number, size: number): Uint8Array | null {
  const segment = segments.find((one) => address >= one.address && address + size <= one.address + one.bytes.length);
  if (segment === undefined) return null;
  return segment.bytes.subarray(address - segment.address, address - segment.address + size);
}

function flatten(path: string, value: Json): readonly Value[] {
  if (Array.isArray(value)) return value.flatMap((one: Json, n) => flatten(`${path}[${n}]`, one));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, one]) => flatten(`${path}.${name}`, one));
  }
  // An address says nothing: the two versions lie in different places.
  return [{ path, value: typeof value === 'string' && value.startsWith('0x') ? 'address' : value }];
}
