import type { Judged } from '../session/judge.js';
import { compare } from './compare.js';
import type { Observed } from './observe.js';
import type { CaseStep, ModuleExpectation } from './schema.js';

/** What a look at files made of one step. */
export interface JudgedStep {
  readonly wrong: readonly string[];
  /** Expectations that were compared, and those that only running code could answer. */
  readonly checked: number;
  readonly notRun: number;
}

/**
 * Compares a step with the verdicts on its modules. What the step expects to come of it decides what the next one is
 * compared with: a version that would be tried and then fail, or whose live values refuse it, does not stay.
 */
export function judgeStep(
  step: CaseStep,
  module: string,
  judged: ReadonlyMap<string, Judged>,
  observedOf: (module: string) => Observed,
): JudgedStep {
  const { modules = {}, ...own } = step.expect ?? {};
  const expected = new Map<string, ModuleExpectation>([...Object.entries(modules), [module, own]]);
  const results = [...new Set([...judged.keys(), ...expected.keys()])].map((name) => {
    const who = name === module ? 'the module' : name;
    return judgeModule(expected.get(name) ?? {}, judged.get(name) ?? null, observedOf(name), who);
  });
  return {
    wrong: results.flatMap((one) => one.wrong),
    checked: results.reduce((sum, one) => sum + one.checked, 0),
    notRun: results.reduce((sum, one) => sum + one.notRun, 0),
  };
}

function judgeModule(expected: ModuleExpectation, judged: Judged | null, seen: Observed, who: string): JudgedStep {
  const { outcome, level, codes } = expected;
  const live =
    Object.keys(expected.state ?? {}).length + (expected.call ?? []).length + (expected.maxDurationMs ? 1 : 0);
  const verdicts = [outcome, level, codes].filter((one) => one !== undefined).length;
  const wouldRun = judged?.outcome === 'loaded' || judged?.outcome === 'reloaded';
  const stays = outcome === undefined || outcome === 'loaded' || outcome === 'reloaded';
  if (wouldRun && stays) judged?.take();

  const fails = outcome === 'rolledBack' || outcome === 'failed';
  if (judged !== null && (judged.open !== null || (wouldRun && fails))) {
    return { wrong: [], checked: 0, notRun: live + verdicts };
  }
  const observed =
    judged === null ? seen : { ...seen, ...judged, codes: [...new Set([...seen.codes, ...judged.codes])] };
  // What goes wrong or is found out after loading has codes of its own.
  const early = codes?.filter((code) => !(wouldRun && code.startsWith('HM5')));
  const left = (codes?.length ?? 0) - (early?.length ?? 0);
  const wrong = compare(
    {
      ...(outcome === undefined ? {} : { outcome }),
      ...(level === undefined ? {} : { level }),
      ...(early === undefined ? {} : { codes: early }),
    },
    observed,
    who,
  );
  return { wrong, checked: verdicts, notRun: live + left };
}
