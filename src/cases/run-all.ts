import { type CaseReport, type CaseResult, caseStatus, sumNotRun } from '../report/cases/types.js';
import { openWarmTools } from '../session/warm-tools.js';
import { isEmulated } from '../target/targets.js';
import type { FoundCase } from './find.js';
import { type CaseSurroundings, runCase } from './run-case.js';

/** Runs cases, a few at a time, slow ones first; the report has them in the order given. */
export async function runCases(
  cases: readonly FoundCase[],
  around: CaseSurroundings,
  jobs: number,
  onResult: (result: CaseResult) => void = () => {},
): Promise<CaseReport> {
  // What is to be said of them no case waits for.
  await using warm = openWarmTools({ ...around, say: () => undefined });
  const results = new Map<FoundCase, CaseResult>();
  const waiting = [...cases].sort((a, b) => Number(b.reloadCase.slow ?? false) - Number(a.reloadCase.slow ?? false));
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await runTwiceUnderEmulator(next, { ...around, warm });
      results.set(next, result);
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, worker));

  const ordered = cases.flatMap((one) => results.get(one) ?? []);
  const count = (status: ReturnType<typeof caseStatus>): number =>
    ordered.filter((one) => caseStatus(one) === status).length;
  const counts = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  if (around.target.runs.how === 'not') {
    const notRun = sumNotRun(ordered.filter((one) => caseStatus(one) !== 'skipped').flatMap(({ steps }) => steps));
    return { ...counts, target: around.target.name, notRun, cases: ordered };
  }
  if (!isEmulated(around.target)) return { ...counts, cases: ordered };
  const emulatorFaults = ordered.filter((one) => one.emulatorFault !== undefined).length;
  return { ...counts, target: around.target.name, emulated: true, emulatorFaults, cases: ordered };
}

/** A fault of a module repeats itself. What does not was the emulator's, and is told apart from what the case says. */
async function runTwiceUnderEmulator(found: FoundCase, around: CaseSurroundings): Promise<CaseResult> {
  const first = await runCase(found, around);
  if (first.ok || !isEmulated(around.target)) return first;
  const second = await runCase(found, around);
  return second.ok ? { ...second, emulatorFault: first.message } : first;
}
