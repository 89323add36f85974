import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { benchPage } from '../../src/bench/page.ts';
import type { BenchReport } from '../../src/bench/report.ts';
import { benchFile, readBenchFile } from '../../src/bench/result-file.ts';
import { readBenchFolder } from '../../src/node/bench-files.ts';
import { floorReport, kernelsReport, trainingReport } from '../support/bench.ts';

/** Without the rows that are void, which no file may have. */
const kernels = {
  ...kernelsReport,
  kernels: kernelsReport.kernels.filter(({ status }) => status !== 'void'),
};
const training = {
  ...trainingReport,
  training: trainingReport.training.filter(({ status }) => status !== 'void'),
};

const read = (text: string) => readBenchFile({ name: 'a.json', bytes: new TextEncoder().encode(text) });

/** The message with which a report's file is refused; with a new checksum, so that something else is wrong with it. */
async function refusal(report: object): Promise<string> {
  const error: unknown = await read(await benchFile(report as BenchReport)).catch((reason) => reason);
  expect(error).toMatchObject({ code: 'bad-data' });
  return String(error);
}

describe.each([floorReport, kernels, training])('a file of $bench', (report) => {
  test('has the report, to the bit, however it is laid out', async () => {
    const text = await benchFile(report);
    expect(await read(text)).toEqual(report);
    expect(await read(JSON.stringify(JSON.parse(text)))).toEqual(report);
    const reversed = Object.fromEntries(Object.entries(JSON.parse(text)).reverse());
    expect(await read(JSON.stringify(reversed))).toEqual(report);
  });

  test('is refused where a figure is another one, is missing, or where one was added', async () => {
    const text = await benchFile(report);
    const edited = /a\.json is not as it was written: its content has the SHA-256 [0-9a-f]{64}, and it says/;
    await expect(read(text.replace('"median": 12', '"median": 11'))).rejects.toThrow(edited);
    await expect(read(text.replace('"software": false', '"software": true'))).rejects.toThrow(edited);
    await expect(read(text.replace('"software": false', '"soft": false'))).rejects.toThrow(edited);
    await expect(read(text.replace(/,\s*"sha256": "\w+"/, ''))).rejects.toThrow(/and it says nothing/);
  });
});

describe('refused is', () => {
  test.each([
    ['no JSON', 'floor  median us', /is no result of "shadegrad bench": it is no JSON/],
    ['another JSON', '{"epochs": 3}', /none of the benchmarks/],
    ['a list', '[]', /none of the benchmarks/],
    ['a file of before formats', '{"bench": "floor"}', /a\.json has no format, and this version reads 1/],
    ['another format', '{"bench": "floor", "format": 2}', /a\.json has the format 2, and this version/],
  ])('%s', async (_, text, message) => {
    await expect(read(text)).rejects.toMatchObject({
      code: 'bad-data',
      message: expect.stringMatching(message),
    });
  });

  test('a void row, by its name', async () => {
    expect(await refusal(kernelsReport)).toMatch(/a void row: bias, 784-100@32: y\[0, 0\] is NaN/);
    expect(await refusal(trainingReport)).toMatch(/a void row: unfused, 784-10, batch 8, 2 models: step 1/);
  });

  test('a row that was not checked, by its name', async () => {
    const unchecked = kernels.kernels.map((row) => ({ ...row, checked: { values: 0, of: 20 } }));
    expect(await refusal({ ...kernels, kernels: unchecked })).toMatch(
      /not compared with float64: dense, 784-100@32/,
    );
    const watched = training.training.map((row) => ({ ...row, twinSamples: 0 }));
    expect(await refusal({ ...training, training: watched })).toMatch(/not compared with float64: fused, /);
  });

  test('what is not whole, by the place', async () => {
    const { adapter: _, ...environment } = floorReport.environment;
    expect(await refusal({ ...floorReport, environment })).toMatch(
      /environment\.adapter\.description is missing/,
    );
    const [first] = kernels.kernels;
    const timeless = { ...kernels, kernels: [{ ...first, time: null }] };
    expect(await refusal(timeless)).toMatch(/kernels\[0\]\.time\.median is missing or of the wrong kind/);
  });
});

test('every file of bench/results is accepted, and a page can be made of them', async () => {
  const folder = fileURLToPath(new URL('../../bench/results', import.meta.url));
  const reports = await readBenchFolder(folder);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  expect(reports.map(({ name }) => name)).toEqual(names.sort());
  for (const name of names) {
    expect(name).toMatch(/^[a-z0-9.-]+-(floor|kernels|train)\.json$/);
    expect(name).toContain(`-${JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')).bench}.json`);
  }
  expect(await benchPage(reports)).toContain('</html>');
});
