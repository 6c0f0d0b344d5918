/** One line of a result: what, and its figures by column. */
export interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

/** A table as plain text, columns as wide as they need to be. */
export function table(title: string, columns: readonly string[], rows: readonly Row[]): string {
  const all = [columns, ...rows.map((row) => [row.name, ...row.cells])];
  const widths = columns.map((_, index) => Math.max(...all.map((cells) => (cells[index] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ');
  return [`\n${title}`, ...all.map(line)].join('\n');
}

export function number(value: number, digits = 2): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
