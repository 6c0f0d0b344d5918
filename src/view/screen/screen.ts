import { type Controls, selectedModule, visibleModules } from '../controls.js';
import type { Glyphs } from '../glyphs.js';
import { emptyLine, type Line, seg } from '../line.js';
import type { ViewState } from '../state.js';
import { detailTitle, pastLine, reasonCount, reasonLines, timingLines } from './detail.js';
import { errorHeight, errorLines } from './errors.js';
import { footerLine, helpLines } from './footer.js';
import { headerLine } from './header.js';
import { logLines } from './log.js';
import { filterLine, moduleLines } from './modules.js';
import { panelHeight, panelLines } from './panels.js';
import { type Frame, fitAll, head, ruleLine } from './parts.js';
import { problemCount, problemLines } from './problems.js';
import { shortStack, stackHeight, stackLines } from './stack.js';
import { valueHeight, valueLines } from './values.js';

export interface ScreenOptions {
  readonly columns: number;
  /** Lines the whole terminal has; the screen stays below them, so that the newest history stays in sight. */
  readonly rows: number;
  /** Lines the screen took before: it does not shrink below them, so that nothing jumps when an error goes away. */
  readonly atLeast: number;
  readonly glyphs: Glyphs;
  readonly canOpenLog: boolean;
}

type Part =
  | 'header'
  | 'footer'
  | 'filter'
  | 'modules'
  | 'problems'
  | 'title'
  | 'error'
  | 'stack'
  | 'reasons'
  | 'timings'
  | 'past'
  | 'values'
  | 'panels'
  | 'log';

/** A part asks for rows: nothing where fewer than `atLeast` are left, otherwise as many as there are up to `upTo`. */
interface Claim {
  readonly part: Part;
  readonly atLeast: number;
  readonly upTo: number;
}

/**
 * The live screen as lines, none wider than `columns` and never more than `liveRows(rows)` of them. What does not fit
 * is left out from the end of the list in `claims`; see there for the order.
 */
export function screenLines(state: ViewState, controls: Controls, options: ScreenOptions): readonly Line[] {
  const { columns, glyphs, canOpenLog } = options;
  const selected = selectedModule(state, controls);
  const visible = visibleModules(state, controls);
  const frame: Frame = { state, controls, selected, visible, columns, glyphs, canOpenLog };
  // Each part keeps to the width in its own way; this holds it for all of them, because a line that wraps tears all.
  return fitAll(compose(frame, options), frame);
}

function compose(frame: Frame, options: ScreenOptions): readonly Line[] {
  const budget = liveRows(options.rows);
  if (frame.controls.help) return helpScreen(frame, budget, options.atLeast);
  const rows = share(claims(frame), budget);
  const drawn = draw(frame, rows);
  const spare = Math.min(options.atLeast, budget) - drawn.length;
  if (spare <= 0) return drawn;
  const fuller = draw(frame, new Map(rows).set('log', (rows.get('log') ?? 0) + spare));
  return fill(fuller, Math.min(options.atLeast, budget));
}

/** Lines the live screen may take in a terminal of `rows`: an eighth, between two and six, is left to history
 * (one of them stays empty below the screen, where the cursor is). */
export function liveRows(rows: number): number {
  return Math.max(1, rows - Math.min(6, Math.max(2, Math.floor(rows / 8))));
}

/**
 * Who gets rows, most important first. So what a small terminal drops goes in this order: further modules of a long
 * table, the past, the rest of the timings, more output of modules, timings, output, panels, live values, the rest of the
 * reasons, the rest of the table, further lines of the compile error, the stack of a crash, problems, and never the header, the keys, the
 * selected module and the first line of its error.
 */
