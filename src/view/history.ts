import { basename } from 'node:path';
import type { Diagnostic, EventOf } from '../events/events.js';
import { formatClock, formatConflict, formatCount, formatMs, formatNumber, plural } from './format.js';
import { type Glyphs, levelStyle } from './glyphs.js';
import { fitLine, type Line, lineWidth, type Style, seg } from './line.js';
import { crashWord, failureWord } from './reduce-module.js';
import { type HistoryEntry, keptHistory, type ViewState } from './state.js';
import { cleanLine, fitName, fitText } from './text.js';

export type NewEntry = Omit<HistoryEntry, 'id'>;

/** The widths that keep the lines of different modules aligned below each other. */
const moduleWidth = 12;
const roomy = { from: 76, outcomeWidth: 16 };
const narrow = { moduleWidth: 10, outcomeWidth: 12 };

export function addToHistory(state: ViewState, entry: NewEntry): ViewState {
  const id = state.historyCount + 1;
  return { ...state, historyCount: id, history: [...state.history, { id, ...entry }].slice(-keptHistory) };
}

export function reloadEntry(event: EventOf<'reload:done'>, diagnostics: readonly Diagnostic[]): NewEntry {
  return {
    time: event.time,
    module: event.module,
    generation: event.generation,
    kind: event.outcome,
    level: event.outcome === 'buildFailed' ? null : event.level,
    totalMs: event.timings.total ?? (event.durationMs > 0 ? event.durationMs : null),
    timings: event.timings,
    reason: reasonOf(event, diagnostics),
  };
}

export function crashEntry(event: EventOf<'host:crash'>): NewEntry {
  const place = event.file === '' ? '' : ` at ${event.file}${event.line > 0 ? `:${event.line}` : ''}`;
  const where = event.function === '' ? place : ` in ${event.function}${place}`;
  return {
    time: event.time,
    module: event.module === '' ? 'host' : event.module,
    generation: event.generation,
    kind: 'crashed',
    level: null,
    totalMs: null,
    timings: {},
    reason: `${event.code} ${crashWord(event.signal)}${/^SIG/.test(event.signal) ? ` with ${event.signal}` : ''}${where}`,
  };
}

/** Many at once of which each line would say the same, such as all modules after the edit of a header they share. */
export interface HistorySummary {
  readonly summary: string;
  /** Its sign stands for all of them: one that did not go well, where any did not. */
  readonly like: HistoryEntry;
  /** Of the last of them. */
  readonly id: number;
  readonly time: string;
}

export type HistoryItem = HistoryEntry | HistorySummary;

/** In a project of more modules, lines of more than so many at once are what nobody reads. */
const manyModules = 50;
const mostAtOnce = 4;

/**
 * What came after the entry `lastId`: line by line; where it is about many modules of a large project, what did not go
 * well, and one line for the rest.
 */
export function historySince(
  { history, modules }: Pick<ViewState, 'history' | 'modules'>,
  lastId: number,
): readonly HistoryItem[] {
  const fresh = history.filter((entry) => entry.id > lastId);
  const [first, last] = [fresh[0], fresh.at(-1)];
  if (first === undefined || last === undefined || modules.length <= manyModules) return fresh;
  if (new Set(fresh.map(({ module }) => module)).size <= mostAtOnce) return fresh;
  const unsaid = first.id - lastId - 1;
  const others = fresh.filter((entry) => !wentWell(entry));
  const told = new Set(others.slice(-mostAtOnce));
  const summarised = fresh.filter((entry) => !told.has(entry));
  const counts = [...Map.groupBy(summarised, (entry) => outcomeText(entry, true))];
  const parts = [
    ...counts.map(([outcome, { length }]) => `${plural(length, 'module')} ${outcome}`),
    ...(unsaid > 0 ? [`${formatCount(unsaid)} before them`] : []),
  ];
  const like = summarised.find((entry) => !wentWell(entry)) ?? summarised[0];
  if (like === undefined) return [...told];
  return [...told, { summary: parts.join(', '), like, id: last.id, time: last.time }];
}

function wentWell({ kind, level }: HistoryEntry): boolean {
  return (kind === 'loaded' || kind === 'reloaded') && level === 'SAFE';
}

