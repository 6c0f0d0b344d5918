import { emptyLine, type Line, lineOf, lineWidth, padLine, seg } from '../line.js';
import type { ModuleState } from '../state.js';
import { cleanLine, cleanLines, displayWidth } from '../text.js';
import { type Frame, fitAll, ruleLine } from './parts.js';

const gap = 3;
/** More do not fit any terminal, and each has to be read to be left out. */
const mostPanels = 40;

interface Panel {
  readonly name: string;
  readonly lines: readonly string[];
  readonly width: number;
}

/** The texts of the modules' `module_view()`, side by side as far as the width allows; the selected module's first. */
export function panelLines(frame: Frame, rows: number): readonly Line[] {
  if (rows < 2) return [];
  const lines: Line[] = [];
  for (const row of panelRows(frame)) {
    const room = rows - lines.length;
    if (room < 2) break;
    lines.push(...drawRow(row, frame).slice(0, room));
  }
  return fitAll(lines, frame);
}

export function panelHeight(frame: Frame): number {
  return panelRows(frame).reduce((sum, row) => sum + rowHeight(row), 0);
}

/** Panels in the order of the modules, the selected one's first, broken into rows that fit the width. */
function panelRows(frame: Frame): readonly (readonly Panel[])[] {
  const rows: Panel[][] = [];
  let used = 0;
  for (const panel of panelsOf(frame)) {
    const row = rows.at(-1);
    if (row !== undefined && used + gap + panel.width <= frame.columns) {
      row.push(panel);
      used += gap + panel.width;
    } else {
      rows.push([panel]);
      used = panel.width;
    }
  }
  return rows;
}

function panelsOf(frame: Frame): readonly Panel[] {
  const shown = frame.visible.filter((module) => module.view !== '' && module.view.trim() !== '');
  const first = (module: ModuleState): number => (module.name === frame.selected?.name ? 0 : 1);
  return shown
    .toSorted((a, b) => first(a) - first(b))
    .slice(0, mostPanels)
    .map((module) => {
      const name = cleanLine(module.name, frame.glyphs.unicode);
      const lines = cleanLines(module.view, frame.glyphs.unicode);
      const width = Math.max(displayWidth(name) + 6, ...lines.map((line) => displayWidth(line) + 2));
      return { name, lines, width: Math.min(width, frame.columns) };
    });
}

function rowHeight(row: readonly Panel[]): number {
  return 1 + Math.max(0, ...row.map((panel) => panel.lines.length));
}

function drawRow(row: readonly Panel[], frame: Frame): readonly Line[] {
  const lines: Line[] = [];
  const last = row.length - 1;
  for (let index = 0; index < rowHeight(row); index += 1) {
    lines.push(
      row.flatMap((panel, column) => {
        // The last panel of a row takes what is left, so that its rule ends where all others end.
        const before = row.slice(0, column).reduce((sum, one) => sum + one.width + gap, 0);
        const width = column === last ? frame.columns - before : panel.width;
        const line = panelLine(panel, index, { ...frame, columns: width });
        return column === last ? line : [...padLine(line, width, frame.glyphs.ellipsis), seg(' '.repeat(gap))];
      }),
    );
  }
  return lines.map((line) => (lineWidth(line) === 0 ? emptyLine : line));
}

function panelLine(panel: Panel, index: number, frame: Frame): Line {
  if (index === 0) return ruleLine([seg(panel.name, 'strong')], frame);
  const text = panel.lines[index - 1];
  return text === undefined ? emptyLine : lineOf(`  ${text}`);
}
