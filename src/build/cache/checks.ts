import type { z } from 'zod';
import { contentHash } from '../../files/hash.js';
import type { FileHashes } from '../hashes.js';
import { isAbsent } from './inputs.js';

/** Files with the content they had, and places where nothing was (`UnitInputs.absent`). */
export interface Witnesses {
  readonly files: readonly (readonly [string, string])[];
  readonly absent: readonly string[];
}

/** Whether all of it is as it was. */
export function holds({ files, absent }: Witnesses, hashes: FileHashes): boolean {
  return (
    files.every(([path, hash]) => hashes.of(path)?.hash === hash) && absent.every((place) => isAbsent(place, hashes))
  );
}

/** Undefined for what is no JSON. */
export function parsed(text: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(text).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** A file with a line of JSON about it before it. */
export function withHead<T extends { readonly hash: string }>(head: T, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes]);
}

/** Takes the two apart; undefined where the line is of another form, or the bytes are not those that it tells of. */
export function splitHead<T extends { readonly hash: string }>(
  payload: Buffer,
  schema: z.ZodType<T>,
): { readonly head: T; readonly bytes: Buffer } | undefined {
  const end = payload.indexOf('\n');
  const head = schema.safeParse(parsed(payload.subarray(0, end)));
  const bytes = payload.subarray(end + 1);
  return head.success && contentHash(bytes) === head.data.hash ? { head: head.data, bytes } : undefined;
}
