import { colors, type Theme } from '../report/palette.ts';
import { svgRenderer } from '../report/svg.ts';
import { type AdapterColumn, adapterColumns, type NamedReport, rowNames } from './columns.ts';
import { figureText } from './format.ts';
import { versionsText } from './report.ts';
import type { BenchRow } from './rows.ts';
import { SHARES_WIDTHS, type SharesWidth, sharesChart } from './shares-chart.ts';

type Draw = Awaited<ReturnType<typeof svgRenderer>>;

/** Up to this width of the window, names in charts stand above their rows. */
const NARROW = 760;

/**
 * Reports as a page in HTML that needs nothing else, no script either: adapters side by side, as shares of their floor.
 * The page follows the reader's choice of a light or a dark theme.
 *
 * @param reports at least one, such as `readBenchFile` lets through
 * @throws ShadegradError `usage` where ECharts is not installed
 */
export async function benchPage(reports: readonly NamedReport[]): Promise<string> {
  const draw = await svgRenderer();
  const columns = adapterColumns(reports);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Shadegrad: benchmarks by adapter</title>
<style>${styles()}</style>
</head>
<body>
<main>
<h1>Shadegrad: benchmarks by adapter</h1>
<p>How near training in WGSL comes to what each adapter can do. The floor is what no shader beats there: the time of an empty
dispatch, of the multiply-adds, or of reading and writing the memory, whichever is longest. 100 % of it is the best there can
be; more means that the machine was slower when the floor was measured. All values were compared with float64 before their time
counted.</p>
<h2>Adapters</h2>
${adaptersTable(columns)}
<h2>The floor</h2>
${rowsTable('The best rates of each adapter, or the median time', columns, 'floor')}
${sharesSection('Kernels', 'Shares of the floor, and the median time of a dispatch', columns, 'kernels', draw)}
${sharesSection('Training', 'Shares of the floor, and images per second of all models together', columns, 'train', draw)}
${skippedList(columns)}
</main>
</body>
</html>
`;
}

function adaptersTable(columns: readonly AdapterColumn[]): string {
  const facts: Readonly<Record<string, (column: AdapterColumn) => string>> = {
    Kind: ({ environment }) => (environment.adapter.software ? 'software, on the CPU' : 'hardware'),
    Software: ({ environment }) => versionsText(environment.versions),
    Toggles: ({ environment }) => environment.toggles.join(' ') || 'none',
    Clock: ({ environment }) => environment.timing.clock,
    Date: ({ environment }) => environment.date.slice(0, 10),
    Files: ({ files }) => files.join(', '),
  };
  const rows = Object.entries(facts).map(([name, fact]) => {
    const cells = columns.map((column) => `<td class="fact">${breakable(fact(column))}</td>`);
    return `<tr>${rowHeading(name)}${cells.join('')}</tr>`;
  });
  return table('How each adapter was measured', ['Adapter', ...columns.map(({ label }) => label)], rows);
}

function sharesSection(
  heading: string,
  caption: string,
  columns: readonly AdapterColumn[],
  of: 'kernels' | 'train',
  draw: Draw,
): string {
  const measured = columns.filter(({ rows }) => [...rows.values()].some((row) => row.of === of));
  if (measured.length === 0) return '';
  const names = rowNames(measured, of);
  const drawn = names.filter((name) => measured.some(({ rows }) => rows.get(name)?.share));
  return `<h2>${heading}</h2>
${picture(`${heading}: shares of the floor by adapter`, measured, drawn, draw)}
${rowsTable(caption, measured, of)}`;
}

/** The chart for both themes and for wide and narrow windows, of which a browser shows one. */
function picture(
  title: string,
  columns: readonly AdapterColumn[],
  names: readonly string[],
  draw: Draw,
): string {
  const source = (width: SharesWidth, theme: Theme) => {
    const { option, height } = sharesChart(title, columns, names, width, theme);
    const svg = draw(option, { width: SHARES_WIDTHS[width], height });
    return { url: `data:image/svg+xml,${encodeURIComponent(svg)}`, width: SHARES_WIDTHS[width], height };
  };
  const sourceOf = (media: string, width: SharesWidth, theme: Theme) => {
    const { url, ...size } = source(width, theme);
    return `<source media="${media}" srcset="${url}" width="${size.width}" height="${size.height}">`;
  };
  const narrow = `(max-width: ${NARROW}px)`;
  const dark = '(prefers-color-scheme: dark)';
  const { url, width, height } = source('wide', 'light');
  return `<picture>
${sourceOf(`${narrow} and ${dark}`, 'narrow', 'dark')}
${sourceOf(narrow, 'narrow', 'light')}
${sourceOf(dark, 'wide', 'dark')}
<img src="${url}" width="${width}" height="${height}" alt="${escaped(title)}. The table below has the figures.">
</picture>`;
}

function rowsTable(caption: string, columns: readonly AdapterColumn[], of: BenchRow['of']): string {
  const rows = rowNames(columns, of).map((name) => {
    const cells = columns.map(({ rows }) => `<td class="figure">${cellOf(rows.get(name))}</td>`);
    return `<tr>${rowHeading(name)}${cells.join('')}</tr>`;
  });
  const first = { floor: 'Floor', kernels: 'Kernel', train: 'Training' }[of];
  return table(caption, [first, ...columns.map(({ label }) => label)], rows);
}

function cellOf(row: BenchRow | undefined): string {
  if (!row) return '<span class="muted">not measured</span>';
  const { time, rate, share } = row;
  if (!time) return `<span class="muted">${row.status}</span>`;
  const figure = rate ? `${figureText(rate.value)} ${rate.unit}` : `${figureText(time.median)} µs`;
  return share === null ? figure : `${figureText(100 * share)} % <span class="muted beside">${figure}</span>`;
}

function skippedList(columns: readonly AdapterColumn[]): string {
  const items = columns.flatMap(({ label, rows }) => {
    const reasons = new Map<string, string[]>();
    for (const { what, status, reason } of rows.values()) {
      if (status === 'skipped') reasons.set(reason, [...(reasons.get(reason) ?? []), what]);
    }
    return [...reasons].map(
      ([reason, what]) => `<li>${escaped(label)}: ${escaped(reason)}: ${escaped(what.join('; '))}</li>`,
    );
  });
  return items.length === 0 ? '' : `<h2>Skipped</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}

