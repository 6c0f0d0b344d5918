import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../errors.js';
import { packageRoot } from '../../paths.js';
import type { Ratios } from './ratios.js';

/** In the repository, so that a change of a ratio is part of the commit that made it. */
export const keptFile = join(packageRoot, 'bench', 'ratios.json');

const keptSchema = z.object({
  /** What they were measured on: on another machine they may be others. */
  machine: z.string(),
  compiler: z.string(),
  ratios: z.record(z.string(), z.object({ p50: z.number(), p95: z.number(), rounds: z.number() })),
});

export type Kept = Readonly<z.infer<typeof keptSchema>>;

/** Null where nothing was kept yet. Throws where the file is damaged: a check against nothing would always pass. */
export async function readKept(file: string): Promise<Kept | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(
      `${file} cannot be read (${messageOf(error)}); take it from the last commit, or delete it and --keep`,
    );
  }
}

/** Rows that were not measured this time stay, if they are of the same machine and compiler; else they go. */
export function withMeasured(kept: Kept | null, now: Kept): Kept {
  const same = kept !== null && kept.machine === now.machine && kept.compiler === now.compiler;
  const all: Ratios = { ...(same ? kept.ratios : {}), ...now.ratios };
  const rows = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  const ratios = rows.map(([row, { p50, p95, rounds }]) => [row, { p50: short(p50), p95: short(p95), rounds }]);
  return { machine: now.machine, compiler: now.compiler, ratios: Object.fromEntries(ratios) };
}

export async function writeKept(file: string, kept: Kept): Promise<void> {
  await writeFile(file, `${JSON.stringify(kept, null, 2)}\n`);
}

function short(ratio: number): number {
  return Number(ratio.toFixed(3));
}
