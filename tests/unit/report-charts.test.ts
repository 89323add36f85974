import { describe, expect, test } from 'vitest';
import { curvesOption } from '../../src/report/curves.ts';
import { heatmapOption } from '../../src/report/heatmap.ts';
import { svgRenderer } from '../../src/report/svg.ts';
import type { EpochRecord } from '../../src/train/history.ts';
import { outside, overlaps, svgTexts, unbalanced } from '../support/svg.ts';

const renderSvg = await svgRenderer();

function history(epochs: number, validation: boolean, change: Partial<EpochRecord> = {}): EpochRecord[] {
  return Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    loss: 0.3 / (i + 1),
    accuracy: 1 - 0.1 / (i + 1),
    valLoss: validation ? 0.2 + i / 100 : null,
    valAccuracy: validation ? 0.97 : null,
    seconds: 1,
    ...change,
  }));
}

describe('training curves', () => {
  test.each([
    ['one epoch', history(1, false), 860],
    ['one epoch with validation', history(1, true), 860],
    ['ten epochs', history(10, true), 860],
    ['ten epochs on a phone', history(10, true), 360],
    ['a hundred epochs', history(100, false), 860],
    ['a thousand epochs', history(1000, true), 860],
    ['a tiny loss and every answer right', history(5, false, { loss: 0.000123, accuracy: 1 }), 860],
    ['a huge loss and no answer right', history(5, false, { loss: 123_456, accuracy: 0 }), 860],
  ])('%s: no text is cut off, and none covers another', (_, epochs, width) => {
    const size = { width, height: width < 560 ? 560 : 380 };
    const svg = renderSvg(curvesOption(epochs, { title: 'Training on MNIST', width }), size);
    const texts = svgTexts(svg);
    expect(texts.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['Loss', 'Accuracy (%)', 'Epoch', 'Training', 'Training on MNIST']),
    );
    expect(outside(svg, texts)).toEqual([]);
    expect(overlaps(texts)).toEqual([]);
  });

  test('validation is in the legend only where there is any', () => {
    const drawn = (validation: boolean) =>
      svgTexts(renderSvg(curvesOption(history(3, validation)), { width: 860, height: 380 })).map(
        (t) => t.text,
      );
    expect(drawn(true)).toContain('Validation');
    expect(drawn(false)).not.toContain('Validation');
  });

  test('no accuracy above 100 % is on the axis', () => {
    const texts = svgTexts(
      renderSvg(curvesOption(history(4, false, { accuracy: 1 })), { width: 860, height: 380 }),
    );
    const numbers = texts.filter(({ x }) => x > 400).map(({ text }) => Number(text));
    expect(Math.max(...numbers.filter((value) => !Number.isNaN(value)))).toBe(100);
  });

  describe('within an epoch', () => {
    const running = Array.from({ length: 25 }, (_, i) => ({
      epoch: (i + 1) / 10,
      loss: 2.3 / (i + 1),
      accuracy: 1 - 0.9 / (i + 1),
    }));
    const numbersOf = (svg: string) =>
      svgTexts(svg)
        .map(({ text }) => Number(text))
        .filter((number) => !Number.isNaN(number));

    test.each([
      ['before the first', [], 860],
      ['in the third', history(2, true), 860],
      ['in the third, on a phone', history(2, true), 360],
    ])('%s: no text is cut off, and none covers another', (_, epochs, width) => {
      const size = { width, height: width < 560 ? 480 : 300 };
      const svg = renderSvg(curvesOption(epochs, { running, epochs: 10, width }), size);
      const texts = svgTexts(svg);
      expect(outside(svg, texts)).toEqual([]);
      expect(overlaps(texts)).toEqual([]);
      expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining(['0', '10']));
      expect(texts.map(({ text }) => text)).not.toContain('Running');
    });

    test('the first batches do not spoil the scale of the epochs', () => {
      const drawn = curvesOption(history(2, true), { running });
      const [loss, accuracy] = [drawn.yAxis].flat();
      expect(loss).toMatchObject({ min: 0, max: 0.3 });
      expect(accuracy).toMatchObject({ min: 90, max: 100 });
      expect(Math.max(...numbersOf(renderSvg(drawn, { width: 860, height: 300 })))).toBe(100);
    });
  });

  test('no epoch yet gives empty panels', () => {
    expect(unbalanced(renderSvg(curvesOption([]), { width: 860, height: 380 }))).toBeNull();
  });
});

