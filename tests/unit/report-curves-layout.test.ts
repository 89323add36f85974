import { describe, expect, test } from 'vitest';
import { curvesPanels, flags, freePlace, meets, spread } from '../../src/report/curves-layout.ts';
import { accuracyScale, logLossScale, lossScale, roundStep, stretched } from '../../src/report/scales.ts';

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
  const [left, right] = curvesPanels({ width: 860, height: 300 }, { top: 14, right: 50 });
  expect(left.top).toBe(right.top);
  expect(left.left + left.width + 50).toBeLessThan(right.left);
  expect(right.left + right.width).toBe(810);
  const [upper, lower] = curvesPanels({ width: 340, height: 480 }, { top: 14, right: 50 });
  expect(upper.left).toBe(lower.left);
  expect(upper.top + upper.height).toBeLessThan(lower.top);
  expect(lower.top + lower.height).toBeLessThan(480);
});

test('room above the panels is taken from their height', () => {
  for (const size of [
    { width: 860, height: 300 },
    { width: 340, height: 480 },
  ]) {
    const bare = curvesPanels(size, { top: 14, right: 50 });
    const boxes = curvesPanels(size, { top: 14, right: 50, above: 32 });
    expect(boxes).toEqual(bare.map((box) => ({ ...box, top: box.top + 32, height: box.height - 32 })));
  }
});

describe('flags above a panel', () => {
  const place = { left: 0, right: 400, rows: 3 };
  const textsOf = (first: number, last: number) =>
    first === last
      ? (['a long text', 'short'] as const)
      : ([`long ${first}-${last}`, `${first}-${last}`] as const);
  const widthOf = (text: string) => 10 * text.length;
  const flagsAt = (...places: number[]) => flags(places, place, textsOf, widthOf);

  test('stand right of their poles, in one row where there is room', () => {
    expect(flagsAt(10, 200)).toEqual([
      { first: 0, last: 0, text: 'a long text', left: 14, row: 0 },
      { first: 1, last: 1, text: 'a long text', left: 204, row: 0 },
    ]);
  });

  test('stand left of their poles at the right edge', () => {
    expect(flagsAt(380)).toEqual([{ first: 0, last: 0, text: 'a long text', left: 266, row: 0 }]);
  });

  test('go into the rows above, the earlier the higher, so that no pole passes a text', () => {
    expect(flagsAt(10, 40, 70).map(({ row }) => row)).toEqual([2, 1, 0]);
  });

  test('are shorter where there are many', () => {
    expect(new Set(flagsAt(10, 70, 130, 190, 250).map(({ text }) => text))).toEqual(new Set(['short']));
  });

  test('are shared by neighbours where there is no room for all', () => {
    expect(flagsAt(10, 11, 12)).toMatchObject([{ first: 0, last: 2, text: 'long 0-2' }]);
    const crowd = flagsAt(...Array.from({ length: 60 }, (_, i) => 5 + 6 * i));
    expect(crowd.length).toBeGreaterThan(3);
    expect(crowd[0]?.first).toBe(0);
    expect(crowd.at(-1)?.last).toBe(59);
    for (const [i, { first }] of crowd.entries())
      if (i > 0) expect(first).toBe((crowd[i - 1]?.last ?? 0) + 1);
  });

  test.each([2, 3, 5, 8, 13, 40])('%d at any places cover neither each other nor poles', (count) => {
    let seed = count;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let round = 0; round < 50; round++) {
      const places = Array.from({ length: count }, () => 400 * random()).sort((a, b) => a - b);
      const found = flags(places, place, textsOf, widthOf);
      expect(found.length).toBeGreaterThan(0);
      for (const flag of found) {
        const end = flag.left + widthOf(flag.text);
        expect(flag.left).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(400);
        for (const other of found) {
          if (other === flag) continue;
          const pole = places[other.first] ?? 0;
          const passes = other.row >= flag.row && pole > flag.left && pole < end;
          expect(passes, JSON.stringify([flag, other])).toBe(false);
          const covers =
            other.row === flag.row && other.left < end && flag.left < other.left + widthOf(other.text);
          expect(covers, JSON.stringify([flag, other])).toBe(false);
        }
      }
    }
  });

  test('are none where there is no room for one, and for no places', () => {
    expect(flags([5], { left: 0, right: 30, rows: 3 }, textsOf, widthOf)).toEqual([]);
    expect(flagsAt()).toEqual([]);
  });
});

describe('an axis and the thin line behind its curves', () => {
  test.each([
    ['covers a line that fits', [0.4, 0.2], [0.3, 0.1], 0, [0.4, 0.2]],
    ['covers a line to half as far again as the curves go', [2.3, 0.2], [0.5, 0.1], 0, [0.75, 0.2]],
    ['counts from 100 % downwards', [10, 88, 95], [90, 96], 100, [85, 88, 95]],
    ['covers the line alone before there are curves', [2.3, 0.9], [], 0, [2.3, 0.9]],
    ['passes over what is no number', [Number.NaN, 0.2], [0.3], 0, [0.2]],
  ])('%s', (_, line, values, begin, covered) => {
    expect(stretched(line, values, begin)).toEqual(covered);
  });
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
