import type { Browser, Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import type { BenchReport, FloorReport, KernelsReport, TrainingReport } from '../../src/bench.ts';
import { violations } from '../support/axe.ts';
import { crashGpuProcess } from '../support/browser.ts';
import {
  alertOf,
  eventually,
  longRun,
  prependToWorkers,
  press,
  quickRun,
  reach,
  save,
  test,
  testAccuracy,
  train,
} from '../support/demo.ts';

/** Fields of every report that say on what it was measured. */
const ENVIRONMENT = {
  adapter: { vendor: 'google', description: expect.stringMatching(/swiftshader/i), software: true },
  toggles: [],
  versions: {
    shadegrad: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    webgpu: null,
    runtime: expect.stringMatching(/Chrome\/\d+/),
  },
  features: expect.any(Array),
  limits: expect.objectContaining({ maxBufferSize: expect.any(Number) }),
  timing: {
    clock: expect.stringMatching(/^(timestamp-query|wall clock)$/),
    roundTripMicroseconds: { median: expect.any(Number) },
  },
  date: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
};

/**
 * Measuring lasts until figures can be trusted. These tests do not look at their size, so a clock that goes many times as
 * fast may make measuring that much shorter.
 */
const FAST_CLOCK = `const now = performance.now.bind(performance);
performance.now = () => 64 * now();`;
const hurried = { prepare: (page: Page) => prependToWorkers(page, FAST_CLOCK) };

describe('what is measured', () => {
  test('the floor: finite figures, on an adapter with a name, and as JSON', async ({ visit }) => {
    const page = await visit(quickRun, hurried);
    await measure(page, 'Floor');
    const rows = await figures(page);
    expect(rows.map(([name]) => name)).toEqual([
      'Dispatch after dispatch',
      'Round trip',
      'Copying 1 MiB',
      'Copying 16 MiB',
      'Copying 128 MiB',
      'Multiply-adds',
      'Multiply-adds in float16',
      'Multiply-adds, loads shared',
    ]);
    for (const [name = '', best = '', median, interval, p95, ended, checked] of rows) {
      // What a browser's SwiftShader has no feature for.
      if (/float16|shared/.test(name) && /^Skipped: /.test(best)) continue;
      expect(best, name).toMatch(/Copying/.test(name) ? RATE : /Multiply/.test(name) ? OPERATIONS : TIME);
      expect(median, name).toMatch(TIME);
      expect(p95, name).toMatch(TIME);
      expect(interval, name).toMatch(INTERVAL);
      if (!/Copying|Multiply/.test(name)) continue;
      expect(ended, name).toMatch(/^(precise|time)$/);
      expect(checked, name).toMatch(/^(all [\d,]+|[\d,]+ of [\d,]+)$/);
    }
    expect(await verdict(page)).toMatch(
      /^At its best this machine does [\d.,]+ [mbt]illion multiplications .* no step of 4 dispatches can be faster/,
    );
    expect(await page.locator('#bench-environment').textContent()).toMatch(/swiftshader/i);
    expect(await page.locator('#bench-chart').isVisible(), 'a chart of so few numbers').toBe(false);
    const { name, report } = await download<FloorReport>(page);
    expect(name).toBe('bench-floor.json');
    expect(report).toMatchObject({ bench: 'floor', environment: ENVIRONMENT });
    expect(report.floor.copies).toHaveLength(3);
    expect(await violations(page)).toEqual([]);
  });

  test('kernels: each with its check, a wrong one void, while the page stays free, on a dark phone', async ({
    visit,
    browser,
  }) => {
    const phone = {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
      deviceScaleFactor: 2,
    };
    const page = await visit(quickRun, {
      context: { ...phone, colorScheme: 'dark' },
      // A ReLU that lets negative numbers through.
      prepare: (page) =>
        prependToWorkers(
          page,
          `${FAST_CLOCK}
          const { createShaderModule } = GPUDevice.prototype;
          GPUDevice.prototype.createShaderModule = function ({ label, code }) {
            const wrong = label === 'relu.wgsl' ? code.replaceAll('max(', 'min(') : code;
            return createShaderModule.call(this, { label, code: wrong });
          };`,
        ),
    });
    await reach(page, 'ready');
    await choose(page, 'Kernels');
    await page.getByLabel('Which kernels').fill('softmax/10@32, bias/784-100@32, relu/3200');
    const longest = await longestTask(browser, page, async () => {
      await press(page, 'Run benchmark');
      await finished(page);
    });
    expect(longest, 'milliseconds').toBeLessThanOrEqual(50);

    const { name, report } = await download<KernelsReport>(page);
    expect(name).toBe('bench-kernels.json');
    expect(report).toMatchObject({ bench: 'kernels', environment: ENVIRONMENT });
    const results = new Map(report.kernels.map((result) => [result.kernel, result]));
    expect([...results.keys()]).toEqual(['softmax', 'bias', 'relu']);
    for (const row of (await figures(page)).slice(0, 2)) {
      const [name = '', share, median, boundBy, operations, traffic, interval, p95, ended, checked] = row;
      const [kernel = ''] = name.split(' ');
      const result = results.get(kernel as 'softmax' | 'bias');
      if (result?.status !== 'measured') throw new Error(`${kernel} is ${result?.status}`);
      expect(name).toBe(`${kernel} ${result.size}`);
      expect(numberIn(share)).toBeCloseTo(100 * result.share, 0);
      expect(Math.abs(microsecondsIn(median) / result.time.median - 1), kernel).toBeLessThan(0.01);
      expect(Math.abs(microsecondsIn(p95) / result.time.p95 - 1), kernel).toBeLessThan(0.01);
      expect(interval).toMatch(INTERVAL);
      expect(ended).toBe(result.ended);
      expect(operations).toMatch(OPERATIONS);
      expect(traffic).toMatch(RATE);
      expect(boundBy).toBe(result.boundBy);
      expect(checked).toBe(`all ${result.checked.of.toLocaleString('en-US')}`);
    }
    expect(results.get('relu')).toMatchObject({ status: 'void', reason: expect.stringContaining('twin') });
    expect((await figures(page))[2]).toEqual(['relu 3200', expect.stringMatching(/^Void: .* twin /)]);
    expect(await verdict(page)).toMatch(
      /^Void, because of wrong results: relu at 3200\.Of 2 kernels, .*A processor does all of this/,
    );
    await eventually(() => inked(page)).toBe(true);
    await expectExplained(page);
    await expectNoSidewaysScroll(page);
  });

  test('training: images per second of the plans and batches that were chosen', async ({ visit }) => {
    const page = await visit(quickRun, hurried);
    await reach(page, 'ready');
    await choose(page, 'Training');
    await page.getByLabel('Images to a step').fill('16, 64');
    await page.getByLabel('Hidden units').fill('16');
    await page.getByLabel('unfused').check();
    await press(page, 'Run benchmark');
    await finished(page);
    const { name, report } = await download<TrainingReport>(page);
    expect(name).toBe('bench-train.json');
    expect(report).toMatchObject({ bench: 'train', environment: ENVIRONMENT });
    expect(report.training).toMatchObject(
      [16, 64].map((batchSize) => ({ status: 'measured', plan: 'unfused', hidden: [16], batchSize })),
    );
    const rows = await figures(page);
    expect(rows.map(([name]) => name)).toEqual([
      'unfused 784-16-10, batch 16',
      'unfused 784-16-10, batch 64',
    ]);
    for (const [, imagesPerSecond, step] of rows) {
      expect(numberIn(imagesPerSecond)).toBeGreaterThan(0);
      expect(step).toMatch(TIME);
    }
    expect(await verdict(page)).toMatch(
      /^unfused with batches of (16|64) is the fastest for 784-16-10: [\d,]+ images a second, MNIST once through in /,
    );
    expect(await page.locator('#bench-chart').isVisible()).toBe(true);
  });
});

describe('a choice that cannot be measured', () => {
  test('is refused where it is made, beside what the names mean, and others can be made', async ({
    visit,
  }) => {
    const page = await visit();
    await measure(page, 'Kernels', async () => {
      await page.getByLabel('Which kernels').fill('softmaks');
    });
    expect(await alertOf(page)).toMatch(/no kernel "softmaks".*softmax_cross_entropy/s);
    await page.getByText('What the kernels do').click();
    await page.getByText('Sets negative outputs to 0.').waitFor();
    await choose(page, 'Training');
    await page.getByText('What the plans are').click();
    await page.getByText('As layered, in tiles of 32 x 32.').waitFor();
    await page.getByLabel('Images to a step').fill('32; 64');
    await press(page, 'Run benchmark');
    expect(await page.locator('#bench-batches-wrong').textContent()).toMatch(/whole numbers/);
    expect(await page.locator('#bench-result').isVisible()).toBe(false);
    expect(await violations(page)).toEqual([]);
    expect(await page.getByRole('button', { name: 'Run benchmark' }).isVisible()).toBe(true);
    expect(await page.getByRole('button', { name: 'Train', exact: true }).isEnabled()).toBe(true);
  });
});

describe('code for the results that cannot be loaded', () => {
  test('is told before anything is measured', async ({ visit }) => {
    const page = await visit(quickRun, {
      prepare: (page) => page.route(/bench-result[^/]*\.js$/, (route) => route.abort()),
      provokes: /bench-result|ERR_FAILED/,
    });
    await reach(page, 'ready');
    await choose(page, 'Floor');
    await press(page, 'Run benchmark');
    await eventually(() => alertOf(page)).toMatch(/could not be loaded/);
    expect(await page.getByRole('button', { name: 'Run benchmark' }).isVisible()).toBe(true);
    expect(await page.locator('#bench-now').isVisible()).toBe(false);
  });
});

describe('a benchmark and a training', () => {
  test('do not run at once: the training waits, and a stop frees it within a second', async ({ visit }) => {
    const page = await visit();
    await reach(page, 'ready');
    await choose(page, 'Kernels');
    await press(page, 'Run benchmark');
    await eventually(() => page.locator('#bench-now').textContent()).toMatch(/^[2-9] of \d+: /);
    expect(await page.locator('#status').textContent()).toMatch(/benchmark is running/);
    expect(await page.getByRole('button', { name: 'Train', exact: true }).isVisible()).toBe(false);
    expect(await page.getByLabel('Epochs').isDisabled()).toBe(true);
    const pressed = performance.now();
    await press(page, 'Stop benchmark');
    await finished(page);
    expect(performance.now() - pressed, 'milliseconds').toBeLessThan(1000);
    expect(await page.locator('#bench-status').textContent()).toMatch(/^Stopped/);
    expect(await page.locator('#bench-result').isVisible(), 'a result of half a benchmark').toBe(false);
    await train(page);
    expect(await alertOf(page)).toBe('');
  });

  test('do not run at once: no benchmark begins while a training is on', async ({ visit }) => {
    const page = await visit(longRun);
    await reach(page, 'ready');
    await choose(page, 'Floor');
    await press(page, 'Train');
    await reach(page, 'training');
    const run = page.getByRole('button', { name: 'Run benchmark' });
    expect(await run.isVisible()).toBe(false);
    expect(await page.locator('#bench-status').textContent()).toMatch(/training is running/);
    await press(page, 'Stop');
    await reach(page, 'stopped');
    expect(await run.isVisible()).toBe(true);
    expect(await page.locator('#bench-status').textContent()).toBe('');
  });
});

describe('a device that is lost in the middle of a benchmark', () => {
  test('voids it, and what was learned before is kept', async ({ visit, browser }) => {
    const page = await visit();
    await train(page);
    const accuracy = await testAccuracy(page);
    await choose(page, 'Floor');
    await press(page, 'Run benchmark');
    await eventually(() => page.locator('#bench-now').textContent()).toMatch(/floor_copy/);
    await crashGpuProcess(browser);
    await eventually(() => alertOf(page)).toMatch(/device/);
    expect(await page.locator('#bench-result').isVisible()).toBe(false);
    await press(page, 'Restart');
    await reach(page, 'ready');
    expect(await testAccuracy(page)).toBe(accuracy);
    expect(await page.getByRole('button', { name: 'Run benchmark' }).isVisible()).toBe(true);
  });
});

/** Opens the panel and says what to measure. */
async function choose(page: Page, what: 'Floor' | 'Kernels' | 'Training'): Promise<void> {
  const radio = page.getByRole('radio', { name: what });
  if (!(await radio.isVisible())) await page.getByText('Measure this machine').click();
  await radio.check();
}

async function measure(
  page: Page,
  what: 'Floor' | 'Kernels' | 'Training',
  fill: () => Promise<void> = async () => undefined,
): Promise<void> {
  await reach(page, 'ready');
  await choose(page, what);
  await fill();
  await press(page, 'Run benchmark');
  await finished(page);
}

async function finished(page: Page): Promise<void> {
  await page.locator('#bench-run').waitFor({ timeout: 60_000 });
}

/** Units of times, rates and intervals as the tables have them. */
const TIME = /^[\d.,]+ (ns|µs|ms|s)$/;
const INTERVAL = /^([\d.,]+ to [\d.,]+ (ns|µs|ms|s)|–)$/;
const OPERATIONS = /^[\d.,]+ [kMGT]FLOP\/s$/;
const RATE = /^[\d.,]+ [kMGT]B\/s$/;

/** What stands above the tables in large type, without its title. */
async function verdict(page: Page): Promise<string> {
  return (await page.locator('#bench-verdict p').allTextContents()).join('');
}

/** Words of headings and rows explain themselves: by touch, and by keyboard, which goes back to the word. */
async function expectExplained(page: Page): Promise<void> {
  const box = page.getByRole('dialog');
  await page.getByRole('button', { name: 'Share of floor' }).first().tap();
  await page.getByRole('dialog', { name: 'Share of floor' }).getByText('100 % is the best').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('heading', { name: 'Benchmark' }).tap();
  await box.waitFor({ state: 'hidden' });
  const word = page.getByRole('button', { name: 'Void' });
  await word.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Void' }).getByText('float64').waitFor();
  expect(await box.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'hidden' });
  expect(await word.evaluate((element) => element === document.activeElement)).toBe(true);
}

