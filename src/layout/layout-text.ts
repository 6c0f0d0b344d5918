import type { FieldLayout, RecordLayout } from './layout.js';

export interface LayoutTextOptions {
  /** Bytes of a cache line: 64 on most machines, 128 on Apple Silicon. */
  readonly lineSize: number;
  /** Whether records that are held by value are shown with their fields. Anonymous ones always are. */
  readonly expand: boolean;
}

interface Row {
  readonly offset: number;
  /** First byte behind it. */
  readonly end: number;
  readonly place: string;
  readonly size: string;
  readonly text: string;
  readonly depth: number;
}

/**
 * A layout as lines for people: a head, one row for each field, hole and cache-line boundary in the order of memory, and
 * a sum.
 */
export function layoutText(layout: RecordLayout, options: LayoutTextOptions): readonly string[] {
  const rows = rowsOf(layout, options);
  const [places, sizes] = [width(rows, 'place', 'offset'), width(rows, 'size', 'size')];
  const lines = [
    `${layout.name}: ${bytes(layout.size)}, aligned to ${layout.align}`,
    `  ${'offset'.padStart(places)}  ${'size'.padStart(sizes)}`,
  ];
  let line = 0;
  for (const { offset, end, place, size, text, depth } of rows) {
    const now = Math.floor(offset / options.lineSize);
    if (now > line) lines.push(`  ${`-- cache line ${now + 1}, from byte ${now * options.lineSize} `.padEnd(48, '-')}`);
    line = Math.max(line, now);
    const crosses = end - offset <= options.lineSize && Math.floor((end - 1) / options.lineSize) > now;
    const note = crosses ? '  (crosses into the next cache line)' : '';
    lines.push(`  ${place.padStart(places)}  ${size.padStart(sizes)}  ${'  '.repeat(depth)}${text}${note}`);
  }
  return [...lines, `  ${summary(layout, options.lineSize)}`];
}

function rowsOf(layout: RecordLayout, options: LayoutTextOptions): readonly Row[] {
  const stretch = (offset: number, size: number, text: string): Row => {
    return { offset, end: offset + size, place: String(offset), size: String(size), text, depth: 0 };
  };
  const rows: Row[] = [];
  const virtual: Row[] = [];
  for (const { type, offset, size } of layout.bases) {
    if (offset !== null) rows.push(stretch(offset, size, `(base) ${type}`));
    else
      virtual.push({
        offset: layout.size,
        end: 0,
        place: '?',
        size: String(size),
        text: `(virtual base) ${type}`,
        depth: 0,
      });
  }
  if (layout.vtableOffset !== null) rows.push(stretch(layout.vtableOffset, 8, '(pointer to the virtual table)'));
  rows.push(...layout.fields.flatMap((field) => fieldRows(field, options, 0)));
  for (const { offset, size } of layout.holes) rows.push(stretch(offset, size, '(hole)'));
  for (const { bitOffset, bitSize } of layout.bitHoles) {
    const offset = Math.floor(bitOffset / 8);
    rows.push({ ...stretch(offset, 1, '(hole)'), place: bitPlace(bitOffset), size: bits(bitSize) });
  }
  if (layout.paddingAtEnd > 0) {
    rows.push(stretch(layout.size - layout.paddingAtEnd, layout.paddingAtEnd, '(padding)'));
  }
  // Members of a union stay as they were declared; sorting keeps the order of those at one place.
  return [...rows.toSorted((a, b) => a.offset - b.offset), ...virtual];
}

function fieldRows(field: FieldLayout, options: LayoutTextOptions, depth: number): readonly Row[] {
  const { name, offset, size, bitOffset, bitSize, declaration } = field;
  const own: Row = {
    offset,
    end: offset + (bitSize === undefined ? size : 1),
    place: bitOffset === undefined ? String(offset) : bitPlace(bitOffset),
    size: bitSize === undefined ? String(size) : bits(bitSize),
    text: declaration,
    depth,
  };
  const inner = options.expand || name === '' ? (field.fields ?? []) : [];
  return [own, ...inner.flatMap((one) => fieldRows(one, options, depth + 1))];
}

/** `12:3` is the third bit after the lowest of byte 12. */
function bitPlace(bitOffset: number): string {
  return `${Math.floor(bitOffset / 8)}:${bitOffset % 8}`;
}

function bits(count: number): string {
  return count === 1 ? '1 bit' : `${count} bits`;
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

function width(rows: readonly Row[], column: 'place' | 'size', head: string): number {
  return Math.max(head.length, ...rows.map((row) => row[column].length));
}

function summary(layout: RecordLayout, lineSize: number): string {
  const lost = layout.holes.reduce((sum, hole) => sum + hole.size, 0);
  const lines = Math.max(1, Math.ceil(layout.size / lineSize));
  const parts = [`${lines} ${lines === 1 ? 'cache line' : 'cache lines'} of ${lineSize} bytes`];
  if (lost > 0)
    parts.push(`${bytes(lost)} in ${layout.holes.length === 1 ? '1 hole' : `${layout.holes.length} holes`}`);
  if (layout.paddingAtEnd > 0) parts.push(`${bytes(layout.paddingAtEnd)} of padding at the end`);
  return parts.join(', ');
}