describe('training curves of several networks', () => {
  /** Networks whose losses are 0.8, 1 and 1.2 times those of one. */
  const histories = (epochs: number, validation: boolean) =>
    [0.8, 1.2, 1].map((factor) =>
      history(epochs, validation).map(({ loss, accuracy, ...record }) => ({
        ...record,
        loss: factor * loss,
        accuracy: 1 - factor * (1 - accuracy),
      })),
    );
  const seriesOf = (option: ReturnType<typeof curvesOption>) =>
    [option.series].flat().map((series) => ({ name: series?.name, data: series?.data as number[][] }));

  test.each([
    ['one epoch', 1, 860],
    ['ten epochs', 10, 860],
    ['ten epochs on a phone', 10, 360],
    ['a thousand epochs', 1000, 860],
  ])('%s: no text is cut off, and none covers another', (_, epochs, width) => {
    const size = { width, height: width < 560 ? 560 : 380 };
    for (const title of ['', 'mnist, hidden 100, batch size 32, 3 networks']) {
      const svg = renderSvg(curvesOption(histories(epochs, true), { title, width }), size);
      const texts = svgTexts(svg);
      expect(texts.map(({ text }) => text)).toEqual(
        expect.arrayContaining(['Training, mean', 'Validation, mean', '3 networks, least to most']),
      );
      expect(outside(svg, texts)).toEqual([]);
      expect(overlaps(texts)).toEqual([]);
    }
  });

  test('are their mean, and a band from the least to the greatest', () => {
    const [mean, least, above] = seriesOf(curvesOption(histories(2, false)));
    const rounded = (data: number[][] | undefined) =>
      data?.map((point) => point.map((value) => Number(value.toFixed(12))));
    expect(mean?.name).toBe('Training, mean');
    expect(rounded(mean?.data)).toEqual([
      [1, 0.3],
      [2, 0.15],
    ]);
    expect(rounded(least?.data)).toEqual([
      [1, 0.24],
      [2, 0.12],
    ]);
    // On top of the least.
    expect(rounded(above?.data)).toEqual([
      [1, 0.12],
      [2, 0.06],
    ]);
  });

  test('a lone epoch has a bar from the least to the greatest', () => {
    const [, bar] = seriesOf(curvesOption(histories(1, false)));
    expect(bar?.data.map((point) => point.map((value) => Number(value.toFixed(12))))).toEqual([
      [1, 0.24],
      [1, 0.36],
    ]);
  });

  test('go on with those that were not stopped early', () => {
    const [long, short] = [history(3, false), history(1, false, { loss: 0.1 })];
    const [mean] = seriesOf(curvesOption([long, short]));
    expect(mean?.data).toEqual([
      [1, 0.2],
      [2, 0.15],
      [3, expect.closeTo(0.1)],
    ]);
  });

  test('say in a tooltip the mean and both ends', () => {
    const [mean] = [curvesOption(histories(2, false)).series].flat();
    const tooltip = mean?.tooltip as { valueFormatter: (value: number, index: number) => string } | undefined;
    expect(tooltip?.valueFormatter(0.15, 1)).toBe('0.15 (0.12 to 0.18)');
  });

  test('of one network are those of that network', () => {
    const size = { width: 860, height: 380 };
    const [alone] = histories(5, true);
    expect(renderSvg(curvesOption([alone ?? []]), size)).toBe(renderSvg(curvesOption(alone ?? []), size));
  });
});

describe('renderSvg', () => {
  const labels = ['<a href="x">', 'b & "c"', "d'\u0001"];
  const option = () =>
    heatmapOption(
      [
        [1, 2, 0],
        [3, 4, 1],
        [0, 0, 9],
      ],
      { labels, title: 'A < B & C' },
    );
  const svg = renderSvg(option(), { width: 500, height: 480 });

  test('gives the same bytes for the same option, again and again', () => {
    expect(renderSvg(option(), { width: 500, height: 480 })).toBe(svg);
  });

  test('gives well-formed XML whatever the labels hold', () => {
    expect(unbalanced(svg)).toBeNull();
    expect(svg).toContain('&lt;a href=&quot;x&quot;&gt;');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what XML forbids.
    expect(svg).not.toMatch(/[\u0000-\u0008]/);
    expect(unbalanced('<svg><g></svg>')).toBe('</svg>');
  });

  test('is an image with a title, on a white ground, without scripts, styles or remote content', () => {
    expect(svg).toMatch(
      /^<svg [^>]*width="500" height="480"[^>]* role="img">\n<title>A &lt; B &amp; C<\/title>/,
    );
    expect(svg).toContain('<rect width="500" height="480" x="0" y="0" fill="#ffffff">');
    expect(svg).not.toMatch(/<script|<style|<image|class=|ecmeta|href="/);
    expect(svg).not.toContain('dominant-baseline');
  });

  test('keeps its gradients and clips: every reference has its target', () => {
    const references = [...svg.matchAll(/url\(#([^)]+)\)/g)].map((match) => match[1]);
    expect(references.length).toBeGreaterThan(0);
    for (const id of references) expect(svg).toContain(`id="${id}"`);
  });
});
