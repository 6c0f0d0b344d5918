import { formatCount, formatMs, formatNumber, percentile, plural, sparkline } from '../format.js';
import { type Glyphs, levelStyle, verdictMark } from '../glyphs.js';
import { type Line, type Segment, type Style, seg } from '../line.js';
import type { ModuleState } from '../state.js';
import { cleanLine, displayWidth, fitName, fitText } from '../text.js';
import type { Frame } from './parts.js';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly cell: (module: ModuleState, glyphs: Glyphs) => Segment;
}

const nameWidth = { least: 8, most: 24 };

const stage: Column = { title: 'stage', width: 15, align: 'left', cell: stageCell };
const generation: Column = {
  title: 'gen',
  width: 5,
  align: 'right',
  cell: (module) => seg(module.generation > 0 ? `#${module.generation}` : '-', module.generation > 0 ? 'plain' : 'dim'),
};
const verdict: Column = {
  title: 'verdict',
  width: 9,
  align: 'left',
  cell: (module, glyphs) =>
    module.level === null ? seg('-', 'dim') : seg(verdictMark(module.level, glyphs), levelStyle[module.level]),
};
const last: Column = {
  title: 'last',
  width: 7,
  align: 'right',
  cell: (module) => (module.timings?.total === undefined ? seg('-', 'dim') : seg(formatMs(module.timings.total))),
};
const version: Column = {
  title: 'version',
  width: 8,
  align: 'left',
  cell: (module, glyphs) => seg(cleanLine(module.version, glyphs.unicode) || '-', 'dim'),
};
const spread: Column = {
  title: 'p50/p95',
  width: 9,
  align: 'right',
  cell: (module) => {
    const totals = totalsOf(module);
    const p50 = percentile(totals, 50);
    const p95 = percentile(totals, 95);
    return seg(p50 === undefined || p95 === undefined ? '-' : `${formatNumber(p50)}/${formatNumber(p95)}`, 'dim');
  },
};
const trend: Column = {
  title: 'trend',
  width: 16,
  align: 'left',
  cell: (module, glyphs) => seg(sparkline(totalsOf(module), 16, glyphs), 'accent'),
};

/** The table of modules: a title, then at most `rows - 1` modules around the selected one. */
export function moduleLines(frame: Frame, rows: number): readonly Line[] {
  if (rows <= 0) return [];
  const { state } = frame;
  if (state.modules.length === 0) return [[seg('  no modules yet', 'dim')]];
  if (frame.visible.length === 0) return [[seg('  no module has such a name', 'dim')]];
  const name = nameColumn(frame);
  const columns = columnsFor(frame.columns - 2, name);
  const used = columns.reduce((sum, column) => sum + column.width + 2, 2);
  const nameRoom = Math.max(1, Math.min(name, frame.columns - used));
  const shown = windowAround(frame.visible, frame.selected, rows - 1);
  return [
    titleLine(nameRoom, columns, frame, shown.length),
    ...shown.map((module) => moduleLine(module, nameRoom, columns, frame)),
  ];
}

/** Whether the table is wide enough to draw the trend of every module. */
export function hasTrend(frame: Frame): boolean {
  return columnsFor(frame.columns - 2, nameColumn(frame)).includes(trend);
}

/** The line above the table where a filter is set: what it is, and how many modules it shows. */
export function filterLine({ controls, visible, state, glyphs }: Frame): Line {
  const { text, typing } = controls.filter ?? { text: '', typing: false };
  const count = `  ${formatCount(visible.length)} of ${plural(state.modules.length, 'module')}`;
  return [
    seg('  /', 'accent'),
    seg(cleanLine(text, glyphs.unicode), 'strong'),
    seg(typing ? '_' : '', 'accent'),
    seg(count, visible.length === 0 ? 'warn' : 'dim'),
  ];
}

/** Long tables draw a few rows only, and still every name counts, so that the columns keep their places. */
const widths = new Map<string, number>();
const mostWidths = 10_000;

function widthOf(name: string, unicode: boolean): number {
  const known = widths.get(name);
  if (known !== undefined) return known;
  if (widths.size >= mostWidths) widths.clear();
  const width = displayWidth(cleanLine(name, unicode));
  widths.set(name, width);
  return width;
}

