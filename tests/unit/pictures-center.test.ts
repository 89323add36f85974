import { describe, expect, test } from 'vitest';
import { centerDigit, type DigitForm } from '../../src/pictures/center.ts';

/** Ink where `inside` says so: [height, width]. */
function drawing(width: number, height: number, inside: (x: number, y: number) => boolean): Float32Array {
  return Float32Array.from({ length: width * height }, (_, i) =>
    inside(i % width, Math.floor(i / width)) ? 1 : 0,
  );
}

function inkBox(image: Uint8Array): { left: number; top: number; width: number; height: number } {
  const inked = [...image.keys()].filter((i) => (image[i] ?? 0) > 0);
  const columns = inked.map((i) => i % 28);
  const rows = inked.map((i) => Math.floor(i / 28));
  const [left, top] = [Math.min(...columns), Math.min(...rows)];
  return { left, top, width: Math.max(...columns) - left + 1, height: Math.max(...rows) - top + 1 };
}

describe('centerDigit', () => {
  test.each([
    [28, 28],
    [1, 1],
    [300, 7],
  ])('gives an empty image for an empty drawing of %d x %d', (width, height) => {
    expect(centerDigit(new Float32Array(width * height), width, height)).toEqual(new Uint8Array(784));
    expect(centerDigit(new Uint8Array(width * height), width, height)).toEqual(new Uint8Array(784));
  });

  test.each([
    ['a small drawing in a corner', 9, 12, 2, 1],
    ['a large drawing', 900, 640, 500, 30],
    ['a drawing of one pixel', 5, 5, 0, 4],
  ])('fits %s into 20 x 20 pixels about the middle', (_, width, height, left, top) => {
    const size = width > 5 ? Math.floor(height / 2) : 1;
    const ink = drawing(width, height, (x, y) => x >= left && x < left + size && y >= top && y < top + size);
    const image = centerDigit(ink, width, height);
    expect(inkBox(image)).toEqual({ left: 5, top: 5, width: 20, height: 20 });
    expect(image.every((value) => value === 0 || value === 255)).toBe(true);
  });

  test('keeps the aspect', () => {
    const image = centerDigit(
      drawing(50, 200, (x, y) => x >= 10 && x < 20 && y >= 50),
      50,
      200,
    );
    expect(inkBox(image)).toMatchObject({ width: 1, height: 20 });
  });

  test('brings the centre of mass, not of the box, to the middle', () => {
    // A stem with a heavy head on top.
    const ink = drawing(60, 100, (x, y) => (y < 30 && x >= 20 && x < 40) || (x >= 26 && x < 34));
    const image = centerDigit(ink, 60, 100);
    let [mass, moment] = [0, 0];
    for (const [i, value] of image.entries()) {
      mass += value;
      moment += value * (Math.floor(i / 28) + 0.5);
    }
    expect(Math.abs(moment / mass - 14.5)).toBeLessThanOrEqual(0.5);
    expect(inkBox(image).top).toBeGreaterThan(5);
  });

  test('lets no part of a lopsided drawing leave the image', () => {
    const ink = drawing(100, 100, (x, y) => y >= 97 || (x < 60 && y > 80));
    expect(inkBox(centerDigit(ink, 100, 100))).toMatchObject({ width: 20, height: 4 });
    const stem = drawing(100, 100, (x, y) => (x < 2 && y < 90) || y >= 90);
    expect(inkBox(centerDigit(stem, 100, 100))).toMatchObject({ top: 0, width: 20, height: 20 });
  });

  test('has greys where pixels are partly covered, and full black somewhere', () => {
    const image = centerDigit(
      drawing(73, 73, (x, y) => x === y),
      73,
      73,
    );
    expect(new Set(image).size).toBeGreaterThan(2);
    expect(Math.max(...image)).toBe(255);
  });

  test('does not depend on the scale of the ink', () => {
    const faint = drawing(40, 30, (x, y) => (x * y) % 7 === 3);
    const bytes = Uint8Array.from(faint, (value) => 128 * value);
    expect(centerDigit(bytes, 40, 30)).toEqual(centerDigit(faint, 40, 30));
  });

  test('does not take a speck of noise for the edge of the digit', () => {
    const clean = drawing(64, 64, (x, y) => x > 20 && x < 40 && y > 20 && y < 40);
    const noisy = clean.slice();
    noisy[0] = 0.05;
    expect(centerDigit(noisy, 64, 64)).toEqual(centerDigit(clean, 64, 64));
  });
});

test('brings a digit into another form: another field, another box, centred by the box', () => {
  const form: DigitForm = { height: 40, width: 32, box: 24, by: 'box', x: 16, y: 20 };
  // A stem with a heavy head on top: its mass is above the middle of its box.
  const ink = drawing(60, 100, (x, y) => (y < 30 && x >= 20 && x < 40) || (x >= 28 && x < 32));
  const image = centerDigit(ink, 60, 100, form);
  expect(image).toHaveLength(40 * 32);
  const inked = [...image.keys()].filter((i) => (image[i] ?? 0) > 0);
  const rows = inked.map((i) => Math.floor(i / 32));
  const columns = inked.map((i) => i % 32);
  expect([Math.min(...rows), Math.max(...rows)]).toEqual([8, 31]);
  expect(Math.min(...columns) + Math.max(...columns)).toBeGreaterThanOrEqual(30);
  expect(Math.min(...columns) + Math.max(...columns)).toBeLessThanOrEqual(32);
});
