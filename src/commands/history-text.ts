import type { PastEntry } from '../control/protocol.js';
import { formatConflict, formatNumber } from '../view/format.js';
import { type Glyphs, levelStyle, verdictMark } from '../view/glyphs.js';
import { type Line, type Style, seg } from '../view/line.js';
import { failureWord } from '../view/reduce-module.js';
import { cleanLine, displayWidth, fitText } from '../view/text.js';

interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly cell: (entry: PastEntry, glyphs: Glyphs) => readonly [text: string, style: Style];
}

const phase = (title: 'build' | 'pause' | 'total'): Column => ({
  title,
  align: 'right',
  cell: ({ timings }) => {
    const value = timings[title];
    return [value === undefined ? '-' : formatNumber(value), 'plain'];
  },
});

const columns: readonly Column[] = [
  { title: 'time', align: 'left', cell: ({ time }) => [localTime(time), 'dim'] },
  { title: 'module', align: 'left', cell: ({ module }) => [module, 'strong'] },
  { title: 'gen', align: 'right', cell: ({ generation }) => [generation > 0 ? `#${generation}` : '-', 'plain'] },
  { title: 'verdict', align: 'left', cell: verdictCell },
  { title: 'outcome', align: 'left', cell: outcomeCell },
  phase('build'),
  phase('pause'),
  phase('total'),
  { title: '', align: 'left', cell: (entry) => [notes(entry), 'accent'] },
  { title: 'files', align: 'left', cell: ({ files }) => [files.join(', '), 'plain'] },
];

/** A title and a line for each, times in milliseconds; below what did not come about, why. */
export function pastLines(entries: readonly PastEntry[], glyphs: Glyphs): readonly Line[] {
  if (entries.length === 0) return [];
  const rows = entries.map((entry) =>
    columns.map((column) => {
      const [text, style] = column.cell(entry, glyphs);
      return { text: cleanLine(text, glyphs.unicode), style };
    }),
  );
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...rows.map((cells) => displayWidth(cells[index]?.text ?? ''))),
  );
  const line = (cells: readonly { readonly text: string; readonly style: Style }[]): Line =>
    cells.flatMap(({ text, style }, index) => {
      const { align = 'left' } = columns[index] ?? {};
      const last = index === columns.length - 1;
      const empty = (widths[index] ?? 0) === 0;
      return empty ? [] : [seg(last ? text : `${fitText(text, widths[index] ?? 0, '', align)}  `, style)];
    });
  return [
    line(columns.map(({ title }) => ({ text: title, style: 'dim' }))),
    ...rows.flatMap((cells, index) => [
      line(cells),
      ...whyLines(entries[index], glyphs),
      ...conflictLines(entries[index]),
    ]),
  ];
}

function verdictCell({ level, outcome }: PastEntry, glyphs: Glyphs): readonly [string, Style] {
  if (level === null || outcome === 'buildFailed') return ['-', 'dim'];
  return [verdictMark(level, glyphs), levelStyle[level]];
}

function outcomeCell({ outcome, phase: came }: PastEntry): readonly [string, Style] {
  if (outcome === null) return ['under way', 'dim'];
  if (outcome === 'interrupted') return [came === 'decided' ? 'interrupted after the decision' : 'interrupted', 'warn'];
  return [failureWord(outcome), outcome === 'loaded' || outcome === 'reloaded' ? 'plain' : 'bad'];
}

/** `runs, pinned, as #3`, and `kept` for what can be gone back to. */
function notes({ running, pinned, kept, restores }: PastEntry): string {
  const words = [
    ...(running ? ['runs'] : []),
    ...(pinned ? ['pinned'] : []),
    ...(restores > 0 ? [`as #${restores}`] : []),
    ...(kept && !running && !pinned ? ['kept'] : []),
  ];
  return words.join(', ');
}

/** The first reason of what was not switched to; the others are in the log and in --json. */
function whyLines(entry: PastEntry | undefined, glyphs: Glyphs): readonly Line[] {
  const [reason] = entry?.reasons ?? [];
  const went = entry?.outcome === 'loaded' || entry?.outcome === 'reloaded';
  if (reason === undefined || went) return [];
  const more = (entry?.reasons.length ?? 0) - 1;
  const rest = more > 0 ? ` (and ${more} more)` : '';
  return [[seg(`    ${cleanLine(`${reason.code} ${reason.message}${rest}`, glyphs.unicode)}`, 'dim')]];
}

function conflictLines(entry: PastEntry | undefined): readonly Line[] {
  return (entry?.conflicts ?? []).map((conflict) => [seg(`    ${conflict.code} ${formatConflict(conflict)}`, 'dim')]);
}

/** Local time, `2026-11-21 14:03:22`. */
function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}
