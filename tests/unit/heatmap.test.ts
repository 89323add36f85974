import { describe, expect, test } from 'vitest';
import { heatmapOption } from '../../src/report/heatmap.ts';
import { heatmapSize } from '../../src/report/heatmap-layout.ts';
import { colors, contrast, parseColor, sequentialColor, textColorOn } from '../../src/report/palette.ts';
import { svgRenderer } from '../../src/report/svg.ts';
import { outside, overlaps, rectangles, svgTexts } from '../support/svg.ts';

const renderSvg = await svgRenderer();

const MATRIX = [
  [50, 2, 0],
  [5, 44, 1],
  [0, 30, 10],
];
const LABELS = ['ant', 'bee', 'cat'];

function draw(matrix: number[][], options: Parameters<typeof heatmapOption>[1]): string {
  const size = { ...heatmapSize(options.labels, options.title) };
  return renderSvg(heatmapOption(matrix, options), {
    width: options.width ?? size.width,
    height: options.height ?? size.height,
  });
}

/** A matrix of `count` classes with many right predictions and a few mistakes. */
function likely(count: number): number[][] {
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) => (i === j ? 970 + (i % 30) : (i * 7 + j * 3) % 11 === 0 ? 9 : 0)),
  );
}

test('row 0 is on top, true labels run downwards and predicted labels to the right', () => {
  const texts = svgTexts(draw(MATRIX, { labels: LABELS }));
  const at = (text: string, fontSize: number) => {
    const found = texts.filter((each) => each.text === text && each.fontSize === fontSize);
    return found.map(({ x, y }) => [Math.round(x), Math.round(y)] as const);
  };
  const [[left, top]] = at('50', 17) as [readonly [number, number]];
  const side = 100;
  expect(at('1', 17)).toEqual([[left + 2 * side, top + side]]);
  expect(at('30', 17)).toEqual([[left + side, top + 2 * side]]);
  const [catTrue, catPredicted] = at('cat', 12).sort((a, b) => a[0] - b[0]);
  expect(catTrue?.[1]).toBe(top + 2 * side);
  expect(catPredicted?.[0]).toBe(left + 2 * side);
  expect(at('True label', 14)).toHaveLength(1);
  expect(at('Predicted label', 14)).toHaveLength(1);
});

test('every count is in its cell, zeros too', () => {
  const texts = svgTexts(draw(MATRIX, { labels: LABELS }));
  const cells = texts
    .filter(({ anchor, fontSize }) => anchor === 'middle' && fontSize === 17)
    .sort((a, b) => a.y - b.y || a.x - b.x);
  expect(cells.map(({ text }) => Number(text))).toEqual(MATRIX.flat());
});

test('cells are square', () => {
  const cells = rectangles(draw(likely(10), { labels: [...'0123456789'] })).filter(
    ({ stroke }) => stroke === '#ffffff',
  );
  expect(cells).toHaveLength(100);
  for (const { width, height } of cells) expect(Math.abs(width - height)).toBeLessThanOrEqual(0.5);
});

const themes = ['light', 'dark'] as const;
const sequences = ['sequence', 'mistakes'] as const;

test.each(themes)('right answers and mistakes have the colours of their own scales (%s)', (theme) => {
  const svg = draw(MATRIX, { labels: LABELS, theme });
  const fills = rectangles(svg).map(({ fill }) => fill);
  for (const [i, row] of MATRIX.entries()) {
    for (const [j, count] of row.entries()) {
      const rgb =
        i === j ? sequentialColor(count / 50, theme) : sequentialColor(count / 30, theme, 'mistakes');
      const near = fills.some((fill) => {
        const bytes = fill.match(/\d+/g)?.map(Number) ?? [];
        return rgb.every((byte, channel) => Math.abs(byte - (bytes[channel] ?? Number.NaN)) <= 1);
      });
      expect(near, `${count}: ${rgb} among ${fills}`).toBe(true);
    }
  }
});

test.each(themes.flatMap((theme) => sequences.map((sequence) => [theme, sequence] as const)))(
  'numbers are readable on every shade, and flip once (%s, %s)',
  (theme, sequence) => {
    const inks = Array.from({ length: 1001 }, (_, thousandth) => {
      const ground = sequentialColor(thousandth / 1000, theme, sequence);
      const ink = textColorOn(ground);
      expect(contrast(parseColor(ink), ground)).toBeGreaterThanOrEqual(4.5);
      return ink;
    });
    expect(inks.filter((ink, i) => i > 0 && ink !== inks[i - 1])).toHaveLength(1);
    expect(inks[0]).toBe(theme === 'light' ? '#000000' : '#ffffff');
    expect(contrast(parseColor(colors(theme).faint), sequentialColor(0, theme, sequence))).toBeGreaterThan(
      4.5,
    );
  },
);

