import type { Controls } from '../controls.js';
import type { Glyphs } from '../glyphs.js';
import { fitLine, type Line, lineWidth, type Segment, type Style, seg } from '../line.js';
import type { ModuleState, ViewState } from '../state.js';
import { displayWidth, wrapText } from '../text.js';

/** What every part of the screen is drawn from. `columns` is the width no line may exceed. */
export interface Frame {
  readonly state: ViewState;
  readonly controls: Controls;
  readonly selected: ModuleState | undefined;
  /** The modules that the filter shows. */
  readonly visible: readonly ModuleState[];
  readonly columns: number;
  readonly glyphs: Glyphs;
  readonly canOpenLog: boolean;
}

/** A title in a rule over the whole width, `── log ─────`, with what may stand at its right end. */
export function ruleLine(title: readonly Segment[], frame: Frame, right: readonly Segment[] = []): Line {
  const { columns, glyphs } = frame;
  const rule = (count: number): Segment => seg(glyphs.rule.repeat(Math.max(0, count)), 'dim');
  const left = [rule(2), seg(' '), ...title, seg(' ')];
  const end = right.length === 0 ? [] : [seg(' '), ...right, seg(' '), rule(2)];
  const room = columns - lineWidth(left) - lineWidth(end);
  if (room < 0) return end.length > 0 ? ruleLine(title, frame) : fitLine(left, columns, glyphs.ellipsis);
  return [...left, rule(room), ...end];
}

/** Two groups at both ends of a line; the right one is left out where both do not fit. */
export function spreadLine(left: Line, right: Line, frame: Frame): Line {
  const gap = frame.columns - lineWidth(left) - lineWidth(right);
  if (gap < 2) return fitLine(left, frame.columns, frame.glyphs.ellipsis);
  return [...left, seg(' '.repeat(gap)), ...right];
}

export function fitAll(lines: readonly Line[], frame: Frame): readonly Line[] {
  return lines.map((line) => fitLine(line, frame.columns, frame.glyphs.ellipsis));
}

/** A sign or code and its sentence, which goes on below its own beginning where one line is too short for it. */
export function codeLines(mark: string, markStyle: Style, text: string, frame: Frame, style: Style = 'plain') {
  const indent = displayWidth(mark);
  const lines = wrapText(text, Math.max(20, frame.columns - indent)).map(
    (part, index): Line =>
      index === 0 ? [seg(mark, markStyle), seg(part, style)] : [seg(`${' '.repeat(indent)}${part}`, style)],
  );
  return fitAll(lines, frame);
}

/** The first `rows` lines; where that is not all, the last of them says how many more there are. */
export function head(lines: readonly Line[], rows: number, frame: Frame, what = 'more lines'): readonly Line[] {
  if (lines.length <= rows) return lines;
  if (rows <= 1) return lines.slice(0, rows);
  const hidden = lines.length - rows + 1;
  return [...lines.slice(0, rows - 1), [seg(`  ${frame.glyphs.ellipsis} ${hidden} ${what}`, 'dim')]];
}
