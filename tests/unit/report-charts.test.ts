import { describe, expect, test } from 'vitest';
import { curvesOption } from '../../src/report/curves.ts';
import { heatmapOption } from '../../src/report/heatmap.ts';
import { colors, contrast, parseColor } from '../../src/report/palette.ts';
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
    const svg = renderSvg(curvesOption(epochs, { title: 'Training on MNIST', ...size }), size);
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
    const numbers = texts.filter(({ x }) => x > 430).map(({ text }) => Number(text));
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
      const svg = renderSvg(curvesOption(epochs, { running, epochs: 10, ...size }), size);
      const texts = svgTexts(svg);
      expect(outside(svg, texts)).toEqual([]);
      expect(overlaps(texts)).toEqual([]);
      expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining(['0', '10']));
      expect(texts.map(({ text }) => text)).not.toContain('Running');
    });

    test('the first batches make the axis half as long again at most; that they are beyond it is said there', () => {
      const drawn = curvesOption(history(2, true), { running });
      const [loss, accuracy] = [drawn.yAxis].flat();
      expect(loss).toMatchObject({ min: 0, max: 0.5 });
      expect(accuracy).toMatchObject({ min: 85, max: 100 });
      const svg = renderSvg(drawn, { width: 860, height: 300 });
      expect(Math.max(...numbersOf(svg))).toBe(100);
      const texts = svgTexts(svg);
      expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining(['up to 2.30', 'down to 10.00']));
      expect(overlaps(texts)).toEqual([]);
    });

    test('a line that fits makes the axis as long as it needs', () => {
      const near = running.filter(({ loss }) => loss < 0.4);
      const drawn = curvesOption(history(2, true), { running: near });
      expect([drawn.yAxis].flat()[0]).toMatchObject({ min: 0, max: 0.4 });
      expect(renderSvg(drawn, { width: 860, height: 300 })).not.toMatch(/(up|down) to/);
    });

    test('a logarithmic axis has room for all of the line', () => {
      const drawn = curvesOption(history(2, true), { running, logLoss: true });
      expect([drawn.yAxis].flat()[0]).toMatchObject({ min: 0.05, max: 5 });
      expect(renderSvg(drawn, { width: 860, height: 300 })).not.toContain('up to');
    });
  });

  describe('where the learning rate was changed', () => {
    const changesAt = (...epochs: number[]) =>
      epochs.map((epoch, i) => ({ step: 1 + 100 * epoch, epoch, before: 0.001, after: 0.01 / 2 ** i }));
    const sizes = [
      { width: 860, height: 380 },
      { width: 860, height: 300 },
      { width: 360, height: 480 },
    ];

    test('an upright line stands in both panels, with the new rate', () => {
      const rateChanges = changesAt(2.5);
      const svg = renderSvg(curvesOption(history(5, true), { rateChanges, ...sizes[0] }), sizes[0] ?? size);
      expect(svgTexts(svg).filter(({ text }) => text === '0.01 from here')).toHaveLength(2);
      const lines = [curvesOption(history(5, true), { rateChanges }).series]
        .flat()
        .filter((series) => series?.name === 'Rates');
      expect(lines.map((line) => (line?.data as [number][] | undefined)?.[0]?.[0])).toEqual([2.5, 2.5]);
    });

    test.each([
      ['one at the begin and one at the end', changesAt(0, 9.9)],
      ['five close together', changesAt(3, 3.1, 3.2, 3.4, 3.5)],
      ['one each epoch', changesAt(1, 2, 3, 4, 5, 6, 7, 8, 9)],
      ['forty', changesAt(...Array.from({ length: 40 }, (_, i) => i / 4.1))],
    ])('%s: no text is cut off, and none covers another', (_, rateChanges) => {
      for (const size of sizes) {
        for (const logLoss of [false, true]) {
          for (const title of ['', 'Training on MNIST']) {
            const option = curvesOption(history(10, true), { rateChanges, logLoss, title, ...size });
            const svg = renderSvg(option, size);
            const texts = svgTexts(svg);
            expect(outside(svg, texts)).toEqual([]);
            expect(overlaps(texts)).toEqual([]);
            expect(
              texts.filter(({ text }) => text.startsWith('0.0') && text.length > 4).length,
            ).toBeGreaterThan(0);
          }
        }
      }
    });

    test('the tooltip of the epoch says so', () => {
      const { tooltip } = curvesOption(history(5, false), { rateChanges: changesAt(2.5) });
      const { formatter } = tooltip as { formatter: (parameters: unknown) => string };
      expect(formatter([{ axisIndex: 0, axisValue: 2.5 }])).toContain('Learning rate: 0.01 from here');
      expect(formatter([{ axisIndex: 0, axisValue: 3.5 }])).not.toContain('Learning rate');
    });
  });

  const size = { width: 860, height: 380 };
  const seriesOf = (option: ReturnType<typeof curvesOption>, name: string) =>
    [option.series].flat().filter((series) => series?.name === name);

  test.each([
    ['before the first epoch ends', [], 30],
    ['while it is trained', history(1, true), 30],
    ['where it went further', history(40, true), 40],
  ])('the axis has all epochs that are to be trained, %s', (_, epochs, last) => {
    const running = [{ epoch: 0.2, loss: 1, accuracy: 0.5 }];
    for (const axis of [curvesOption(epochs, { running, epochs: 30 }).xAxis].flat()) {
      expect(axis).toMatchObject({ min: 0, max: last });
    }
  });

  test.each(['light', 'dark'] as const)(
    'the thin lines are seen on the ground, values read (%s)',
    (theme) => {
      const { background, running, ghost, muted, training, validation } = colors(theme);
      for (const color of [running, ghost, training, validation]) {
        expect(contrast(parseColor(color), parseColor(background))).toBeGreaterThanOrEqual(3);
      }
      for (const color of [running, muted, training, validation]) {
        expect(contrast(parseColor(color), parseColor(background))).toBeGreaterThanOrEqual(4.5);
      }
      const option = curvesOption(history(1, true), {
        theme,
        running: [{ epoch: 0.5, loss: 1, accuracy: 0.5 }],
        ghosts: [{ name: 'other', trained: history(2, false) }],
      });
      expect(seriesOf(option, 'Running')).toMatchObject(
        [0, 1].map(() => ({ color: running, lineStyle: { width: 1 } })),
      );
      expect(seriesOf(option, 'other')).toMatchObject([0, 1].map(() => ({ color: ghost })));
      expect(JSON.stringify(seriesOf(option, 'Running')[0])).not.toContain('opacity');
    },
  );

  test('what each line ends with stands at the right edge, without covering another', () => {
    const running = Array.from({ length: 9 }, (_, i) => ({ epoch: i / 2, loss: 0.2, accuracy: 0.9 }));
    const alike = history(3, true, { loss: 0.2101, valLoss: 0.21, accuracy: 0.9, valAccuracy: 0.9 });
    const ghosts = ['a', 'b', 'a name that is far too long for the room that there is'].map((name) => ({
      name,
      trained: history(5, true, { loss: 0.2, valLoss: 0.21, valAccuracy: 0.9 }),
    }));
    const svg = renderSvg(curvesOption(alike, { running, ghosts, epochs: 8, ...size }), size);
    const texts = svgTexts(svg);
    expect(texts.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['0.210', '0.200', '90.00', 'a', 'b', expect.stringMatching(/^a name.*…$/)]),
    );
    expect(outside(svg, texts)).toEqual([]);
    expect(overlaps(texts)).toEqual([]);
  });

  test.each([false, true])('a loss that is no number is not drawn (logarithmic: %s)', (logLoss) => {
    const running = [0.5, Number.NaN].map((loss, i) => ({ epoch: 0.1 + i / 10, loss, accuracy: 0.5 }));
    const svg = renderSvg(curvesOption([], { running, logLoss, ...size }), size);
    expect(svg).not.toContain('NaN');
    expect(svg).toContain('>50.00<');
  });

  test('the running line has a value only within an epoch', () => {
    const said = (epoch: number) =>
      svgTexts(
        renderSvg(
          curvesOption(history(1, false), { running: [{ epoch, loss: 0.123, accuracy: 0.5 }], epochs: 2 }),
          size,
        ),
      ).map(({ text }) => text);
    expect(said(1.5)).toContain('0.123');
    expect(said(1)).not.toContain('0.123');
  });

  test('other runs are drawn in what both have, and extend the axis', () => {
    const option = curvesOption(history(2, true), {
      ghosts: [
        { name: 'validated', trained: history(3, true) },
        { name: 'not validated', trained: [history(3, false), history(3, false, { loss: 0.1 })] },
      ],
    });
    const pointsOf = (drawn: typeof option, name: string) =>
      seriesOf(drawn, name).map((series) => series?.data as number[][])[0];
    const dataOf = (name: string) => pointsOf(option, name)?.map(([epoch]) => epoch);
    expect(dataOf('validated')).toEqual([1, 2, 3]);
    expect(dataOf('not validated')).toEqual([0.5, 1.5, 2.5]);
    expect([option.xAxis].flat()[0]).toMatchObject({ max: 3 });
    const without = curvesOption(history(2, false), {
      ghosts: [{ name: 'validated', trained: history(3, true) }],
    });
    expect(pointsOf(without, 'validated')?.[0]).toEqual([0.5, 0.3]);
  });

  describe('on a logarithmic axis', () => {
    test.each([
      ['two decades', history(100, true), [0.002, 2]],
      ['within one', history(2, false), [0.1, 0.5]],
      [
        'many decades',
        history(3, false).map((record, i) => ({ ...record, loss: 10 ** (-4 * i) })),
        [1e-8, 1],
      ],
      ['all the same', history(3, false, { loss: 0.1 }), [0.1, 0.2]],
      ['nothing but zeros', history(3, false, { loss: 0 }), [0.05, 1]],
    ] as const)('%s: the losses are between round numbers', (_, epochs, [min, max]) => {
      const option = curvesOption(epochs, { logLoss: true, ...size });
      expect([option.yAxis].flat()[0]).toMatchObject({ type: 'log', min, max });
      expect([option.yAxis].flat()[1]).toMatchObject({ type: 'value' });
      const svg = renderSvg(option, size);
      const texts = svgTexts(svg);
      expect(svg).not.toMatch(/NaN|Infinity/);
      expect(overlaps(texts)).toEqual([]);
      expect(outside(svg, texts)).toEqual([]);
      expect(texts.map(({ text }) => text)).toContain('Loss (log scale)');
    });

    test('a loss of 0 lies on the lower edge, below all others, and its end says 0', () => {
      const epochs = history(3, false).map((record, i) => ({ ...record, loss: [0.5, 0.02, 0][i] ?? 0 }));
      const option = curvesOption(epochs, { logLoss: true, ...size });
      expect([option.yAxis].flat()[0]).toMatchObject({ min: 0.01, max: 0.5 });
      const [line] = seriesOf(option, 'Training');
      expect(line?.data).toEqual([
        [0.5, 0.5],
        [1.5, 0.02],
        [2.5, 0.01],
      ]);
      const svg = renderSvg(option, size);
      expect(svgTexts(svg).filter(({ text, anchor }) => text === '0' && anchor === 'start')).toHaveLength(1);
    });
  });

  test('the legend is inside where it covers no line, else above', () => {
    const placeOf = (epochs: EpochRecord[]) => curvesOption(epochs, { epochs: 10, ...size }).legend;
    expect(placeOf(history(10, true))).toMatchObject({ left: expect.any(Number), top: 22 });
    // Losses that go up and down over all of the panel, as do accuracies.
    const wild = history(10, true).map((record, i) => ({
      ...record,
      loss: i % 2 ? 0.01 : 1,
      accuracy: i % 2,
      valLoss: 0.5,
      valAccuracy: 0.5,
    }));
    const above = curvesOption(wild, { ...size });
    const [grid] = [above.grid].flat();
    const [legend] = [above.legend].flat();
    expect(legend).toMatchObject({ orient: 'horizontal' });
    expect(Number(legend?.top) + 18).toBeLessThan(Number(grid?.top));
    const narrow = curvesOption([wild, wild], { width: 340, height: 480 });
    const texts = svgTexts(renderSvg(narrow, { width: 340, height: 480 }));
    expect([narrow.legend].flat()[0]).toMatchObject({ orient: 'vertical' });
    expect(overlaps(texts)).toEqual([]);
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
      const svg = renderSvg(curvesOption(histories(epochs, true), { title, ...size }), size);
      const texts = svgTexts(svg);
      expect(texts.map(({ text }) => text)).toEqual(
        expect.arrayContaining(['Training, mean', 'Validation, mean', '3 networks, least to most']),
      );
      expect(outside(svg, texts)).toEqual([]);
      expect(overlaps(texts)).toEqual([]);
    }
  });

  test('are their mean, and a band from the least to the greatest, each where it was measured', () => {
    const drawn = seriesOf(curvesOption(histories(2, true)));
    const rounded = (name: string) =>
      drawn
        .filter((series) => series.name === name)
        .map(({ data }) => data.map((point) => point.map((value) => Number(value.toFixed(12)))))[0];
    expect(rounded('Training, mean')).toEqual([
      [0.5, 0.3],
      [1.5, 0.15],
    ]);
    expect(rounded('Validation, mean')).toEqual([
      [1, 0.2],
      [2, 0.21],
    ]);
    // There along the least, back along the greatest.
    expect(rounded('3 networks, least to most')).toEqual([
      [0.5, 0.24],
      [1.5, 0.12],
      [1.5, 0.18],
      [0.5, 0.36],
    ]);
  });

  test('a lone epoch has a bar from the least to the greatest', () => {
    const [, bar] = seriesOf(curvesOption(histories(1, false)));
    expect(bar?.data.map((point) => point.map((value) => Number(value.toFixed(12))))).toEqual([
      [0.5, 0.24],
      [0.5, 0.36],
    ]);
  });

  test('go on with those that were not stopped early', () => {
    const [long, short] = [history(3, false), history(1, false, { loss: 0.1 })];
    const [mean] = seriesOf(curvesOption([long, short]));
    expect(mean?.data).toEqual([
      [0.5, 0.2],
      [1.5, 0.15],
      [2.5, expect.closeTo(0.1)],
    ]);
  });

  test('say in a tooltip the mean and both ends, of training and validation together', () => {
    const { tooltip } = curvesOption(histories(2, true));
    const { formatter } = tooltip as { formatter: (parameters: unknown) => string };
    const said = 'Epoch 2\nTraining, mean: 0.15 (0.12 to 0.18)\nValidation, mean: 0.21 (0.21 to 0.21)';
    expect(formatter([{ axisIndex: 0, axisValue: 1.5 }])).toBe(said);
    expect(formatter([{ axisIndex: 0, axisValue: 2 }])).toBe(said);
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