test('a bar for each scale says what it is about and how far it goes', () => {
  const said = (options: Partial<Parameters<typeof heatmapOption>[1]>) =>
    svgTexts(draw(MATRIX, { labels: LABELS, ...options })).filter(({ x }) => x > 370);
  const [right, wrong] = ['Right', 'Wrong'].map((name) => said({}).find(({ text }) => text === name));
  expect(right?.y).toBeLessThan(wrong?.y ?? 0);
  const ticks = said({}).flatMap(({ text, y }) => (/^\d/.test(text) ? [[Number(text), y] as const] : []));
  const of = (from: number, to: number) =>
    ticks.filter(([, y]) => y > from && y < to).map(([value]) => value);
  expect(of(right?.y ?? 0, wrong?.y ?? 0)).toEqual([0, 20, 40, 50]);
  expect(of(wrong?.y ?? 0, Number.POSITIVE_INFINITY)).toEqual([0, 10, 20, 30]);
  const alone = said({ includeDiagonal: false, normalize: 'row' }).map(({ text }) => text);
  expect(alone).not.toContain('Right');
  expect(alone).toEqual(expect.arrayContaining(['Wrong', 'Share of row', '0.75']));
});

test('a network without a mistake has a scale for them all the same', () => {
  const texts = svgTexts(
    draw(
      [
        [3, 0],
        [0, 2],
      ].map((row) => [...row]),
      { labels: ['a', 'b'] },
    ),
  );
  expect(texts.map(({ text }) => text)).toEqual(expect.arrayContaining(['Right', 'Wrong', '3', '2', '1']));
});

test('row normalisation shows shares of each true label to two decimals, and a label without samples as zeros', () => {
  const texts = svgTexts(
    draw(
      [
        [3, 1],
        [0, 0],
      ],
      { labels: ['a', 'b'], normalize: 'row' },
    ),
  );
  const shares = texts
    .filter(({ text, fontSize }) => fontSize === 17 && /^\d\.\d\d$/.test(text))
    .sort((a, b) => a.y - b.y || a.x - b.x);
  expect(shares.map(({ text }) => text)).toEqual(['0.75', '0.25', '0.00', '0.00']);
});

test('without the diagonal, its cells are blank', () => {
  const texts = svgTexts(draw(MATRIX, { labels: LABELS, includeDiagonal: false })).map(({ text }) => text);
  expect(texts).not.toContain('50');
  expect(texts).not.toContain('44');
  expect(texts).toContain('30');
});

test('a tooltip names both labels and the share, as plain text', () => {
  const { tooltip } = heatmapOption(MATRIX, { labels: ['<b>', 'bee', 'cat'] });
  const { formatter, renderMode } = tooltip as {
    formatter: (parameters: unknown) => string;
    renderMode: string;
  };
  expect(renderMode).toBe('richText');
  expect(formatter({ value: [1, 0, 2] })).toBe('True <b>, predicted bee\n2 (3.8 % of 52)');
});

test('texts that cover another are found, whatever their order and turn, and those beside it are not', () => {
  const text = (content: string, x: number, y: number, transform = '') =>
    `<text x="${x}" y="${y}" transform="${transform}" style="font-size:10px">${content}</text>`;
  const texts = svgTexts(
    [
      text('right', 120, 100),
      text('middle', 95, 100),
      text('below', 95, 112),
      text('left', 60, 100),
      // Turned by a right angle: it runs down from (97, 50), through "middle".
      text('turned downwards', 0, 0, 'matrix(0,1,-1,0,97,50)'),
    ].join(''),
  );
  expect(
    overlaps(texts)
      .map((pair) => pair.sort().join(', '))
      .sort(),
  ).toEqual(['below, turned downwards', 'middle, right', 'middle, turned downwards']);
});

describe('no text is cut off, and none covers another', () => {
  const long = (count: number) =>
    Array.from(
      { length: count },
      (_, i) => `class number ${i}${i === 5 ? ', with a very long name indeed' : ''}`,
    );
  const short = (count: number) => Array.from({ length: count }, (_, i) => String(i));
  test.each([
    ['one class', 1, short, {}],
    ['two classes', 2, short, {}],
    ['three long names', 3, long, {}],
    [
      'ten classes',
      10,
      short,
      { title: 'A title that says quite a lot about what the matrix shows, and where from' },
    ],
    ['ten classes on a phone', 10, short, { width: 360, height: 380 }],
    ['ten long names on a phone', 10, long, { width: 400, height: 500 }],
    ['26 classes by row', 26, long, { normalize: 'row' }],
    ['62 classes', 62, short, {}],
    ['100 long names', 100, long, {}],
    ['256 classes', 256, short, {}],
    ['256 long names', 256, long, {}],
    ['two classes with a title that does not fit', 2, short, { title: 'x'.repeat(90) }],
  ] as const)('%s', (_, count, names, options) => {
    const labels = names(count);
    const title = 'title' in options ? options.title : 'Confusion matrix';
    const svg = draw(likely(count), { labels, ...options, title });
    const texts = svgTexts(svg);
    expect(texts.length).toBeGreaterThan(6);
    expect(outside(svg, texts)).toEqual([]);
    expect(overlaps(texts)).toEqual([]);
  });
});

test.each([
  ['no rows', [], []],
  ['a missing column', [[1, 2], [3]], ['a', 'b']],
  [
    'a missing label',
    [
      [1, 2],
      [3, 4],
    ],
    ['a'],
  ],
  [
    'a negative count',
    [
      [1, -2],
      [3, 4],
    ],
    ['a', 'b'],
  ],
  [
    'NaN',
    [
      [1, Number.NaN],
      [3, 4],
    ],
    ['a', 'b'],
  ],
])('%s is a usage error', (_, matrix, labels) => {
  expect(() => heatmapOption(matrix, { labels })).toThrow(/not a confusion matrix/);
});
