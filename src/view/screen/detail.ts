import type { Timings } from '../../events/events.js';
import { formatNumber, formatState, percentile, phases, sparkline } from '../format.js';
import { levelGlyph, levelStyle, verdictMark } from '../glyphs.js';
import { type Line, type Segment, seg } from '../line.js';
import { recoveryText } from '../recovery-text.js';
import { failureWord } from '../reduce-module.js';
import type { ModuleState } from '../state.js';
import { cleanLine } from '../text.js';
import { otherErrors } from './errors.js';
import { hasTrend, totalsOf } from './modules.js';
import { codeLines, type Frame, fitAll, head, ruleLine } from './parts.js';

/** The title of everything that is about the selected module: `── traffic #4 · ! WARNING ──── ▂▃▅ ──`. */
export function detailTitle(frame: Frame, module: ModuleState): Line {
  const { glyphs } = frame;
  const clean = cleanLine(module.name, glyphs.unicode);
  const title: Segment[] = [seg(clean, 'strong')];
  if (module.generation > 0) title.push(seg(` #${module.generation}`, 'dim'));
  if (module.older > 0) title.push(seg(`  runs #${module.older} again; the source is newer`, 'warn'));
  if (module.pinned > 0) title.push(seg(`  pinned at #${module.pinned}`, 'accent'));
  // A build that failed has no verdict; the one of the version that runs would only confuse here.
  if (module.level !== null && module.failure !== 'build failed')
    title.push(seg(`  ${verdictMark(module.level, glyphs)}`, levelStyle[module.level]));
  if (module.failure !== '') {
    title.push(seg(`  ${glyphs.bad} ${module.failure}`, 'bad'));
    if (module.generation > 0 && module.stage === 'failed') title.push(seg(`, #${module.generation} runs on`, 'dim'));
  }
  return ruleLine(title, frame, titleEnd(frame, module));
}

/** How many errors more there are; otherwise the trend, where the table of modules has no room for it. */
function titleEnd(frame: Frame, module: ModuleState): readonly Segment[] {
  const others = otherErrors(module, frame);
  if (others !== '') return [seg(others, 'dim')];
  const bars = hasTrend(frame) ? '' : sparkline(totalsOf(module), 20, frame.glyphs);
  return bars === '' ? [] : [seg(bars, 'accent')];
}

/** Why the verdict is what it is, and what to do about it. A verdict of SAFE needs no words. */
export function reasonLines(frame: Frame, module: ModuleState, rows: number): readonly Line[] {
  return head(fitAll(allReasons(frame, module), frame), rows, frame);
}

export function reasonCount(frame: Frame, module: ModuleState): number {
  return allReasons(frame, module).length;
}

function allReasons(frame: Frame, module: ModuleState): readonly Line[] {
  const { glyphs } = frame;
  const clean = (text: string): string => cleanLine(text, glyphs.unicode);
  const waits = module.stage === 'deferred' ? module.deferredBy : [];
  const lines = waits.flatMap((reason) => codeLines(`  ${glyphs.busy} `, 'warn', `waits: ${clean(reason)}`, frame));
  const targets = Object.entries(module.targets).flatMap(([name, { good, text, level }]) => {
    const mark = good ? levelGlyph(level, glyphs) : glyphs.bad;
    return codeLines(`  ${mark} ${name} `, good ? levelStyle[level] : 'bad', clean(text === '' ? level : text), frame);
  });
  const reasons = module.reasons.flatMap((reason) => {
    const mark = `  ${levelGlyph(reason.level, glyphs)} ${reason.code} `;
    const place = reason.where === '' ? '' : `  ${clean(reason.where)}`;
    // SAFE needs no way out.
    const advice = reason.level === 'SAFE' ? '' : clean(reason.recommendation);
    return [
      ...codeLines(mark, levelStyle[reason.level], `${clean(reason.message)}${place}`, frame),
      ...(advice === '' ? [] : codeLines(`    ${glyphs.arrow} `, 'dim', advice, frame, 'dim')),
    ];
  });
  // Those that are no reason of the verdict: nothing was at stake.
  const told = new Set(module.reasons.map((reason) => reason.message));
  const conflicts = module.conflicts.filter(({ text }) => !told.has(text));
  const decided = conflicts.flatMap(({ code, text }) =>
    codeLines(`  ${glyphs.warn} ${code} `, 'warn', clean(text), frame),
  );
  return [...lines, ...decided, ...reasons, ...targets, ...keptLines(frame, module)];
}

