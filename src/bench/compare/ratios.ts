import { percentile } from '../statistics.js';
import type { Measured } from './measure.js';

/** How long one contestant takes beside another, from the ratios of single rounds. */
export interface Ratio {
  readonly p50: number;
  readonly p95: number;
  readonly rounds: number;
}

/** By row, as `c-small: hotmod / plain`. */
export type Ratios = Readonly<Record<string, Ratio>>;

/** A median that is worse by more than this share of the kept one is a regression. */
export const tolerance = 0.15;

export interface Judgement {
  readonly row: string;
  /** `missing`: kept, and not measured; `new`: measured, and not kept. */
  readonly verdict: 'held' | 'better' | 'regressed' | 'missing' | 'new';
  readonly kept: number | null;
  readonly measured: number | null;
  /** Share of the kept ratio; positive is slower. Null where there is nothing to compare. */
  readonly change: number | null;
}

/**
 * Each contestant beside the base, round by round. The machine's moods are the same within a round, so that the median of
 * these ratios moves less than the ratio of the medians.
 */
export function ratiosOf({ work, base, samples }: Measured): ReadonlyMap<string, Ratio & { readonly row: string }> {
  const plain = samples.get(base) ?? [];
  return new Map(
    [...samples].map(([name, list]) => {
      const each = list.map(({ ms }, round) => ms / (plain[round]?.ms ?? Number.NaN));
      const ratio = { p50: percentile(each, 50), p95: percentile(each, 95), rounds: list.length };
      return [name, { ...ratio, row: `${work}: ${name} / ${base}` }];
    }),
  );
}

/** The ratios that are ours to keep: those of hotmod. What make takes beside a compiler is no matter of this project. */
export function ownRatios(measured: Measured): Ratios {
  if (measured.base === '') return {};
  const own = [...ratiosOf(measured)].filter(([name]) => name.startsWith('hotmod'));
  return Object.fromEntries(own.map(([, { row, p50, p95, rounds }]) => [row, { p50, p95, rounds }]));
}

/** Compares what was measured with what was kept; only medians decide, because a p95 of few rounds is one round. */
export function judge(kept: Ratios, measured: Ratios): readonly Judgement[] {
  const rows = new Set([...Object.keys(kept), ...Object.keys(measured)]);
  return [...rows].sort().map((row) => judgeRow(row, kept[row], measured[row]));
}

function judgeRow(row: string, kept: Ratio | undefined, measured: Ratio | undefined): Judgement {
  const both = { row, kept: kept?.p50 ?? null, measured: measured?.p50 ?? null };
  if (kept === undefined) return { ...both, verdict: 'new', change: null };
  if (measured === undefined) return { ...both, verdict: 'missing', change: null };
  const change = measured.p50 / kept.p50 - 1;
  if (change > tolerance) return { ...both, verdict: 'regressed', change };
  return { ...both, verdict: change < -tolerance ? 'better' : 'held', change };
}

/** The row of the better median of each: what a quiet machine can do, a busy one only hides. */
export function lowest(first: Ratios, second: Ratios): Ratios {
  const merged = { ...first };
  for (const [row, ratio] of Object.entries(second)) {
    const known = merged[row];
    if (known === undefined || ratio.p50 < known.p50) merged[row] = ratio;
  }
  return merged;
}
