// The table in docs/portability.md. Pure.

const BEGIN = '<!-- begin: npm run portability -->';
const END = '<!-- end -->';

const COLUMNS = [
  'part',
  'implementation',
  'driver',
  'compilers',
  'tests passed',
  'plans that ran',
  'largest deviation',
  "20 steps with SwiftShader's bits",
  'an epoch of MNIST',
  'time',
  'date',
];

/**
 * Puts rows into the table; those of other parts stay.
 *
 * @param {string} document
 * @param {Readonly<Record<string, readonly string[]>>} rows cells behind the first one, by part; a row may be shorter
 * @param {readonly string[]} order of all parts
 * @returns {string} the document
 * @throws {Error} where its markers are missing
 */
export function withRows(document, rows, order) {
  const [start, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`The document lacks the lines "${BEGIN}" and "${END}".`);
  const before = document
    .slice(start, end)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const lines = new Map(before.map((line) => [/^\| `([^`]+)`/.exec(line)?.[1], line]));
  for (const [part, cells] of Object.entries(rows)) lines.set(part, lineOf([`\`${part}\``, ...cells]));
  const table = [
    lineOf(COLUMNS),
    lineOf(COLUMNS.map(() => '---')),
    ...order.flatMap((part) => lines.get(part) ?? []),
  ];
  return `${document.slice(0, start)}${BEGIN}\n\n${table.join('\n')}\n\n${document.slice(end)}`;
}

/** @param {readonly string[]} cells */
function lineOf(cells) {
  const whole = COLUMNS.map((_, i) => (cells[i] ?? '').replaceAll(/\s+/g, ' ').replaceAll('|', '\\|'));
  return `| ${whole.join(' | ')} |`;
}