function claims(frame: Frame): readonly Claim[] {
  const { selected, state, controls } = frame;
  const table = frame.visible.length + 1;
  const error = selected === undefined ? 0 : errorHeight(frame, selected);
  const reasons = selected === undefined ? 0 : reasonCount(frame, selected);
  const stack = selected === undefined ? 0 : stackHeight(frame, selected);
  const panels = panelHeight(frame);
  const values = valueHeight(frame);
  const log = state.log.length === 0 ? 0 : state.log.length + 1;
  const timings = selected === undefined ? 0 : timingLines(frame, selected, 9).length;
  const claim = (part: Part, atLeast: number, upTo: number): Claim => ({ part, atLeast, upTo });
  return [
    claim('header', 1, 1),
    claim('footer', 1, 1),
    claim('filter', 1, controls.filter === null ? 0 : 1),
    claim('modules', Math.min(table, 2), Math.min(table, 2)),
    claim('error', 1, Math.min(error, 1)),
    claim('problems', 1, Math.min(problemCount(frame), 4)),
    claim('stack', 1, controls.fullError ? stack : Math.min(stack, shortStack)),
    // Who opens the panel wants to see something of it, however small the terminal is.
    claim('values', 2, Math.min(values, 6)),
    claim('title', 1, error + reasons + timings + stack > 0 ? 1 : 0),
    claim('error', 1, controls.fullError ? error : Math.min(error, 6)),
    claim('modules', 1, Math.min(table, 8)),
    claim('reasons', 1, Math.min(reasons, 5)),
    ...(controls.bigLog ? [claim('log', 2, Math.min(log, 13))] : []),
    claim('values', 2, values),
    claim('panels', Math.min(panels, 3), panels),
    claim('log', 2, Math.min(log, 2)),
    claim('timings', 2, Math.min(timings, 2)),
    claim('log', 2, Math.min(log, 3)),
    claim('problems', 1, Math.min(problemCount(frame), 8)),
    claim('timings', 2, timings),
    claim('past', 1, selected === undefined ? 0 : pastLine(frame, selected).length),
    claim('reasons', 1, Math.min(reasons, 8)),
    claim('modules', 1, table),
  ];
}

/** `upTo` counts all rows of a part, so a later claim of the same part asks only for what it does not have yet. */
function share(list: readonly Claim[], budget: number): ReadonlyMap<Part, number> {
  const rows = new Map<Part, number>();
  let left = budget;
  for (const { part, atLeast, upTo } of list) {
    const has = rows.get(part) ?? 0;
    const wanted = Math.min(upTo - has, left);
    if (wanted <= 0 || (has === 0 && wanted < atLeast)) continue;
    rows.set(part, has + wanted);
    left -= wanted;
  }
  return rows;
}

function draw(frame: Frame, rows: ReadonlyMap<Part, number>): readonly Line[] {
  const { selected } = frame;
  const count = (part: Part): number => rows.get(part) ?? 0;
  const about =
    selected === undefined
      ? []
      : [
          ...(count('title') > 0 ? [detailTitle(frame, selected)] : []),
          ...stackLines(frame, selected, count('stack')),
          ...errorLines(frame, selected, count('error')),
          ...reasonLines(frame, selected, count('reasons')),
          ...timingLines(frame, selected, count('timings')),
          ...(count('past') > 0 ? pastLine(frame, selected) : []),
        ];
  return [
    ...(count('header') > 0 ? [headerLine(frame)] : []),
    ...(count('filter') > 0 ? [filterLine(frame)] : []),
    ...moduleLines(frame, count('modules')),
    ...problemLines(frame, count('problems')),
    ...about,
    ...valueLines(frame, count('values')),
    ...panelLines(frame, count('panels')),
    ...logLines(frame, count('log')),
    ...(count('footer') > 0 ? [footerLine(frame)] : []),
  ];
}

function helpScreen(frame: Frame, budget: number, atLeast: number): readonly Line[] {
  const keys = head(helpLines(frame), Math.max(0, budget - 3), frame, 'more keys');
  const lines = [headerLine(frame), ruleLine([seg('keys', 'strong')], frame), ...keys, footerLine(frame)];
  return fill(lines.slice(-budget), Math.min(atLeast, budget));
}

/** Empty lines go above the keys, so that these keep their place. */
function fill(lines: readonly Line[], height: number): readonly Line[] {
  const missing = height - lines.length;
  if (missing <= 0) return lines;
  return [...lines.slice(0, -1), ...Array.from({ length: missing }, () => emptyLine), ...lines.slice(-1)];
}