export function historyItemLine(item: HistoryItem, width: number, glyphs: Glyphs): Line {
  if (!('summary' in item)) return historyLine(item, width, glyphs);
  const { mark, style } = signOf(item.like, glyphs);
  const line = [seg(`${formatClock(item.time)} `, 'dim'), seg(`${mark} `, style), seg(item.summary, 'strong')];
  return fitLine(line, width, glyphs.ellipsis);
}

/**
 * One line of the past: clock, module, generation, outcome with its level, total, then why it is not SAFE, then the
 * phases. What is most worth knowing stands first, because a narrow terminal cuts the end.
 */
export function historyLine(entry: HistoryEntry, width: number, glyphs: Glyphs): Line {
  const { mark, style } = signOf(entry, glyphs);
  const wide = width >= roomy.from;
  const clean = (text: string): string => cleanLine(text, glyphs.unicode);
  const line = [
    seg(`${formatClock(entry.time)} `, 'dim'),
    seg(`${mark} `, style),
    seg(`${fitName(clean(entry.module), wide ? moduleWidth : narrow.moduleWidth, glyphs.ellipsis)} `, 'strong'),
    seg((entry.generation > 0 ? `#${entry.generation}` : '').padEnd(5), 'dim'),
    seg(
      `${fitText(outcomeText(entry, wide), wide ? roomy.outcomeWidth : narrow.outcomeWidth, glyphs.ellipsis)} `,
      style,
    ),
    seg(`${fitText(entry.totalMs === null ? '' : formatMs(entry.totalMs), 7, '', 'right')}  `),
    ...(entry.reason === '' ? [] : [seg(`${clean(entry.reason)}  `)]),
  ];
  return fitLine([...line, seg(phasesThatFit(entry, width - lineWidth(line)), 'dim')], width, glyphs.ellipsis);
}

/** As many phases as there is room for, the most telling first; one that is cut in half would tell a wrong number. */
function phasesThatFit(entry: HistoryEntry, room: number): string {
  let text = '';
  for (const phase of ['build', 'pause', 'load', 'detect', 'validate', 'assess'] as const) {
    const value = entry.timings[phase];
    if (value === undefined) continue;
    const longer = `${text}${text === '' ? '' : ', '}${phase} ${formatNumber(value)}`;
    if (longer.length > room) break;
    text = longer;
  }
  return text;
}

/** `reloaded WARNING`; where room is short, the level alone, or the outcome alone where it is SAFE. */
function outcomeText(entry: HistoryEntry, wide: boolean): string {
  if (entry.kind === 'crashed') return 'crashed';
  const word = failureWord(entry.kind);
  if (entry.kind !== 'loaded' && entry.kind !== 'reloaded' && entry.kind !== 'refused') return word;
  if (entry.level === null) return word;
  if (wide) return `${word} ${entry.level}`;
  return entry.level === 'SAFE' ? word : entry.level;
}

function signOf(entry: HistoryEntry, glyphs: Glyphs): { readonly mark: string; readonly style: Style } {
  const ran = entry.kind === 'loaded' || entry.kind === 'reloaded';
  if (!ran) return { mark: entry.level === 'BLOCKED' ? glyphs.blocked : glyphs.bad, style: 'bad' };
  if (entry.level === null || entry.level === 'SAFE') return { mark: glyphs.good, style: 'good' };
  return { mark: entry.level === 'WARNING' ? glyphs.warn : glyphs.bad, style: levelStyle[entry.level] };
}

function reasonOf(event: EventOf<'reload:done'>, diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((one) => one.severity === 'error');
  const [error] = errors;
  if (event.outcome === 'buildFailed' && error !== undefined) {
    const line = error.line > 0 ? `:${error.line}` : '';
    const place = error.file === '' ? '' : `${basename(error.file)}${line}: `;
    return `${place}${error.message}${more(errors.length)}`;
  }
  const [reason] = event.reasons;
  if (
    reason === undefined ||
    (event.level === 'SAFE' && event.outcome !== 'failed' && event.outcome !== 'rolledBack')
  ) {
    const [conflict] = event.conflicts ?? [];
    return conflict === undefined ? '' : `${conflict.code} ${formatConflict(conflict)}`;
  }
  return `${reason.code} ${reason.message}${more(event.reasons.length)}`;
}

function more(count: number): string {
  return count > 1 ? ` (and ${count - 1} more)` : '';
}
