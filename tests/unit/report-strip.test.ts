import { describe, expect, test } from 'vitest';
import { type StripNetwork, stripOption, stripSize } from '../../src/report/strip.ts';
import { svgRenderer } from '../../src/report/svg.ts';
import { outside, overlaps, svgTexts } from '../support/svg.ts';

const renderSvg = await svgRenderer();

/** As many networks of each setting, from 97.00 % upwards in steps of 0.03 %. */
function networks(count: number, rates: readonly number[], decays: readonly number[] = [0]): StripNetwork[] {
  return rates.flatMap((learningRate) =>
    decays.flatMap((weightDecay) =>
      Array.from({ length: count }, (_, i) => ({
        seed: i + 1,
        learningRate,
        weightDecay,
        test: { accuracy: 0.97 + (i % 20) * 0.0003 },
      })),
    ),
  );
}

function draw(shown: readonly StripNetwork[], options: Parameters<typeof stripOption>[1] = {}): string {
  return renderSvg(stripOption(shown, options), stripSize(shown));
}

function textsOf(shown: readonly StripNetwork[]): string[] {
  return svgTexts(draw(shown)).map(({ text }) => text);
}

type Point = { name: string; value: [number, number] };

function seriesOf(shown: readonly StripNetwork[], ensemble?: number): Map<unknown, Point[]> {
  const { series } = stripOption(shown, ensemble === undefined ? {} : { ensemble });
  return new Map([series].flat().map((each) => [each?.name, each?.data as Point[]]));
}

const diverged = (network: StripNetwork): StripNetwork => ({ ...network, test: null });

test.each([
  ['one network', networks(1, [0.001])],
  ['64 of one setting', networks(64, [0.001])],
  ['1,000 of one setting', networks(1000, [0.001])],
  ['three rates', networks(16, [0.003, 0.0003, 0.001])],
  ['rates and decays', networks(4, [0.0003, 0.001, 0.003], [0, 0.01])],
  ['a setting of which all diverged', [...networks(4, [0.001]), ...networks(4, [10]).map(diverged)]],
  ['nothing but such', networks(4, [10]).map(diverged)],
  ['many settings', networks(2, [1e-7, 0.00001, 0.0003, 0.001, 0.003, 0.01, 0.1], [0, 1e-7, 0.0001, 0.01])],
  [
    'more settings than there are lines for',
    networks(
      1,
      Array.from({ length: 120 }, (_, i) => (i + 1) / 1000),
    ),
  ],
])('%s: no text is cut off, and none covers another', (_, shown) => {
  const svg = draw(shown, { title: 'mnist: test accuracy of many networks', ensemble: 0.98 });
  const texts = svgTexts(svg);
  expect(texts.map(({ text }) => text)).toEqual(
    expect.arrayContaining(['One network', 'Mean', 'Ensemble', 'Test accuracy (%)']),
  );
  expect(outside(svg, texts)).toEqual([]);
  expect(overlaps(texts)).toEqual([]);
});

describe('columns', () => {
  test('are the settings by size, under the name of what they differ in, with their means', () => {
    const texts = textsOf(networks(2, [0.003, 0.0003, 0.001]));
    const names = texts.filter((text) => /^0\.00/.test(text));
    expect(names).toEqual(['0.0003', '0.001', '0.003']);
    expect(texts).toContain('Learning rate');
    // 97.00 and 97.03.
    expect(texts.filter((text) => text === 'mean 97.02 %')).toHaveLength(3);
  });

  test('are named by the weight decay where only that differs, and by both where both do', () => {
    expect(textsOf(networks(2, [0.001], [0.1, 0]))).toEqual(
      expect.arrayContaining(['Weight decay', '0', '0.1']),
    );
    expect(textsOf(networks(2, [0.001, 0.003], [0.1, 0]))).toEqual(
      expect.arrayContaining(['Learning rate / weight decay', '0.001 / 0', '0.001 / 0.1', '0.003 / 0']),
    );
  });

  test('say how many diverged', () => {
    const [first, ...others] = networks(3, [0.001]);
    if (!first) throw new Error('there are three');
    const shown = [diverged(first), ...others, ...networks(2, [10]).map(diverged)];
    expect(textsOf(shown)).toEqual(expect.arrayContaining(['1 diverged', '2 diverged']));
    expect(seriesOf(shown).get('One network')).toHaveLength(2);
    expect(seriesOf(shown).get('Mean')).toHaveLength(1);
  });
});

describe('points', () => {
  test('are one for each network, at its accuracy, in its column, and say which it is', () => {
    const points = seriesOf(networks(20, [0.001, 0.003])).get('One network') ?? [];
    expect(points).toHaveLength(40);
    points.forEach(({ name, value: [x, y] }, i) => {
      expect(Math.floor(x)).toBe(i < 20 ? 0 : 1);
      expect(y).toBeCloseTo(97 + (i % 20) * 0.03, 10);
      expect(name).toBe(`${i < 20 ? '0.001' : '0.003'}, seed ${(i % 20) + 1}: ${y.toFixed(2)} %`);
    });
  });

  test('do not hide one another, as far as there is room', () => {
    const svg = draw(networks(64, [0.001]));
    const centres = [
      ...svg.matchAll(/<path d="M1 0A1 1[^"]*" transform="matrix\(4,0,0,4,([\d.]+),([\d.]+)\)"/g),
    ].map(([, x, y]) => [Number(x), Number(y)] as const);
    expect(centres).toHaveLength(64);
    for (const [i, [x, y]] of centres.entries()) {
      for (const [otherX, otherY] of centres.slice(i + 1)) {
        expect(Math.hypot(x - otherX, y - otherY)).toBeGreaterThan(7.5);
      }
    }
  });
});

test('the ensemble is a line across all columns, on the scale', () => {
  const shown = networks(4, [0.001, 0.003]);
  expect(seriesOf(shown).has('Ensemble')).toBe(false);
  expect(seriesOf(shown, 0.985).get('Ensemble')).toEqual([
    [0, 98.5],
    [2, 98.5],
  ]);
  const [axis] = [stripOption(shown, { ensemble: 0.985 }).yAxis].flat();
  expect(axis).toMatchObject({ min: 96.5, max: 99, interval: 0.5 });
});

test('no accuracy above 100 % is on the axis', () => {
  for (const accuracy of [1, 0]) {
    const [axis] = [
      stripOption([{ seed: 1, learningRate: 1, weightDecay: 0, test: { accuracy } }]).yAxis,
    ].flat();
    expect(axis).toMatchObject(accuracy === 1 ? { max: 100 } : { min: 0 });
  }
});
