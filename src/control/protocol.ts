import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { HotmodEvent } from '../events/events.js';
import { contentHash } from '../files/hash.js';

/**
 * How other hotmod commands talk to the running session of a project: one JSON object a line over a Unix socket.
 * The client sends one request; the session answers with the events that belong to it as they happen, then with one
 * `done` or `error`, and closes.
 */
export const requestSchema = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('status') }),
  z.strictObject({
    method: z.literal('reload'),
    module: z.string(),
    force: z.boolean(),
    rebuild: z.boolean(),
    dryRun: z.boolean(),
  }),
]);

export type ControlRequest = z.infer<typeof requestSchema>;

export interface SessionStatus {
  readonly pid: number;
  readonly version: string;
  readonly hostPid: number;
  readonly modules: readonly string[];
}

export type ControlAnswer =
  | { readonly kind: 'event'; readonly event: HotmodEvent }
  | { readonly kind: 'done'; readonly exitCode: number; readonly status?: SessionStatus }
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