function table(caption: string, headings: readonly string[], rows: readonly string[]): string {
  const head = headings.map((heading) => `<th scope="col">${escaped(heading)}</th>`).join('');
  return `<div class="scroll" role="group" tabindex="0" aria-label="${escaped(caption)}">
<table>
<caption>${escaped(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>`;
}

function rowHeading(text: string): string {
  return `<th scope="row">${escaped(text)}</th>`;
}

function styles(): string {
  const variables = (theme: Theme) => {
    const { background, ink, muted, line, blank, training } = colors(theme);
    return `--background: ${background}; --ink: ${ink}; --muted: ${muted}; --line: ${line}; --head: ${blank}; --focus: ${training};`;
  };
  return `
:root { color-scheme: light dark; ${variables('light')} }
@media (prefers-color-scheme: dark) { :root { ${variables('dark')} } }
body { margin: 0; background: var(--background); color: var(--ink); font: 16px/1.5 Helvetica, Arial, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 24px 20px 48px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 12px; }
h2 { font-size: 20px; margin: 36px 0 12px; }
p { max-width: 75ch; }
picture { display: block; margin-bottom: 20px; }
img { display: block; max-width: 100%; height: auto; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
.scroll:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
table { border-collapse: collapse; min-width: 100%; font-size: 14px; }
caption { text-align: left; padding: 8px 12px; color: var(--muted); }
th, td { text-align: left; vertical-align: top; padding: 5px 12px; border-top: 1px solid var(--line); }
thead th { background: var(--head); min-width: 16ch; }
tbody th { font-weight: normal; white-space: nowrap; }
thead th { overflow-wrap: anywhere; vertical-align: bottom; }
.fact { overflow-wrap: anywhere; min-width: 20ch; }
.figure { white-space: nowrap; font-variant-numeric: tabular-nums; }
.muted { color: var(--muted); }
.beside { margin-left: 6px; }
li { overflow-wrap: anywhere; }
@media (max-width: ${NARROW}px) {
  main { padding: 16px 14px 32px; }
  h1 { font-size: 23px; }
  tbody th { white-space: normal; min-width: 13ch; overflow-wrap: anywhere; }
}
`;
}

/** With places where long names may be broken. */
function breakable(text: string): string {
  return escaped(text).replaceAll('_', '_<wbr>');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
