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
  /** Of a target whose modules do not run here: what was left out, over all cases that passed or failed. */
  readonly notRun?: NotRun;
  readonly cases: readonly CaseResult[];
}

/** What only running code could have answered. */
export interface NotRun {
  readonly frames: number;
  /** Expectations about state, calls and times, and about verdicts that also depend on them. */
  readonly expectations: number;
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
  /** Where the step was only judged: `loaded` and `reloaded` then say that the version would be tried. */
  readonly notRun?: NotRun;
}

/** What was left out in all of these steps. */
export function sumNotRun(steps: readonly StepResult[]): NotRun {
  const sum = (of: (one: NotRun) => number): number =>
    steps.reduce((all, { notRun }) => all + (notRun ? of(notRun) : 0), 0);
  return { frames: sum(({ frames }) => frames), expectations: sum(({ expectations }) => expectations) };
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
    ...(reports.some((one) => one.notRun !== undefined)
      ? {
          notRun: {
            frames: sum((one) => one.notRun?.frames ?? 0),
            expectations: sum((one) => one.notRun?.expectations ?? 0),
          },
        }
      : {}),
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

/** `(5 frames and 3 expectations skipped)`; nothing where all of it ran. */
export function notRunText(steps: readonly StepResult[]): string {
  const { frames, expectations } = sumNotRun(steps);
  return frames + expectations === 0 ? '' : `(${frames} frames and ${expectations} expectations skipped)`;
}

/** ` on linux-arm64, emulated, 0 faults of the emulator`, or what was not run; nothing for a run on this machine. */
export function onWhat({ target, emulated, emulatorFaults = 0, notRun }: CaseReport): string {
  if (target === undefined) return '';
  const count = emulatorFaults === 1 ? '1 fault' : `${emulatorFaults} faults`;
  const faults = emulated === true ? `, emulated, ${count} of the emulator` : '';
  if (notRun === undefined) return ` on ${target}${faults}`;
  return ` on ${target}${faults}, judged and not run: ${notRun.frames} frames and ${notRun.expectations} expectations skipped`;
}
