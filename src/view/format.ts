import type { DecidedConflict, StateSummary, Timings } from '../events/events.js';
import type { Glyphs } from './glyphs.js';

/** Phases in the order they run, `total` last. */
export const phases = ['detect', 'build', 'validate', 'assess', 'load', 'pause', 'total'] as const;

/** Milliseconds as a number with about two significant places: `0.41`, `2.9`, `61`, `1204`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value) || value < 0) return '-';
  if (value < 0.995) return value.toFixed(2);
  if (value < 9.95) return value.toFixed(1);
  return String(Math.round(value));
}

/** Milliseconds with their unit: `0.41 ms`, `61 ms`, `1.2 s`. */
export function formatMs(value: number): string {
  if (!Number.isFinite(value) || value < 0) return '-';
  if (value < 999.5) return `${formatNumber(value)} ms`;
  return `${formatNumber(value / 1000)} s`;
}

/** Bytes in powers of 1024: `512 B`, `1.2 KiB`, `3.0 MiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes) || bytes < 0) return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** `12340` as `12,340`. */
export function formatCount(value: number): string {
  return String(Math.trunc(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 error`, `2 errors`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** The phases that ran, without the total: `detect 1.2, build 61, load 2.9, pause 0.41`, in milliseconds. */
export function formatPhases(timings: Timings, separator = ', '): string {
  return phases
    .filter((phase) => phase !== 'total')
    .flatMap((phase) => {
      const value = timings[phase];
      return value === undefined ? [] : [`${phase} ${formatNumber(value)}`];
    })
    .join(separator);
}

/** What became of the state, or an empty text where there was none. */
export function formatState(state: StateSummary): string {
  const { bytes, ...counts } = state;
  const parts = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [`${count} ${name}`] : []));
  if (bytes > 0) parts.unshift(`${formatBytes(bytes)} carried`);
  return parts.join(', ');
}

/** The nearest-rank percentile: the smallest value that at least `percent` of all values do not exceed. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** One bar a value for the newest `width` values, from zero to the highest, so that small changes look small. */
export function sparkline(values: readonly number[], width: number, glyphs: Glyphs): string {
  const shown = width > 0 ? values.slice(-width) : [];
  const top = Math.max(...shown, 0);
  return shown
    .map((value) => {
      const step = top > 0 ? Math.round((value / top) * (glyphs.bars.length - 1)) : 0;
      return glyphs.bars[step] ?? '';
    })
    .join('');
}

/** The wall clock of an event in local time, `14:03:22`. */
export function formatClock(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '--:--:--';
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** `versionDown decided by "latest" (the default)`. */
export function formatConflict({ kind, strategy, decidedBy }: DecidedConflict): string {
  return `${kind} decided by "${strategy}" (${deciders[decidedBy]})`;
}

const deciders: Readonly<Record<DecidedConflict['decidedBy'], string>> = {
  default: 'the default',
  config: 'reload.onConflict',
  function: 'the function reload.onConflict',
  user: 'asked, and answered by force',
};