/** Old versions that stay in memory, the newest ones, as far as anybody can do something about them. */
function keptLines(frame: Frame, module: ModuleState): readonly Line[] {
  const { glyphs } = frame;
  const told = module.kept.filter(({ code }) => code !== asItMust);
  const others = told.length - shownKept;
  const more = others > 0 ? ` (${others} more stay)` : '';
  return told
    .slice(-shownKept)
    .flatMap(({ code, message }, index, { length }) =>
      codeLines(
        `  ${glyphs.dot} ${code} `,
        'dim',
        cleanLine(`${message}${index === length - 1 ? more : ''}`, glyphs.unicode),
        frame,
        'dim',
      ),
    );
}

const asItMust = 'HM579';
const shownKept = 2;

/** Milliseconds by phase: the last reload, then p50 and p95 of the last hundred, then what became of the state. */
export function timingLines(frame: Frame, module: ModuleState, rows: number): readonly Line[] {
  if (module.timings === null) return [];
  const columns: readonly Column[] = phases.map((phase) => ({
    phase,
    last: module.timings?.[phase],
    recent: module.recent.flatMap((timings) => timings[phase] ?? []),
  }));
  const some = fitting(
    columns.filter((column) => column.last !== undefined || column.recent.length > 0),
    frame.columns - 6,
  );
  const lines: Line[] = [
    [seg(`  ${'ms'.padEnd(4)}`, 'dim'), ...some.map((column) => seg(column.phase.padStart(cellWidth), 'dim'))],
    timingRow('last', some, (column) => column.last, 'plain'),
  ];
  if (module.recent.length > 1) {
    lines.push(timingRow('p50', some, (column) => percentile(column.recent, 50), 'dim'));
    lines.push(timingRow('p95', some, (column) => percentile(column.recent, 95), 'dim'));
  }
  const state = module.state === null ? '' : formatState(module.state);
  if (state !== '') lines.push([seg('  state ', 'dim'), seg(state)]);
  const { recovery } = module;
  if (recovery !== null) lines.push([seg('  crash ', 'dim'), seg(recoveryText(recovery))]);
  return fitAll(lines.slice(0, rows), frame);
}

/** The last generations and what became of them, newest first, in one line; none where there is only one. */
export function pastLine(frame: Frame, module: ModuleState): readonly Line[] {
  const entries = frame.state.history.filter((entry) => entry.module === module.name).slice(-shownPast);
  if (entries.length < 2) return [];
  const words = entries.toReversed().map((entry, index): Segment => {
    const went = entry.kind === 'loaded' || entry.kind === 'reloaded';
    // What was refused or did not build mostly has no number of its own: its event names the one that runs on.
    const named = entry.generation > 0 && entry.kind !== 'refused' && entry.kind !== 'buildFailed';
    const number = named ? `#${entry.generation} ` : '';
    const text = `${number}${entry.kind === 'crashed' ? entry.kind : failureWord(entry.kind)}`;
    return seg(`${index === 0 ? '' : ` ${frame.glyphs.dot} `}${text}`, went ? 'plain' : 'bad');
  });
  return fitAll([[seg('  past  ', 'dim'), ...words]], frame);
}

const shownPast = 5;

/** 'validate' is the longest title. */
const cellWidth = 9;

/** A narrow terminal leaves out the phases that take the least time, so that no number is cut. */
function fitting(columns: readonly Column[], room: number): readonly Column[] {
  let kept = columns;
  for (const phase of ['assess', 'validate', 'detect', 'load', 'pause', 'build'] as const) {
    if (kept.length * cellWidth <= room) break;
    kept = kept.filter((column) => column.phase !== phase);
  }
  return kept;
}

interface Column {
  readonly phase: keyof Timings;
  readonly last: number | undefined;
  readonly recent: readonly number[];
}

function timingRow(
  title: string,
  columns: readonly Column[],
  value: (column: Column) => number | undefined,
  style: 'plain' | 'dim',
): Line {
  const cells = columns.map((column) => {
    const number = value(column);
    return seg((number === undefined ? '-' : formatNumber(number)).padStart(cellWidth), style);
  });
  return [seg(`  ${title.padEnd(4)}`, 'dim'), ...cells];
}
