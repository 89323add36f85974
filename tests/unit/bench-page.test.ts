import { expect, test } from 'vitest';
import { adapterColumns, type NamedReport } from '../../src/bench/columns.ts';
import { benchPage } from '../../src/bench/page.ts';
import type { BenchReport } from '../../src/bench/report.ts';
import { SHARES_WIDTHS, sharesChart } from '../../src/bench/shares-chart.ts';
import { svgRenderer } from '../../src/report/svg.ts';
import { floorReport, kernelsReport, trainingReport } from '../support/bench.ts';
import { outside, overlaps, svgTexts, unbalanced } from '../support/svg.ts';

const renderSvg = await svgRenderer();

function on<R extends BenchReport>(description: string, report: R, software = false, date = '2026-01-02'): R {
  const { environment } = report;
  const adapter = { ...environment.adapter, description, software };
  return { ...report, environment: { ...environment, adapter, date } };
}

const HARSH = 'Card <b>&"C"</b>, llvmpipe: Mesa 25.0.7-2~bpo12+1 (LLVM 15.0.6) 0.0.1';
const reports: NamedReport[] = [
  { name: 'b-floor.json', report: on('Card B', floorReport, true) },
  { name: 'b-kernels.json', report: on('Card B', kernelsReport, true) },
  { name: 'c-kernels.json', report: on(HARSH, kernelsReport) },
  { name: 'c-train.json', report: on(HARSH, trainingReport) },
];

test('adapters are columns, hardware first, each with its files', () => {
  const columns = adapterColumns(reports);
  expect(columns.map(({ label, files }) => [label, files])).toEqual([
    [HARSH, ['c-kernels.json', 'c-train.json']],
    ['Card B', ['b-floor.json', 'b-kernels.json']],
  ]);
});

test('of a row that was measured twice the newest counts', () => {
  const [first] = kernelsReport.kernels;
  const newer = { ...kernelsReport, kernels: [{ ...first, share: 0.75 }] } as typeof kernelsReport;
  const [column] = adapterColumns([
    { name: 'new.json', report: on('Card B', newer, true, '2026-03-01') },
    { name: 'old.json', report: on('Card B', kernelsReport, true, '2026-02-01') },
  ]);
  expect(column?.files).toEqual(['new.json', 'old.json']);
  expect(column?.rows.get('dense, 784-100@32')?.share).toBe(0.75);
  expect(column?.rows.get('relu, 3200')?.share).toBe(0.25);
});

test('one adapter with other toggles is another column, and both say which', () => {
  const plain = { ...floorReport, environment: { ...floorReport.environment, toggles: [] } };
  const labels = adapterColumns([
    { name: 'a.json', report: floorReport },
    { name: 'b.json', report: plain },
  ]).map(({ label }) => label);
  expect(labels).toEqual([
    expect.stringMatching(/Node v20.20.2, linux-x64, no toggles$/),
    expect.stringMatching(/skip_validation timestamp_quantization=off$/),
  ]);
});

test('the page needs nothing else, no script, and shows texts as they are', async () => {
  const page = await benchPage(reports);
  expect(page).not.toMatch(/<script|javascript:|https?:(?!\/\/www\.w3\.org)|<link|@import/);
  expect(page).toContain(`default-src 'none'`);
  expect(page).toContain('Card &lt;b&gt;&amp;&quot;C&quot;&lt;/b&gt;');
  expect(page).not.toContain('<b>');
  expect(unbalanced(page.replace(/<!doctype html>|<(meta|img|source)[^>]*>|<wbr>/g, ''))).toBeNull();
});

test('every table has a caption, and headings for its columns and rows', async () => {
  const page = await benchPage(reports);
  const tables = page.match(/<table>[\s\S]*?<\/table>/g) ?? [];
  expect(tables).toHaveLength(4);
  for (const table of tables) {
    expect(table).toMatch(/<caption>.+<\/caption>/);
    const [head = '', body = ''] = table.split('<tbody>');
    expect(head.match(/<th scope="col">/g)?.length).toBeGreaterThan(1);
    const rows = body.match(/<tr>/g)?.length;
    expect(body.match(/<tr><th scope="row">/g)).toHaveLength(rows ?? 0);
  }
  expect(page).toContain('25 % <span class="muted beside">100 µs</span>');
  expect(page).toMatch(/<li>Card B: this device lacks the feature shader-f16: multiply-add in float16<\/li>/);
});

test.each(['wide', 'narrow'] as const)('texts of the %s chart are inside and apart', (width) => {
  const columns = adapterColumns(reports);
  const names = ['dense, 784-100@32', 'dense, 784-100@32, workgroup 8 x 8', 'relu, 3200'];
  for (const theme of ['light', 'dark'] as const) {
    const { option, height } = sharesChart('Kernels', columns, names, width, theme);
    const svg = renderSvg(option, { width: SHARES_WIDTHS[width], height });
    const texts = svgTexts(svg);
    expect(unbalanced(svg)).toBeNull();
    expect(outside(svg, texts)).toEqual([]);
    expect(overlaps(texts)).toEqual([]);
    expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining([...names, 'Card B']));
  }
});
