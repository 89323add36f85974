/** What a cell of a table holds; null where there is nothing. */
export type Cell = string | number | null;

/** A table's heading and rows as lines, each column as wide as its longest text, and to the right where it is `numeric`. */
export function alignedLines(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  numeric: readonly boolean[],
): string[] {
  const texts = [heading, ...rows];
  const widths = heading.map((_, j) => Math.max(...texts.map((cells) => cells[j]?.length ?? 0)));
  return texts.map((cells) =>
    cells
      .map((text, j) => (numeric[j] ? text.padStart(widths[j] ?? 0) : text.padEnd(widths[j] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Rows, the names of the columns first, as CSV (RFC 4180): every line ended by CR LF, null as an empty field. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
