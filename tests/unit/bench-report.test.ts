import { describe, expect, test } from 'vitest';
import { BENCH_CHART_SIZE, benchChart } from '../../src/bench/charts.ts';
import { benchCsv, formatBench } from '../../src/bench/format.ts';
import { benchTable } from '../../src/bench/report.ts';
import { svgRenderer } from '../../src/report/svg.ts';
import { choiceReport, floorReport, kernelsReport, trainingReport } from '../support/bench.ts';
import { outside, overlaps, svgTexts, unbalanced } from '../support/svg.ts';

const renderSvg = await svgRenderer();

const reports = [floorReport, kernelsReport, trainingReport, choiceReport];

describe.each(reports)('$bench', (report) => {
  test('the table has a cell for every column in every row', () => {
    const { columns, rows } = benchTable(report);
    expect(rows.map(({ length }) => length)).toEqual(rows.map(() => columns.length));
  });

  test('the text names adapter, versions, toggles and timing, and lines its columns up', () => {
    const text = formatBench(report);
    expect(text).toContain('Card "A", driver 1, 2');
    expect(text).toContain('shadegrad 1.2.3, webgpu 0.6.2, Node v20.20.2');
    expect(text).toContain('toggles skip_validation timestamp_quantization=off');
    expect(text).toContain("timestamp-query, multiples of 65536 ns; a submit's round trip takes 80 us");
    const [heading = '', first = ''] = text.split('\n').slice(4);
    expect(heading.slice(0, heading.indexOf('  '))).toMatch(/^(floor|kernel|plan|network)$/);
    expect(first.length).toBeGreaterThan(20);
  });

  test('CSV has the environment in every line, quotes what holds commas, and ends lines with CR LF', () => {
    const lines = benchCsv(report).split('\r\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(1 + benchTable(report).rows.length);
    for (const line of lines.slice(1)) {
      expect(line).toContain('"Card ""A"", driver 1, 2",false,skip_validation timestamp_quantization=off');
      expect(fields(line)).toHaveLength(fields(lines[0] ?? '').length);
    }
  });

  test('JSON loses nothing', () => {
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});

/** The fields of a line of CSV. */
function fields(line: string): string[] {
  return line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)?.slice(0, -1) ?? [];
}

test('a kernel without a time says why, and has no figure', () => {
  const lines = formatBench(kernelsReport).split('\n');
  const line = (kernel: string) => lines.find((text) => text.startsWith(kernel)) ?? '';
  expect(line('bias')).toMatch(/^bias +784-100@32 +void: y\[0, 0\] is NaN, and its float64 twin 1$/);
  expect(line('matmul')).toMatch(/^matmul +4096\^3 +skipped: too long$/);
});

test('how well a plan was chosen: what each took, what was not ready, and the share that is good', () => {
  const [chosen, wrong, , share] = formatBench(choiceReport).split('\n').slice(5);
  expect(chosen).toMatch(
    /^784-100-10 +32 +1 +fused +layered +1\.05 +0\.25 +fused 105 layered 100 +not compiled in time: fused-2$/,
  );
  expect(wrong).toMatch(/^784-10 +8 +64 +layered +0\.5 +layered: step 1 of model 1 has the loss NaN$/);
  expect(share).toBe('Within 10 % of the best: 1 of 2 (50 %)');
});

test('a share and a check are printed as percentages', () => {
  const dense = formatBench(kernelsReport)
    .split('\n')
    .find((line) => line.startsWith('dense'));
  expect(dense).toMatch(/arithmetic +25\.0 % +50\.0 %$/);
});

describe('pictures', () => {
  test('the floor alone has none', () => {
    expect(benchChart(floorReport)).toBeUndefined();
  });

  test.each([kernelsReport, trainingReport])('$bench: texts are inside and apart', (report) => {
    for (const theme of ['light', 'dark'] as const) {
      const option = benchChart(report, theme);
      const svg = renderSvg(option ?? {}, BENCH_CHART_SIZE);
      const texts = svgTexts(svg);
      expect(unbalanced(svg)).toBeNull();
      expect(outside(svg, texts)).toEqual([]);
      expect(overlaps(texts)).toEqual([]);
      const all = texts.map(({ text }) => text).join('\n');
      expect(all).toContain('Card "A", driver 1, 2');
      expect(all).toContain('Node v20.20.2, linux-x64, 2026-01-02');
      expect(all).toContain('skip_validation, timestamp_quantization=off');
    }
  });

  test('however many toggles there are, they stay inside', () => {
    const toggles = Array.from({ length: 12 }, (_, i) => `some_toggle_of_dawn_${i}=off`);
    const report = { ...kernelsReport, environment: { ...kernelsReport.environment, toggles } };
    const svg = renderSvg(benchChart(report) ?? {}, BENCH_CHART_SIZE);
    expect(outside(svg, svgTexts(svg))).toEqual([]);
  });

  test('the roofline has a roof for each copy and the kernels that compute, by name', () => {
    const texts = svgTexts(renderSvg(benchChart(kernelsReport) ?? {}, BENCH_CHART_SIZE)).map(
      ({ text }) => text,
    );
    expect(texts).toEqual(expect.arrayContaining(['floor, copying 1000 bytes', 'dense', 'relu']));
    expect(texts).not.toContain('bias');
  });

  test('the scaling chart is drawn against what was varied, and names what else was', () => {
    const texts = svgTexts(renderSvg(benchChart(trainingReport) ?? {}, BENCH_CHART_SIZE)).map(
      ({ text }) => text,
    );
    expect(texts).toEqual(
      expect.arrayContaining(['Batch size', 'Images per second', '1,024', 'fused', 'unfused']),
    );
  });
});
