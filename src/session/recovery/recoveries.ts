import type { CrashAction, CrashReport, RecoveredReport, RecoveryConfig } from '../../config/resolved.js';
import { messageOf } from '../../errors.js';
import type { Bus } from '../../events/bus.js';
import type { RecoveryStatistics } from '../../events/events.js';
import type { ModuleRecovered } from '../../host/host.js';
import { createRecoveryTally } from './statistics.js';

/** Who is told of crashes: the callbacks of the user's config, and the statistics. */
export interface Recoveries {
  /**
   * Tells `onCrash`.
   *
   * @returns what it chose; null where it chose nothing, or nothing is left to be chosen. Then nobody waits for it.
   */
  crashed(report: CrashReport): Promise<CrashAction | null>;
  /** It has been dealt with; where the module runs again, tells `onRecovered`. */
  dealtWith(report: RecoveredReport, outcome: { readonly recovered: boolean; readonly tried: boolean }): void;
  calledAgain(recovered: ModuleRecovered): void;
  statistics(): RecoveryStatistics;
}

type Callback = 'onCrash' | 'onRecovered';

/** @param config asked each time, because it changes while the session runs. */
export function createRecoveries(bus: Bus, config: () => RecoveryConfig): Recoveries {
  const tally = createRecoveryTally();
  const said = new Set<string>();

  /** What goes wrong in a callback is the user's to know, once, and nobody else's. */
  const say = (code: string, callback: Callback, what: string): void => {
    const key = `${code} ${callback}`;
    if (said.has(key)) return;
    said.add(key);
    bus.emit({ type: 'session:problem', code, message: `recovery.${callback} ${what} This is said once.` });
  };

  const call = async (callback: Callback, run: () => unknown): Promise<unknown> => {
    const { callbackTimeoutMs } = config();
    const late = Symbol('late');
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => {
      timer = setTimeout(() => resolve(late), callbackTimeoutMs);
    });
    try {
      const answer = await Promise.race([(async () => run())(), patience]);
      if (answer !== late) return answer;
      say('HM532', callback, `did not end within ${callbackTimeoutMs} ms, and nobody waits for it any longer.`);
    } catch (error) {
      say('HM531', callback, `failed: ${messageOf(error)}.`);
    } finally {
      clearTimeout(timer);
    }
    return undefined;
  };

  return {
    async crashed(report) {
      const { onCrash } = config();
      if (onCrash === null) return null;
      const { choices } = report;
      const asked = call('onCrash', () => onCrash(report)).then((answer) => {
        if (answer === undefined || answer === null) return null;
        const chosen = choices.find((one) => one === answer);
        if (chosen === undefined) say('HM533', 'onCrash', describeAnswer(answer, report));
        return chosen ?? null;
      });
      return choices.length === 0 ? null : asked;
    },
    dealtWith(report, { recovered, tried }) {
      const { module, crashed, generation, errorClass, action, recoveryMs } = report;
      tally.add({ module, errorClass, tried, recovered, recoveryMs });
      const counts = tally.countsOf(module);
      bus.emit({
        type: 'recovery:done',
        ...{ module, generation, crashed, errorClass, action, recovered, recoveryMs, counts },
      });
      const { onRecovered } = config();
      if (recovered && onRecovered !== null) void call('onRecovered', () => onRecovered(report));
    },
    calledAgain: ({ module, recoveryMs }) => tally.addNextCall(module, recoveryMs),
    statistics: tally.statistics,
  };
}

function describeAnswer(answer: unknown, { errorClass, choices }: CrashReport): string {
  const given = typeof answer === 'string' ? `"${answer}"` : `a value of type ${typeof answer}`;
  if (choices.length === 0) return `gave ${given} for ${errorClass}, where everything had been done already.`;
  return `gave ${given} for ${errorClass}; possible are ${choices.map((one) => `"${one}"`).join(', ')}.`;
}