/** The table of the results, cell by cell, without its heading. */
async function figures(page: Page): Promise<string[][]> {
  await page.locator('#bench-figures > .scroll').waitFor();
  return page
    .locator('#bench-figures > .scroll tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
}

function numberIn(text = ''): number {
  return Number.parseFloat(text.replaceAll(',', ''));
}

function microsecondsIn(text = ''): number {
  const [, unit = ''] = text.split(' ');
  return numberIn(text) * ({ ns: 1e-3, µs: 1, ms: 1e3, s: 1e6 }[unit] ?? Number.NaN);
}

async function download<Report extends BenchReport>(page: Page): Promise<{ name: string; report: Report }> {
  const { name, bytes } = await save(page, 'Download JSON');
  return { name, report: JSON.parse(new TextDecoder().decode(bytes)) as Report };
}

/** Whether anything besides the background is drawn on the chart. */
async function inked(page: Page): Promise<boolean> {
  return page.locator('#bench-chart canvas').evaluate((canvas: HTMLCanvasElement) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d');
    copy?.drawImage(canvas, 0, 0);
    const pixels = new Uint32Array(
      copy?.getImageData(0, 0, canvas.width, canvas.height).data.buffer ?? new ArrayBuffer(),
    );
    return new Set(pixels).size > 8;
  });
}

/** The longest stretch of work of the page's thread meanwhile, in milliseconds of processor time. */
async function longestTask(browser: Browser, page: Page, meanwhile: () => Promise<void>): Promise<number> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  await meanwhile();
  await page.waitForTimeout(500);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: { name: string; pid: number; tid: number; tdur?: number; args: { name?: string } }[];
  };
  const threads = traceEvents.filter(({ args }) => args.name === 'CrRendererMain');
  const tasks = traceEvents.filter(
    ({ name, pid, tid }) =>
      /RunTask$/.test(name) && threads.some((thread) => thread.pid === pid && thread.tid === tid),
  );
  expect(tasks.length).toBeGreaterThan(10);
  return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
}

async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, screen] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth];
  });
  expect(content, 'width of the page').toBe(screen);
}
