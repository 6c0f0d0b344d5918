import type { CommitStep, RawCrash } from './host.js';
import type { ReportReader } from './report.js';
import { signalName } from './signals.js';
import { noStack, type RawStack, readStack } from './stack.js';

/** Steps in the order of `hot_step_t` (engine/hotmod_engine.h). */
export const commitSteps: readonly CommitStep[] = [
  'prepare_reload',
  'save_state',
  'transfer',
  'migrate_state',
  'init',
  'load_state',
  'complete_reload',
  'switch',
  'retire',
];

/** In the order of `hot_problem_t`. */
export const problemNames = [
  'none',
  'notLoaded',
  'noEntry',
  'wrongApi',
  'returned',
  'crashed',
  'notStaged',
  'nothingBefore',
  'noMemory',
  'notStarted',
  'badPlan',
  'transferRefused',
  'noMigration',
  'badState',
  'unbound',
  'critical',
  'staleBase',
  'pastAddress',
] as const;

/** What the engine says went wrong, as `hot_failure_t` has it. */
export interface Failure {
  readonly problem: (typeof problemNames)[number];
  readonly step: CommitStep;
  readonly value: number;
  readonly signal: number;
  readonly address: bigint;
  readonly module: string;
  readonly call: string;
  readonly text: string;
  readonly stack: RawStack;
}

export interface FailureText {
  readonly code: string;
  readonly message: string;
  readonly crash?: RawCrash;
}

const stepCodes: Readonly<Record<CommitStep, string>> = {
  prepare_reload: 'HM502',
  save_state: 'HM503',
  transfer: 'HM518',
  migrate_state: 'HM504',
  init: 'HM505',
  load_state: 'HM506',
  complete_reload: 'HM507',
  switch: 'HM508',
  retire: 'HM508',
};

export function readFailure(report: ReportReader): Failure {
  const problem = problemNames[report.number()] ?? 'noMemory';
  return {
    problem,
    step: commitSteps[report.number()] ?? 'prepare_reload',
    value: report.number(),
    signal: report.number(),
    address: report.bigint(),
    module: report.text(),
    call: report.text(),
    text: report.text(),
    stack: problem === 'crashed' ? readStack(report) : noStack,
  };
}

/** A plan that the engine did not take: the number is that of `hot_problem_t`. */
export function planFailure(module: string, problem: number): Failure {
  return {
    problem: problemNames[problem] ?? 'noMemory',
    step: 'transfer',
    value: 0,
    signal: 0,
    address: 0n,
    module,
    call: '',
    text: '',
    stack: noStack,
  };
}

/** The failure as a sentence with a way out; `apiVersion` is the one that modules must be built for. */
export function describeFailure(failure: Failure, apiVersion = 1): FailureText {
  const { module } = failure;
  switch (failure.problem) {
    case 'notLoaded':
      return { code: 'HM501', message: `The library of "${module}" could not be loaded: ${failure.text}.` };
    case 'noEntry':
      return {
        code: 'HM514',
        message: `"${module}" gave no interface: ${failure.text}. Return a pointer to a static module_interface_t.`,
      };
    case 'wrongApi':
      return {
        code: 'HM402',
        message: `"${module}" was built for api_version ${failure.value}, this engine speaks ${apiVersion}. Rebuild it with this version's module_interface.h and set info.api_version to MODULE_API_VERSION.`,
      };
    case 'returned':
      return {
        code: stepCodes[failure.step],
        message: `${failure.call} of "${module}" returned ${failure.value} instead of 0. The version before it runs on.`,
      };
    case 'crashed':
      return {
        code: 'HM508',
        message: describeCrash(failure),
        crash: { signal: signalName(failure.signal), address: failure.address, stack: failure.stack },
      };
    case 'notStaged':
      return { code: 'HM501', message: `"${module}" has no new version waiting to be switched to.` };
    case 'nothingBefore':
      return { code: 'HM515', message: `"${module}" has no earlier version in this process to go back to.` };
    case 'noMemory':
      return { code: 'HM501', message: `There is not enough memory to load "${module}".` };
    case 'badPlan':
      return {
        code: 'HM519',
        message: `The plan that carries the state of "${module}" over does not fit its libraries. This is a bug of hotmod; nothing was changed.`,
      };
    case 'transferRefused':
      return {
        code: 'HM518',
        message: `A live value of "${module}" does not fit its new version (check ${failure.value}). The version before it runs on with its state as it was.`,
      };
    case 'noMigration':
      return {
        code: 'HM504',
        message: `The saved state of "${module}" has version ${failure.value >>> 0}, the new version declares version ${failure.address}, and no migrations of its HOTMOD_STATE_VERSION lead from one to the other. Add the steps that are missing; the version before it runs on.`,
      };
    case 'badState':
      return {
        code: stepCodes[failure.step],
        message: `The saved state of "${module}" cannot be used: ${failure.text}. The version before it runs on.`,
      };
    case 'unbound':
      return {
        code: 'HM307',
        message: `"${module}" uses ${failure.text}, which the version of it that is to run does not export. Nothing was changed.`,
      };
    case 'critical':
      return {
        code: 'HM570',
        message: `"${module}" is in a critical section${failure.text === '' ? '' : ` (${failure.text})`}. Nothing was changed.`,
      };
    case 'staleBase':
      return {
        code: 'HM528',
        message: `Generation ${failure.value} of "${module}" runs, and not the one that was to be replaced: that one crashed meanwhile and was taken back.`,
      };
    case 'pastAddress':
      return {
        code: 'HM590',
        message: `its memory from module_alloc holds 0x${failure.address.toString(16)}, which may have been an address in the host that ended`,
      };
    case 'notStarted':
    case 'none':
      return { code: 'HM512', message: `The engine was asked for "${module}" while it does not run.` };
  }
}

function describeCrash(failure: Failure): string {
  const where = failure.text === '' ? '' : ` in ${failure.text}`;
  const address = failure.address === 0n ? '' : ` at address 0x${failure.address.toString(16)}`;
  return `${failure.call} of "${failure.module}" crashed with ${signalName(failure.signal)}${where}${address}. The version before it runs on.`;
}
