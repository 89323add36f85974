import { describe, expect, test } from 'vitest';
import { CounterRandom } from '../../src/data/random.ts';
import {
  difference,
  fileOf,
  type Picture,
  pictureOf,
  reduced,
  rounded,
} from '../support/compare-screenshots.ts';

/** Red, green and blue. */
type Colour = readonly [number, number, number];

const light = {
  page: [243, 245, 248],
  panel: [255, 255, 255],
  line: [213, 218, 225],
  edge: [121, 133, 154],
  ink: [27, 36, 48],
} as const;

const dark = {
  page: [10, 14, 20],
  panel: [18, 23, 31],
  line: [42, 50, 62],
  edge: [111, 125, 145],
  ink: [232, 237, 244],
} as const;

interface Page {
  readonly colours?: Readonly<Record<keyof typeof light, Colour>>;
  readonly panelLeft?: number;
  readonly bars?: number;
  readonly button?: boolean;
  readonly textLeft?: number;
  readonly height?: number;
}

/** A page like the project's: a panel with lines of text, bars and a button, in the page's own colours. */
function page(given: Page = {}): Picture {
  const { colours = light, panelLeft = 40, bars = 4, button = true, textLeft = 0, height = 280 } = given;
  const width = 400;
  const pixels = new Uint32Array(width * height);
  const fill = ([red, green, blue]: Colour, left: number, top: number, wide: number, high: number) => {
    const colour = (255 << 24) | (blue << 16) | (green << 8) | red;
    for (let y = top; y < Math.min(top + high, height); y++)
      pixels.fill(colour, y * width + left, y * width + left + wide);
  };
  const box = (colour: Colour, left: number, top: number, wide: number, high: number) => {
    fill(colour, left, top, wide, high);
    fill(colours.panel, left + 1, top + 1, wide - 2, high - 2);
  };
  /** Words of letters that are a stroke each. */
  const text = (left: number, top: number, letters: number) => {
    for (let i = 0; i < letters; i++) if (i % 6 !== 5) fill(colours.ink, left + textLeft + 7 * i, top, 2, 10);
  };
  fill(colours.page, 0, 0, width, height);
  box(colours.line, panelLeft, 20, 300, 240);
  for (let line = 0; line < 4; line++) text(panelLeft + 20, 36 + 22 * line, 36);
  for (let bar = 0; bar < bars; bar++) fill([31, 102, 176], panelLeft + 20, 128 + 20 * bar, 240, 14);
  if (button) {
    box(colours.edge, panelLeft + 20, 212, 90, 36);
    text(panelLeft + 36, 225, 8);
  }
  return { width, height, data: new Uint8Array(pixels.buffer) };
}

const kept = rounded(reduced(page()));
const against = (picture: Picture) => difference(kept, reduced(picture)).text;

describe('a kept picture of a page is like', () => {
  test('that page, as a file too', () => {
    expect(against(page())).toBe('');
    expect(pictureOf(fileOf(kept))).toEqual(kept);
  });

  test('the page with other antialiasing at its edges', () => {
    const random = new CounterRandom(1, 0);
    const { data, ...size } = page();
    const noisy = data.map((value, i) => {
      const isEdge = value !== (data[i - 4] ?? value) || value !== (data[i + 4] ?? value);
      const by = isEdge ? random.below(81) - 40 : random.below(5) - 2;
      return i % 4 === 3 ? value : Math.max(0, Math.min(255, value + by));
    });
    expect(against({ ...size, data: noisy })).toBe('');
  });

  test('the page with a few pixels more at its end', () => {
    expect(against(page({ height: 283 }))).toBe('');
  });
});

describe('a kept picture of a page is unlike', () => {
  test.for<[string, Page]>([
    ['a panel that is 12 pixels off', { panelLeft: 52 }],
    ['a bar that is missing', { bars: 3 }],
    ['a button that is hidden', { button: false }],
    ['another colour scheme', { colours: dark }],
    ['texts that are 5 pixels off', { textLeft: 5 }],
  ])('%s', ([, broken]) => {
    expect(against(page(broken))).toMatch(/^in a square of 64 pixels \d+ % is not as it was$/);
  });

  test('a page of another size', () => {
    expect(against(page({ height: 300 }))).toBe('it was 400 x 280 pixels, and is 400 x 300');
    const { height, data } = page();
    const narrow = { width: 200, height: 2 * height, data };
    expect(against(narrow)).toBe('it was 400 x 280 pixels, and is 200 x 560');
  });

  test('a break, which is marked', () => {
    const { picture } = difference(kept, reduced(page({ button: false })));
    const isRed = (i: number) =>
      picture.data[4 * i] === 255 && picture.data[4 * i + 1] === 0 && picture.data[4 * i + 2] === 0;
    const red = Array.from({ length: picture.width * picture.height }, (_, i) => i).filter(isRed);
    expect(red.length).toBeGreaterThan(20);
    for (const i of red) {
      const [x, y] = [4 * (i % picture.width), 4 * Math.floor(i / picture.width)];
      expect(x >= 56 && x < 152 && y >= 208 && y < 252, `${x}, ${y}`).toBe(true);
    }
  });
});
