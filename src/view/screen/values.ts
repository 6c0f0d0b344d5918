import { watchedModule } from '../controls.js';
import { type Line, type Segment, type Style, seg } from '../line.js';
import type { LiveState, ModuleState } from '../state.js';
import { cleanLine, displayWidth, fitName } from '../text.js';
import { codeLines, type Frame, fitAll, head, ruleLine } from './parts.js';

type Value = LiveState['values'][number]['value'];

/** One line of the panel: a single value, a small object on one line, or the name above what lies in it. */
interface Row {
  readonly depth: number;
  readonly name: string;
  readonly parts: readonly Segment[];
  readonly changed: boolean;
}

const widestName = 30;

/** The live variables of the watched module, as many as there are rows for; none where the panel is closed. */
export function valueLines(frame: Frame, rows: number): readonly Line[] {
  const module = watched(frame);
  if (module === undefined || rows < 2) return [];
  const name = cleanLine(module.name, frame.glyphs.unicode);
  const title = ruleLine([seg('state of '), seg(name, 'strong')], frame);
  return [title, ...head(contents(frame, module), rows - 1, frame)];
}

export function valueHeight(frame: Frame): number {
  const module = watched(frame);
  return module === undefined ? 0 : 1 + contents(frame, module).length;
}

function watched(frame: Frame): ModuleState | undefined {
  return watchedModule(frame.state, frame.controls) === null ? undefined : frame.selected;
}

function contents(frame: Frame, { live }: ModuleState): readonly Line[] {
  if (live === null) return [[seg(`  reading ${frame.glyphs.ellipsis}`, 'dim')]];
  const problem =
    live.problem === '' ? [] : codeLines(`  ${frame.glyphs.warn} `, 'warn', cleanLine(live.problem), frame);
  if (live.values.length === 0 && problem.length === 0) return [[seg('  it has no variables', 'dim')]];
  const rows = live.values.flatMap(({ path, type, value }) =>
    rowsOf({ name: path, path, type, value, depth: 0 }, live),
  );
  // Values that change in width must not move what stands beside them.
  const width = Math.min(widestName, Math.max(0, ...rows.map((row) => row.depth * 2 + displayWidth(row.name))));
  return fitAll([...problem, ...rows.map((row) => drawRow(row, width, frame))], frame);
}

function drawRow({ depth, name, parts, changed }: Row, width: number, frame: Frame): Line {
  const { unicode, ellipsis } = frame.glyphs;
  const room = Math.max(4, width - depth * 2);
  return [
    seg(changed ? '~ ' : '  ', 'accent'),
    seg(`${' '.repeat(depth * 2)}${fitName(cleanLine(name, unicode), room, ellipsis)}  `),
    ...parts.map((part) => seg(cleanLine(part.text, unicode), part.style)),
  ];
}

interface Item {
  readonly name: string;
  readonly path: string;
  /** Known of whole variables only. */
  readonly type: string;
  readonly value: Value;
  readonly depth: number;
}

/** By form alone and not by length, so that no value moves to another line because its number grew. */
function rowsOf(item: Item, live: LiveState): readonly Row[] {
  const { name, path, type, value, depth } = item;
  const inside = entriesOf(path, value);
  if (inside === null || isSmall(inside)) {
    const parts = partsOf(path, value, live);
    return [{ depth, name, parts, changed: parts.some((part) => part.style === 'accent') }];
  }
  const title: Row = { depth, name, parts: [seg(type, 'dim')], changed: live.changed.has(path) };
  return [title, ...inside.flatMap((one) => rowsOf({ ...one, type: '', depth: depth + 1 }, live))];
}

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly value: Value;
}

/** Null for a single value. Paths are those of `module:state`. */
function entriesOf(path: string, value: Value): readonly Entry[] | null {
  if (typeof value !== 'object' || value === null) return null;
  if (isList(value)) {
    return value.map((one, n) => ({ name: isRest(one) ? '' : `[${n}]`, path: `${path}[${n}]`, value: one }));
  }
  return Object.entries(value).map(([name, one]) => ({ name, path: `${path}.${name}`, value: one }));
}

const smallRecord = 4;

function isSmall(entries: readonly Entry[]): boolean {
  const flat = entries.every((one) => entriesOf('', one.value) === null);
  return flat && (entries.length <= smallRecord || entries[0]?.name === '[0]');
}

function partsOf(path: string, value: Value, live: LiveState, whole = false): readonly Segment[] {
  const changed = whole || live.changed.has(path);
  const style: Style = changed ? 'accent' : live.problem === '' ? 'plain' : 'dim';
  const entries = entriesOf(path, value);
  if (entries === null) return [seg(single(value), style)];
  const list = isList(value);
  return [
    seg(list ? '[' : '{', style),
    ...entries.flatMap((one, n) => [
      seg(`${n === 0 ? '' : ', '}${list ? '' : `${one.name} = `}`, style === 'accent' && !whole ? 'plain' : style),
      ...partsOf(one.path, one.value, live, changed),
    ]),
    seg(list ? ']' : '}', style),
  ];
}

/** `... 4 more`, where an array was cut, stands in the place of an element and is none. */
function isRest(value: Value): boolean {
  return typeof value === 'string' && value.startsWith('... ');
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Names of enumerators, addresses, long numbers and remarks come as text too, and stand without quotes. */
function single(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value !== 'string') return String(value);
  return /^(0x[0-9a-f]+|[A-Za-z_]\w*|-?\d+|\.\.\. .*)$/.test(value) ? value : JSON.stringify(value);
}
