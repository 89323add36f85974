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
  const headings = labels.map(shortened);
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

function shortened(label: string): string {
  if (columns(label) <= LONGEST_HEADING) return label;
  const kept = Array.from(label);
  while (columns(kept.join('')) > LONGEST_HEADING - 1) kept.pop();
  return `${kept.join('')}…`;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, columns(text)), 0);
}

/** Like `String.prototype.padStart`, by a terminal's columns instead of UTF-16 units. */
function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columns(text))) + text;
}

/** Characters that terminals draw in two columns: emoji and East Asian scripts, except half-width forms. */
const WIDE =
  /(?![\uff61-\uffdc])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
/** Characters that go on top of the one before them, or are not drawn at all. */
const NONE = /[\p{Mn}\p{Me}\p{Cf}]/u;

/** How many columns of a terminal `text` takes. */
function columns(text: string): number {
  const widths = Array.from(text, (character) => (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1));
  return widths.reduce<number>((sum, width) => sum + width, 0);
}

/** A share, 0 to 1, in percent to two decimals: 97.68 %. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
