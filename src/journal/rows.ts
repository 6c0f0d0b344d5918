import { z } from 'zod';

/**
 * Columns that hold JSON. A file that passes SQLite's own check may still hold a text that nobody wrote like this; such a
 * part then counts as not known.
 */
const finding = z.object({ code: z.string(), message: z.string(), recommendation: z.string().exactOptional() });
const timings = z.object({
  detect: z.number().exactOptional(),
  build: z.number().exactOptional(),
  validate: z.number().exactOptional(),
  assess: z.number().exactOptional(),
  load: z.number().exactOptional(),
  pause: z.number().exactOptional(),
  total: z.number().exactOptional(),
});
const state = z.object({
  bytes: z.number(),
  kept: z.number(),
  converted: z.number(),
  reset: z.number(),
  dropped: z.number(),
});
const symbols = z.array(z.string());
const entry = z.object({
  getInterface: symbols,
  init: symbols,
  update: symbols,
  shutdown: symbols,
  saveState: symbols,
  loadState: symbols,
  view: symbols,
});

const conflict = z.object({
  kind: z.enum(['versionDown', 'editDuringTransaction', 'stateChanged', 'duplicateSymbol', 'rangesCannotMeet']),
  strategy: z.enum(['latest', 'keep', 'ask']),
  decidedBy: z.enum(['default', 'config', 'function', 'user']),
  code: z.string(),
  text: z.string(),
});

const outcomes = [
  ...(['loaded', 'reloaded', 'refused', 'rolledBack', 'buildFailed', 'failed'] as const),
  'interrupted',
] as const;

const fromJson = <T extends z.ZodType>(schema: T) =>
  z.string().transform((text, context): z.output<T> => {
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      context.addIssue('not what was written');
      return z.NEVER;
    }
  });

export const entryRow = z.object({
  time: z.number(),
  module: z.string(),
  generation: z.number(),
  previous: z.number(),
  restores: z.number(),
  name: z.string().nullable(),
  phase: z.enum(['intent', 'decided', 'outcome']).nullable(),
  outcome: z.enum(outcomes).nullable(),
  level: z.enum(['SAFE', 'WARNING', 'UNSAFE', 'BLOCKED']).nullable().catch(null),
  reasons: fromJson(z.array(finding)).catch([]),
  timings: fromJson(timings).catch({}),
  state: fromJson(state).nullable().catch(null),
  version: z.string(),
  files: fromJson(z.array(z.string())).catch([]),
  conflicts: fromJson(z.array(conflict)).catch([]),
});

export const keptRow = z.object({
  hash: z.string(),
  entry: fromJson(entry),
  version: z.string(),
  level: z.enum(['SAFE', 'WARNING', 'UNSAFE', 'BLOCKED']).nullable().catch(null),
});

export const inputsOf = fromJson(z.record(z.string(), z.string())).catch({});

export const changesOf = fromJson(z.record(z.string(), z.string().nullable())).catch({});

export const unfinishedRow = z.object({
  name: z.string(),
  time: z.number(),
  phase: z.enum(['intent', 'decided']),
  module: z.string(),
  generation: z.number(),
  previous: z.number(),
});
