import { type Judgement, judge, lowest, type Ratios, tolerance } from './ratios.js';

/** How often a row that seems to have regressed is measured once more before it is called so. */
const mostRepeats = 2;

export interface Checked {
  readonly judgements: readonly Judgement[];
  readonly regressed: boolean;
}

/**
 * Judges ratios against the kept ones. What seems to be a regression is measured again, and only one that shows each time
 * is one: a busy moment of the machine does not.
 *
 * @param again measures the work of these rows anew
 */
export async function check(
  kept: Ratios,
  measured: Ratios,
  again: (rows: readonly string[]) => Promise<Ratios>,
  say: (text: string) => void,
): Promise<Checked> {
  let best = measured;
  for (let repeat = 1; repeat <= mostRepeats; repeat++) {
    const rows = judge(kept, best)
      .filter(({ verdict }) => verdict === 'regressed')
      .map(({ row }) => row);
    if (rows.length === 0) break;
    say(`Measured again before it counts (${repeat} of ${mostRepeats}): ${rows.join(', ')}.`);
    const repeated = await again(rows);
    // The other rows of the same work are measured anew with it; they have been judged.
    best = lowest(best, Object.fromEntries(Object.entries(repeated).filter(([row]) => rows.includes(row))));
  }
  const judgements = judge(kept, best);
  return { judgements, regressed: judgements.some(({ verdict }) => verdict === 'regressed') };
}

export function judgementText({ row, verdict, kept, measured, change }: Judgement): string {
  if (verdict === 'missing')
    return `NOT MEASURED  ${row}: kept as ${ratio(kept)}, and nothing was measured to compare with it.`;
  if (verdict === 'new') return `not kept      ${row}: ${ratio(measured)}; --keep keeps it.`;
  const figures = `${row}: ${ratio(measured)}, kept ${ratio(kept)} (${percent(change)})`;
  if (verdict === 'regressed') return `REGRESSED     ${figures}; more than ${tolerance * 100} % slower.`;
  return verdict === 'better' ? `better        ${figures}; --keep keeps it.` : `held          ${figures}`;
}

function ratio(value: number | null): string {
  return value?.toFixed(3) ?? '-';
}

function percent(change: number | null): string {
  return change === null ? '-' : `${change > 0 ? '+' : ''}${(change * 100).toFixed(1)} %`;
}
