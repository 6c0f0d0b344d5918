import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { HotmodEvent, LiveValue, RecoveryStatistics } from '../events/events.js';
import type { Json } from '../events/json.js';
import { contentHash } from '../files/hash.js';
import type { Difference, Entry } from '../journal/types.js';

/**
 * How other hotmod commands talk to the running session of a project: one JSON object a line over a Unix socket.
 * The client sends one request; the session answers with the events that belong to it as they happen, then with one
 * `done` or `error`, and closes.
 */
export const requestSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('status') }),
  z.strictObject({
    method: z.literal('reload'),
    modules: z.array(z.string()).min(1),
    force: z.boolean(),
    rebuild: z.boolean(),
    dryRun: z.boolean(),
  }),
  z.strictObject({
    method: z.literal('inspect'),
    module: z.string(),
    /** Null for all of its state. */
    path: z.string().nullable(),
    /** Elements of an array before the rest is only counted. */
    elements: z.int().positive(),
    /** How many pointers in a row are followed; 0 shows addresses. */
    follow: z.int().nonnegative(),
  }),
  z.strictObject({
    method: z.literal('call'),
    module: z.string(),
    function: z.string(),
    /** As they were typed. */
    args: z.array(z.string()),
  }),
  z.strictObject({
    method: z.literal('history'),
    /** Null for all. */
    module: z.string().nullable(),
    limit: z.int().positive(),
    /** A generation whose changes of the source are asked for; null for the list. */
    diff: z.int().positive().nullable(),
  }),
  z.strictObject({ method: z.literal('recoveries') }),
  z.strictObject({
    method: z.literal('ab'),
    module: z.string(),
    /** Null for the generation that ran before. */
    to: z.int().positive().nullable(),
    frames: z.int().positive(),
  }),
  z.strictObject({
    method: z.literal('rollback'),
    /** Empty for those of a transaction. */
    modules: z.array(z.string()),
    /** Of a single module; null for the generation that ran before. */
    to: z.int().positive().nullable(),
    /** Its number in this session; null for the newest, where no module is named. */
    transaction: z.int().positive().nullable(),
    force: z.boolean(),
    dryRun: z.boolean(),
  }),
  /** `at` is null for the generation that runs. */
  z.strictObject({ method: z.literal('pin'), module: z.string(), at: z.int().positive().nullable() }),
  z.strictObject({ method: z.literal('unpin'), module: z.string() }),
]);

export type ControlRequest = z.infer<typeof requestSchema>;

export interface SessionStatus {
  readonly pid: number;
  readonly version: string;
  readonly hostPid: number;
  readonly modules: readonly string[];
}

/** Live values, all of one frame. */
export interface Inspected {
  readonly module: string;
  readonly generation: number;
  readonly frame: number;
  readonly values: readonly InspectedValue[];
}

export type InspectedValue = LiveValue;

export interface Called {
  /** `int add(int a, int b)`. */
  readonly signature: string;
  /** Of the result; `void` where there is none. */
  readonly type: string;
  readonly value: Json;
  /** What arguments point to, where the function wrote to it. */
  readonly targets: readonly CalledTarget[];
  readonly durationMs: number;
}

export interface CalledTarget {
  /** Position of the argument, from 0. */
  readonly argument: number;
  /** Of the parameter; '' where it has none. */
  readonly name: string;
  readonly type: string;
  /** After the call. */
  readonly value: Json;
}

export type PastRequest = Pick<Extract<ControlRequest, { readonly method: 'history' }>, 'module' | 'limit' | 'diff'>;

export interface Past {
  /** Newest first. */
  readonly entries: readonly PastEntry[];
  /** Null where the list was asked for. */
  readonly difference: Difference | null;
}

export interface PastEntry extends Entry {
  /** It runs in the session that was asked. */
  readonly running: boolean;
  readonly pinned: boolean;
  /** It can be gone back to. */
  readonly kept: boolean;
}

/** What two versions of a module did in the same frames from the same state. */
export interface Tried {
  readonly module: string;
  readonly frames: number;
  readonly a: TriedSide;
  readonly b: TriedSide;
  /** Single values that are not the same after the last frame both ran; those found first to differ come first. */
  readonly differences: readonly TriedDifference[];
  /** Frames after which the variables were compared. */
  readonly looks: number;
}

export interface TriedSide {
  readonly generation: number;
  readonly outcome: 'unfinished' | 'done' | 'notSwitched' | 'crashed' | 'tooLong';
  readonly frames: number;
  readonly problem: string;
  /** Microseconds of the module's update: the median, the interval that holds the true one in 95 of 100 cases, p95. */
  readonly update: {
    readonly median: number;
    readonly low: number;
    readonly high: number;
    readonly p95: number;
  } | null;
}

export interface TriedDifference {
  readonly path: string;
  readonly a: Json;
  readonly b: Json;
  /** The first look that found it; it began to differ at this frame or after the look before. */
  readonly frame: number;
}

export type ControlAnswer =
  | { readonly kind: 'event'; readonly event: HotmodEvent }
  | {
      readonly kind: 'done';
      readonly exitCode: number;
      readonly status?: SessionStatus;
      readonly inspected?: Inspected;
      readonly called?: Called;
      readonly tried?: Tried;
      readonly past?: Past;
      readonly recoveries?: RecoveryStatistics;
    }
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message: string;
      readonly hint: string;
      readonly exitCode: number;
    };

/** Linux allows 107 bytes for the path of a Unix socket, macOS 103 (unix(7), sys/un.h). */
const longestSocketPath = 100;

/** Where a project's session listens: in its own folder where the path is short enough, else in the temporary folder. */
export function socketPath(outDir: string): string {
  const near = join(outDir, 'session.sock');
  if (Buffer.byteLength(near) <= longestSocketPath) return near;
  return join(tmpdir(), `hotmod-${process.getuid?.() ?? 0}-${contentHash(outDir)}.sock`);
}
