import type { Level, Outcome, Timings } from '../../events/events.js';
import type { Json } from '../../events/json.js';

export type { Json };

/** The result of a run of reload cases; what `--reporter json` prints as it is (docs/ARCHITECTURE.md, Contracts). */
export interface CaseReport {
  /** Numbers of cases. Every case counts in exactly one of the three. */
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** The target, where it is not this machine: then times say nothing, and are those of an emulator where `emulated`. */
  readonly target?: string;
  readonly emulated?: boolean;
  /** Cases that failed once and then passed: what the emulator does wrong does not repeat itself. */
  readonly emulatorFaults?: number;
  readonly cases: readonly CaseResult[];
}

export interface CaseResult {
  readonly name: string;
  /** The case.json, relative to the project's root. */
  readonly file: string;
  /** 1-based line in `file` of the step that failed; left out where unknown. */
  readonly line?: number;
  /** True where nothing failed, so for skipped cases too. */
  readonly ok: boolean;
  readonly skipped?: boolean;
  /** What went wrong the first time, where the case was run again under an emulator and passed. */
  readonly emulatorFault?: string;
  /** What was expected and what came, or why it was skipped; empty where it passed. May have several lines. */
  readonly message: string;
  readonly steps: readonly StepResult[];
}

export interface StepResult {
  /** `unchanged`: what ran already was what the source gives, so nothing was reloaded. */
  readonly outcome: Outcome | 'unchanged';
  readonly level: Level;
  readonly codes: readonly string[];
  /** Values by path, as far as the step asked for them. */
  readonly state: { readonly [path: string]: Json };
  readonly durationMs: number;
  readonly timings: Timings;
}

/** One report of the same cases on several targets; the name of a case then says on which. */
export function mergeReports(reports: readonly CaseReport[]): CaseReport {
  const [first, ...others] = reports;
  if (first === undefined || others.length === 0) return first ?? { passed: 0, failed: 0, skipped: 0, cases: [] };
  const sum = (of: (report: CaseReport) => number): number => reports.reduce((total, one) => total + of(one), 0);
  return {
    passed: sum((one) => one.passed),
    failed: sum((one) => one.failed),
    skipped: sum((one) => one.skipped),
    target: reports.map((one) => one.target ?? 'native').join(' and '),
    emulated: reports.some((one) => one.emulated === true),
    emulatorFaults: sum((one) => one.emulatorFaults ?? 0),
    cases: reports.flatMap(({ target = 'native', cases }) =>
      cases.map((one) => ({ ...one, name: `${one.name} [${target}]` })),
    ),
  };
}

/** Milliseconds of all steps of a case. */
export function caseDuration(result: CaseResult): number {
  return result.steps.reduce((sum, step) => sum + step.durationMs, 0);
}

/** `passed`, `failed` or `skipped`. */
export function caseStatus(result: CaseResult): 'passed' | 'failed' | 'skipped' {
  if (result.skipped === true) return 'skipped';
  return result.ok ? 'passed' : 'failed';
}

/** ` on linux-arm64, emulated, 0 faults of the emulator`; nothing for a run on this machine. */
export function onWhat({ target, emulated, emulatorFaults = 0 }: CaseReport): string {
  if (target === undefined) return '';
  return ` on ${target}${emulated === true ? `, emulated, ${emulatorFaults} faults of the emulator` : ''}`;
}
