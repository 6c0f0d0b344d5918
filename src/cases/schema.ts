import { z } from 'zod';
import type { Json } from '../report/cases/types.js';

const outcome = z.enum(['loaded', 'reloaded', 'refused', 'rolledBack', 'buildFailed', 'failed', 'unchanged']);
const level = z.enum(['SAFE', 'WARNING', 'UNSAFE', 'BLOCKED']);
const json: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)]),
);

/** `returns` is compared like a state; `error` is the code of a call that must not be made, or crashes. */
const callExpectation = z.union([
  z.strictObject({ fn: z.string(), args: z.array(json), returns: json }),
  z.strictObject({ fn: z.string(), args: z.array(json), error: z.string() }),
]);

const conflict = z.strictObject({
  kind: z.enum(['versionDown', 'editDuringTransaction', 'stateChanged', 'duplicateSymbol', 'rangesCannotMeet']),
  strategy: z.enum(['latest', 'keep', 'ask']).optional(),
  decidedBy: z.enum(['default', 'config', 'function', 'user']).optional(),
});

const moduleExpectation = z.strictObject({
  outcome: outcome.optional(),
  level: level.optional(),
  /** Each must be among the codes of the step. */
  codes: z.array(z.string()).optional(),
  state: z.record(z.string(), json).optional(),
  call: z.array(callExpectation).optional(),
  /** Each must be among the conflicts of the step. */
  conflicts: z.array(conflict).optional(),
  maxDurationMs: z.number().positive().optional(),
});

const expectation = moduleExpectation.extend({
  /** In a case of several modules: what is expected of each. */
  modules: z.record(z.string(), moduleExpectation).optional(),
});

/** What happens while the modules of the step are built, before any of them is switched to. */
const during = z.strictObject({
  /** Another save: path to text. */
  files: z.record(z.string(), z.string()).optional(),
  call: z.array(z.strictObject({ fn: z.string(), args: z.array(json) })).optional(),
});

const step = z.strictObject({
  /** A folder of the case, laid over what the steps before left. */
  source: z.string().optional(),
  /** The same inline: path to text. */
  files: z.record(z.string(), z.string()).optional(),
  remove: z.array(z.string()).optional(),
  /** Accept an UNSAFE verdict. */
  force: z.boolean().optional(),
  /** Module to generation, null for the one before: the step goes back to these, in one transaction, and builds nothing. */
  rollback: z.record(z.string(), z.int().positive().nullable()).optional(),
  during: during.optional(),
  /** Updates that run after the step, at a fixed 1/60 s. */
  frames: z.int().nonnegative().optional(),
  expect: expectation.optional(),
});

/** A reload case (docs/ARCHITECTURE.md, Contracts): `case.json` in a folder of its own. */
export const caseSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string(),
  module: z.string(),
  steps: z.array(step).min(1),
  /** Milliseconds for the whole case; default 60,000. */
  timeoutMs: z.number().positive().optional(),
  /** Takes seconds by its nature; run first, so that the whole run is not held up at its end. */
  slow: z.boolean().optional(),
  /** Programs without which the case cannot run; where one is not on PATH, the case is skipped and says so. */
  needs: z.array(z.string()).optional(),
  /**
   * Processors (`x64`, `arm64`) and formats of libraries (`elf`, `mach-o`) that the case says nothing about, and why; it
   * is skipped there and says so.
   */
  notOn: z.record(z.string(), z.string()).optional(),
});

export type ReloadCase = z.infer<typeof caseSchema>;
export type CaseStep = z.infer<typeof step>;
export type ModuleExpectation = z.infer<typeof moduleExpectation>;
