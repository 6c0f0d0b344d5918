/** One line of a result: what, and its figures by column. */
export interface Row {
  readonly name: string;
  readonly cells: readonly string[];
}

/** One result. `columns` names the figures, in the order of each row's cells. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** A table as plain text, columns as wide as they need to be. */
export function tableText({ title, columns, rows }: Table): string {
  const all = [['', ...columns], ...rows.map((row) => [row.name, ...row.cells])];
  const widths = ['', ...columns].map((_, index) => Math.max(...all.map((cells) => (cells[index] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ')
      .trimEnd();
  return [title, ...all.map((cells) => `  ${line(cells)}`)].join('\n');
}

/** The same for programs: figures as numbers, null where there is none. */
export function tableData({ title, columns, rows }: Table): object {
  const value = (cell: string | undefined): number | null =>
    cell === undefined || cell === '' || !Number.isFinite(Number(cell)) ? null : Number(cell);
  return {
    title,
    rows: rows.map(({ name, cells }) => ({
      name,
      ...Object.fromEntries(columns.map((column, index) => [column, value(cells[index])])),
    })),
  };
}

export function number(value: number, digits = 2): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}
