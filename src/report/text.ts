const LONGEST_HEADING = 10;

/**
 * A confusion matrix as aligned lines for a terminal, true labels downwards, predicted labels to the right:
 *
 *           predicted
 *     true    0    1
 *        0  980    2
 *        1    9  976
 *
 * @param matrix [classes, classes]: row i, column j counts the samples of true label i predicted as j
 * @param labels names of the classes; over the columns, long ones are cut
 * @returns lines, each ended
 */
export function formatConfusionMatrix(
  matrix: readonly (readonly number[])[],
  labels: readonly string[],
): string {
  const headings = labels.map((label) => {
    const characters = Array.from(label);
    return characters.length > LONGEST_HEADING
      ? `${characters.slice(0, LONGEST_HEADING - 1).join('')}…`
      : label;
  });
  const rowWidth = widest(['true', ...labels]);
  const columnWidth = widest([...headings, ...matrix.flat().map(String)]);
  const line = (name: string, cells: readonly (string | number)[]): string =>
    `${padStart(name, rowWidth)}${cells.map((cell) => `  ${padStart(String(cell), columnWidth)}`).join('')}\n`;
  return [
    `${' '.repeat(rowWidth)}  predicted\n`,
    line('true', headings),
    ...matrix.map((row, i) => line(labels[i] ?? '', row)),
  ].join('');
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, Array.from(text).length), 0);
}

/** Like `String.prototype.padStart`, by characters instead of UTF-16 units. */
function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - Array.from(text).length)) + text;
}