function nameColumn({ state, glyphs }: Frame): number {
  // Room for "module 10 of 1,000", which is above the names of a table that does not fit.
  const many = state.modules.length > 30 ? displayWidth(titleOf(10, state.modules.length)) : 0;
  let widest = Math.max(nameWidth.least, many);
  for (const { name } of state.modules) widest = Math.max(widest, widthOf(name, glyphs.unicode));
  return Math.min(widest, nameWidth.most);
}

function titleOf(shown: number, total: number): string {
  return shown < total ? `module ${shown} of ${formatCount(total)}` : 'module';
}

/** Columns in the order they stand; those a narrow terminal drops go in the order trend, p50/p95, version, last. */
function columnsFor(room: number, name: number): readonly Column[] {
  const dropped: readonly Column[] = [trend, spread, version, last, verdict];
  let columns: readonly Column[] = [generation, stage, verdict, last, spread, version, trend];
  for (const column of dropped) {
    const width = Math.min(name, 16) + columns.reduce((sum, one) => sum + one.width + 2, 0);
    if (width <= room) break;
    columns = columns.filter((one) => one !== column);
  }
  return columns;
}

function titleLine(name: number, columns: readonly Column[], frame: Frame, shown: number): Line {
  const title = titleOf(shown, frame.visible.length);
  return [
    seg(`  ${fitText(title, name, frame.glyphs.ellipsis)}`, 'dim'),
    ...columns.map((column) => seg(`  ${fitText(column.title, column.width, '', column.align)}`, 'dim')),
  ];
}

function moduleLine(module: ModuleState, name: number, columns: readonly Column[], frame: Frame): Line {
  const { glyphs } = frame;
  const chosen = module.name === frame.selected?.name;
  return [
    seg(chosen ? `${glyphs.selected} `.slice(0, 2) : '  ', 'accent'),
    seg(fitName(cleanLine(module.name, glyphs.unicode), name, glyphs.ellipsis), chosen ? 'strong' : 'plain'),
    ...columns.map((column) => {
      const { text, style } = column.cell(module, glyphs);
      return seg(`  ${fitText(text, column.width, glyphs.ellipsis, column.align)}`, style);
    }),
  ];
}

function stageCell(module: ModuleState, glyphs: Glyphs): Segment {
  const [mark, word, style] = stageParts(module, glyphs);
  return seg(`${mark} ${word}`, style);
}

function stageParts(module: ModuleState, glyphs: Glyphs): readonly [mark: string, word: string, style: Style] {
  const { done, total } = module.progress;
  switch (module.stage) {
    case 'building':
      return [glyphs.busy, total > 0 ? `building ${done}/${total}` : 'building', 'accent'];
    case 'validating':
    case 'assessing':
    case 'reloading':
      return [glyphs.busy, module.stage, 'accent'];
    case 'deferred':
      return [glyphs.busy, 'deferred', 'warn'];
    case 'running':
      if (module.pinned > 0) return [glyphs.running, 'pinned', 'accent'];
      return module.older > 0 ? [glyphs.running, 'running older', 'warn'] : [glyphs.running, 'running', 'good'];
    case 'failed':
      return [glyphs.bad, module.failure || 'failed', 'bad'];
    case 'stopped':
      return [glyphs.stopped, module.failure || 'stopped', 'warn'];
    case 'waiting':
      return [glyphs.idle, 'waiting', 'dim'];
  }
}

/** As many modules as fitText, moved just so far that the selected one is among them. */
function windowAround(
  modules: readonly ModuleState[],
  selected: ModuleState | undefined,
  rows: number,
): readonly ModuleState[] {
  if (modules.length <= rows) return modules;
  const index = Math.max(
    0,
    modules.findIndex((module) => module.name === selected?.name),
  );
  const start = Math.min(Math.max(0, index - Math.floor(rows / 2)), modules.length - rows);
  return modules.slice(start, start + rows);
}

export function totalsOf(module: ModuleState): readonly number[] {
  return module.recent.flatMap((timings) => (timings.total === undefined ? [] : [timings.total]));
}
