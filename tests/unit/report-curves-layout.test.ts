import { describe, expect, test } from 'vitest';
import { curvesPanels, freePlace, meets, spread } from '../../src/report/curves-layout.ts';
import { accuracyScale, logLossScale, lossScale, roundStep } from '../../src/report/scales.ts';

const room = { least: 0, most: 100 };

describe('labels that are spread', () => {
  test.each([
    ['stay where they are, where none is near another', [90, 10, 50], [90, 10, 50]],
    ['move apart from their middle', [50, 52], [46, 56]],
    ['keep their order, also where they are at one place', [50, 50, 50], [40, 50, 60]],
    ['push others that they come near to', [50, 52, 57], [43, 53, 63]],
    ['stay within the room', [0, 1, 99], [0, 10, 99]],
    ['stay within the room below', [100, 98], [100, 90]],
    ['may be none', [], []],
  ])('%s', (_, places, expected) => {
    expect(spread(places, 10, room)).toEqual(expected.map((place) => expect.closeTo(place)));
  });
});

test('a line comes into a box, passes it, goes through it, or lies in it', () => {
  const box = { left: 10, top: 10, width: 10, height: 10 };
  expect(
    meets(
      [
        [0, 0],
        [15, 15],
      ],
      box,
    ),
  ).toBe(true);
  expect(
    meets(
      [
        [0, 0],
        [9, 30],
      ],
      box,
    ),
  ).toBe(false);
  expect(
    meets(
      [
        [0, 12],
        [40, 18],
      ],
      box,
    ),
  ).toBe(true);
  expect(meets([[12, 12]], box)).toBe(true);
  expect(meets([[12, 9]], box)).toBe(false);
  expect(
    meets(
      [
        [9, 0],
        [9, 30],
      ],
      box,
    ),
  ).toBe(false);
  expect(meets([], box)).toBe(false);
});

test('a free place is looked for from a corner, and is none where lines are everywhere or the panel is too small', () => {
  const panel = { left: 100, top: 0, width: 100, height: 100 };
  const size = { width: 20, height: 10 };
  expect(freePlace(size, panel, [], 'top')).toEqual({ left: 172, top: 8, ...size });
  expect(
    freePlace(
      size,
      panel,
      [
        [
          [150, 0],
          [200, 30],
        ],
      ],
      'top',
    ),
  ).toEqual({ left: 108, top: 8, ...size });
  expect(freePlace(size, panel, [], 'bottom')).toEqual({ left: 172, top: 82, ...size });
  const everywhere = Array.from(
    { length: 10 },
    (_, i) =>
      [
        [100, 10 * i],
        [200, 10 * i],
      ] as const,
  );
  expect(freePlace(size, panel, everywhere, 'top')).toBeNull();
  expect(freePlace({ width: 90, height: 10 }, panel, [], 'top')).toBeNull();
});

test('panels are side by side or, on a phone, one below the other, and all of the chart has room', () => {
  const [left, right] = curvesPanels({ width: 860, height: 300 }, 14, 50);
  expect(left.top).toBe(right.top);
  expect(left.left + left.width + 50).toBeLessThan(right.left);
  expect(right.left + right.width).toBe(810);
  const [upper, lower] = curvesPanels({ width: 340, height: 480 }, 14, 50);
  expect(upper.left).toBe(lower.left);
  expect(upper.top + upper.height).toBeLessThan(lower.top);
  expect(lower.top + lower.height).toBeLessThan(480);
});

describe('scales', () => {
  test('have round ticks around what they show', () => {
    expect(lossScale([0.3, 0.1])).toEqual({ min: 0, max: 0.3, ticks: [0, 0.1, 0.2, 0.3] });
    expect(lossScale([])).toMatchObject({ min: 0, max: 1 });
    expect(lossScale([0, 0])).toMatchObject({ min: 0, max: 1 });
    expect(accuracyScale([0.9712, 0.99])).toEqual({ min: 97, max: 100, ticks: [97, 98, 99, 100] });
    expect(accuracyScale([0.994])).toMatchObject({ min: 99.4, max: 100, ticks: [99.4, 99.6, 99.8, 100] });
    expect(accuracyScale([])).toMatchObject({ min: 0, max: 100 });
    expect(logLossScale([0.3, 0.02])).toEqual({ min: 0.02, max: 0.5, ticks: [0.02, 0.05, 0.1, 0.2, 0.5] });
    expect(logLossScale([])).toEqual({ min: 0.1, max: 1, ticks: [0.1, 0.2, 0.5, 1] });
  });

  test.each([
    [1, 1],
    [0.11, 0.2],
    [3, 5],
    [6, 10],
    [200, 200],
  ])('the next round step from %d is %d', (least, step) => {
    expect(roundStep(least)).toBeCloseTo(step, 12);
  });
});
