import { Canvas, drawn } from './canvas.mjs';
import { normal } from './digits.mjs';

/** Grey levels of a card and of the pen on it, as a scanner gives them. */
const PAPER = 235 / 255;
const PEN = 58 / 255;
const SIDE = 280;

/** A digit on a card of 280 x 280 pixels. */
function card(pixels, paper = PAPER, pen = PEN) {
  return new Canvas(SIDE, SIDE, paper).cover(drawn(pixels, 0, 0, SIDE), pen);
}

/** Distance from the middle of a square picture, 1 at its corners. */
const fromMiddle = (x, y) => Math.hypot(x + 0.5 - SIDE / 2, y + 0.5 - SIDE / 2) / (SIDE / Math.SQRT2);

/** 0 well below `edge`, 1 well above, and a soft step `width` wide between. */
const step = (value, edge, width) => Math.min(1, Math.max(0, (value - edge) / width + 0.5));

/** A disc with an edge one pixel soft. */
const disc = (x, y, centreX, centreY, radius) => radius + 0.5 - Math.hypot(x - centreX, y - centreY);

function specks(canvas, random, count, radius, shade) {
  const discs = Array.from({ length: count }, () => [
    random() * canvas.width,
    random() * canvas.height,
    radius * (0.4 + 0.6 * random()),
  ]);
  return canvas.cover((x, y) => Math.max(...discs.map(([x0, y0, r]) => disc(x, y, x0, y0, r))), shade);
}

/** Slow waves, like the traces of wiping a board: about -1 to 1. */
function clouds(random) {
  const waves = Array.from({ length: 6 }, () => [
    random() * 0.05 - 0.025,
    random() * 0.05 - 0.025,
    random() * 2 * Math.PI,
  ]);
  return (x, y) => waves.reduce((sum, [u, v, phase]) => sum + Math.sin(u * x + v * y + phase), 0) / 3;
}

/** Digits of a 3 x 5 font, for the numbers beside a plot's axes. */
const GLYPHS = {
  0: '111101101101111',
  1: '010110010010111',
  2: '111001111100111',
  5: '111100111001111',
};
function writeNumber(canvas, text, left, top, size, shade) {
  for (const [n, glyph] of [...text].entries()) {
    const bits = GLYPHS[glyph];
    canvas.cover((x, y) => {
      const [column, row] = [Math.floor((x - left) / size) - 4 * n, Math.floor((y - top) / size)];
      return column >= 0 && column < 3 && row >= 0 && row < 5 ? Number(bits[row * 3 + column]) : 0;
    }, shade);
  }
}

/** A plot as matplotlib saves `imshow` of 28 x 28 pixels: axes with ticks and numbers around the image, on white. */
function plot(pixels, colourOf) {
  const [left, top, side] = [143, 58, 370];
  const canvas = new Canvas(640, 480, 1);
  const inside = (x, y) => x >= left && x < left + side && y >= top && y < top + side;
  for (let level = 0; level < 3; level++) {
    canvas.shade((value, x, y, channel) => {
      if (channel !== level || !inside(x, y)) return value;
      const cell = Math.floor(((y - top) * 28) / side) * 28 + Math.floor(((x - left) * 28) / side);
      return colourOf(pixels[cell] / 255)[channel];
    });
  }
  const line = (x, y) =>
    x >= left - 1 &&
    x <= left + side &&
    y >= top - 1 &&
    y <= top + side &&
    (x < left + 1 || x >= left + side || y < top + 1 || y >= top + side);
  canvas.cover((x, y) => Number(line(x, y)), 0);
  for (let tick = 0; tick <= 25; tick += 5) {
    const place = ((tick + 0.5) * side) / 28;
    canvas.cover((x, y) => Number(y > top + side && y < top + side + 6 && x === Math.round(left + place)), 0);
    canvas.cover((x, y) => Number(x < left && x > left - 6 && y === Math.round(top + place)), 0);
    writeNumber(canvas, String(tick), Math.round(left + place) - 6, top + side + 10, 2, 0.1);
    writeNumber(canvas, String(tick), left - 26, Math.round(top + place) - 5, 2, 0.1);
  }
  return canvas;
}

/** A colour of matplotlib's viridis, interpolated between its ends and middle. */
function viridis(value) {
  const stops = [
    [0.267, 0.005, 0.329],
    [0.128, 0.567, 0.551],
    [0.993, 0.906, 0.144],
  ];
  const [from, to, share] = value < 0.5 ? [0, 1, 2 * value] : [1, 2, 2 * value - 1];
  return stops[from].map((start, channel) => start + share * (stops[to][channel] - start));
}

/** Whether a point is on a sheet of paper: a rectangle with this middle, size and angle. */
function sheet(centreX, centreY, width, height, angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return (x, y) => {
    const [dx, dy] = [x - centreX, y - centreY];
    const [u, v] = [Math.abs(cos * dx + sin * dy), Math.abs(cos * dy - sin * dx)];
    return Math.min(width / 2 - u, height / 2 - v) + 0.5;
  };
}

/**
 * The kinds of pictures: each kind's name, how many of 100 should be read right, how one is drawn, and the format of
 * its file. `draw` gets a digit of MNIST, light ink on black, and a source of random numbers.
 *
 * @type {readonly { name: string, goal: number, draw: (pixels: Uint8Array, random: () => number) => Canvas,
 *   save?: { format: 'png' | 'jpeg', palette?: boolean, quality?: number } }[]}
 */
export const kinds = [
  {
    name: 'mnist-28',
    goal: 97,
    draw: (pixels) => new Canvas(28, 28, 0).cover((x, y) => pixels[y * 28 + x] / 255, 1),
  },
  {
    name: 'mnist-28-inverted',
    goal: 97,
    draw: (pixels) => new Canvas(28, 28, 1).cover((x, y) => pixels[y * 28 + x] / 255, 0),
  },
  { name: 'black-on-white', goal: 97, draw: (pixels) => card(pixels, 1, 0) },
  { name: 'white-on-black', goal: 97, draw: (pixels) => card(pixels, 0, 1) },
  { name: 'grey-card', goal: 97, draw: (pixels) => card(pixels) },
  { name: 'palette', goal: 97, draw: (pixels) => card(pixels, 1, 0), save: { format: 'png', palette: true } },
  { name: 'colour', goal: 97, draw: (pixels) => card(pixels, 1, [0.1, 0.2, 0.7]) },
  {
    name: 'large',
    goal: 97,
    draw: (pixels) => new Canvas(1200, 1200, 1).cover(drawn(pixels, 0, 0, 1200), 0),
  },
  {
    name: 'ink-on-transparent',
    goal: 97,
    draw(pixels) {
      const canvas = new Canvas(SIDE, SIDE, 0, 0);
      const ink = drawn(pixels, 0, 0, SIDE);
      canvas.opacity.forEach((_, i) => {
        canvas.opacity[i] = ink(i % SIDE, Math.floor(i / SIDE));
      });
      return canvas;
    },
  },
  { name: 'low-contrast', goal: 98, draw: (pixels) => card(pixels, 0.6, 0.45) },
  {
    name: 'lined-paper',
    goal: 98,
    draw: (pixels) => card(pixels).cover((_, y) => (y % 35 < 2 ? 0.35 : 0), [0.4, 0.55, 0.85]),
  },
  {
    name: 'graph-paper',
    goal: 98,
    draw: (pixels) => card(pixels).cover((x, y) => (x % 20 < 1 || y % 20 < 1 ? 0.3 : 0), [0.4, 0.6, 0.75]),
  },
  {
    name: 'vignette-30',
    goal: 95,
    draw: (pixels) => card(pixels).shade((value, x, y) => value * (1 - 0.315 * fromMiddle(x, y) ** 2)),
  },
  {
    name: 'fall-off-40',
    goal: 95,
    draw: (pixels) => card(pixels).shade((value, x) => value * (1 - (0.4 * x) / SIDE)),
  },
  {
    name: 'soft-shadow',
    goal: 95,
    draw: (pixels) => card(pixels).shade((value, x) => value * (1 - 0.35 * step(x / SIDE, 0.78, 0.2))),
  },
  {
    name: 'dust',
    goal: 95,
    draw: (pixels, random) => specks(card(pixels), random, 12, 2.2, 0.35),
  },
  {
    name: 'pepper',
    goal: 95,
    draw: (pixels, random) => card(pixels).cover(() => Number(random() < 0.002), 0),
  },
  {
    name: 'chalkboard',
    goal: 95,
    draw(pixels, random) {
      const smear = clouds(random);
      const ink = drawn(pixels, 0, 0, SIDE);
      return new Canvas(SIDE, SIDE, 0.2)
        .shade((value, x, y, channel) => value + 0.04 * smear(x, y) + (channel === 1 ? 0.04 : 0))
        .cover((x, y) => ink(x, y) * (0.6 + 0.4 * random()), 0.9)
        .noise(() => 0.02 * normal(random));
    },
  },
  {
    name: 'semi-transparent-paper',
    goal: 95,
    draw(pixels) {
      const canvas = card(pixels, 1, 0);
      const ink = drawn(pixels, 0, 0, SIDE);
      canvas.opacity.forEach((_, i) => {
        canvas.opacity[i] = ink(i % SIDE, Math.floor(i / SIDE)) > 0.02 ? 1 : 100 / 255;
      });
      return canvas;
    },
  },
  {
    name: 'transparent-margin',
    goal: 95,
    draw(pixels) {
      const canvas = new Canvas(320, 320, 1).cover(drawn(pixels, 20, 20, SIDE), 0);
      canvas.opacity.forEach((_, i) => {
        const [x, y] = [i % 320, Math.floor(i / 320)];
        if (Math.min(x, y) >= 20 && Math.max(x, y) < 300) return;
        canvas.opacity[i] = 0;
        canvas.colour.fill(0, 3 * i, 3 * i + 3);
      });
      return canvas;
    },
  },
  {
    name: 'photo-sigma-5',
    goal: 95,
    draw: (pixels, random) =>
      new Canvas(600, 800, 225 / 255)
        .cover(drawn(pixels, 190, 290, 220), 56 / 255)
        .noise(() => (5 / 255) * normal(random)),
  },
  {
    name: 'gradient-strong',
    goal: 90,
    draw: (pixels) => card(pixels).shade((value, x, y) => value * (1 - (0.75 * (x + y)) / (2 * SIDE))),
  },
  {
    name: 'vignette-strong',
    goal: 90,
    draw: (pixels) => card(pixels).shade((value, x, y) => value * (1 - 0.8 * fromMiddle(x, y) ** 2)),
  },
  {
    name: 'frame',
    goal: 90,
    draw: (pixels) =>
      card(pixels).cover((x, y) => {
        const edge = Math.min(x, y, SIDE - 1 - x, SIDE - 1 - y);
        return Number(edge >= 6 && edge < 10);
      }, PEN),
  },
  {
    name: 'letterbox',
    goal: 90,
    draw: (pixels) =>
      new Canvas(SIDE, SIDE + 120, 0)
        .cover((_, y) => Number(y >= 60 && y < 60 + SIDE), 1)
        .cover(drawn(pixels, 0, 60, SIDE), 0),
  },
  {
    name: 'round-mask',
    goal: 90,
    draw: (pixels) =>
      card(pixels, 1, 0).cover((x, y) => 1 - disc(x, y, SIDE / 2 - 0.5, SIDE / 2 - 0.5, SIDE / 2), 0),
  },
  {
    name: 'tile-on-page',
    goal: 90,
    draw: (pixels) =>
      new Canvas(400, 400, 1)
        .cover((x, y) => Number(Math.min(x, y) >= 144 && Math.max(x, y) < 256), 0)
        .cover((x, y) => {
          const [column, row] = [Math.floor((x - 144) / 4), Math.floor((y - 144) / 4)];
          return Math.min(column, row) < 0 || Math.max(column, row) > 27
            ? 0
            : pixels[row * 28 + column] / 255;
        }, 1),
  },
  { name: 'plot-viridis', goal: 90, draw: (pixels) => plot(pixels, viridis) },
  { name: 'plot-grey', goal: 90, draw: (pixels) => plot(pixels, (value) => [value, value, value]) },
  {
    name: 'plot-grey-reversed',
    goal: 90,
    draw: (pixels) => plot(pixels, (value) => [1 - value, 1 - value, 1 - value]),
  },
  {
    name: 'hard-shadow',
    goal: 90,
    draw: (pixels) => card(pixels).shade((value, x, y) => (x + 0.3 * y > 190 ? 0.6 : 1) * value),
  },
  {
    name: 'jpeg-quality-20',
    goal: 90,
    draw: (pixels) => card(pixels),
    save: { format: 'jpeg', quality: 20 },
  },
  {
    name: 'blue-on-yellow',
    goal: 90,
    draw: (pixels, random) =>
      new Canvas(500, 400, 1)
        .shade((_, x, _y, channel) => [0.95, 0.85, 0.45][channel] - 0.0002 * x)
        .cover(drawn(pixels, 120, 70, 250), [0.15, 0.25, 0.65])
        .noise(() => 0.012 * normal(random)),
    save: { format: 'jpeg', quality: 80 },
  },
  {
    name: 'pencil',
    goal: 90,
    draw(pixels, random) {
      const ink = drawn(pixels, 100, 150, 280);
      return new Canvas(480, 640, 0.88)
        .cover((x, y) => Math.max(0, ink(x, y) - 0.55) * 1.2 * (0.5 + 0.5 * random()), 0.45)
        .noise(() => 0.01 * normal(random));
    },
  },
  {
    name: 'marker',
    goal: 90,
    draw: (pixels) => {
      const ink = drawn(pixels, 30, 30, 340);
      return new Canvas(400, 400, 0.95).cover(
        (x, y) => {
          let most = 0;
          for (const [dx, dy] of [
            [0, 0],
            [9, 0],
            [-9, 0],
            [0, 9],
            [0, -9],
          ])
            most = Math.max(most, ink(x + dx, y + dy));
          return 1.5 * most;
        },
        [0.1, 0.1, 0.12],
      );
    },
  },
  {
    name: 'touching-the-border',
    goal: 90,
    draw: (pixels) => new Canvas(220, 240, PAPER).cover(drawn(pixels, -40, -28, SIDE), PEN),
  },
  {
    name: 'small-on-a-large-page',
    goal: 90,
    draw: (pixels, random) =>
      new Canvas(1000, 1400, 0.93)
        .cover(drawn(pixels, 120 + 700 * random(), 120 + 1000 * random(), 60), 0.15)
        .noise(() => 0.01 * normal(random)),
    save: { format: 'jpeg', quality: 85 },
  },
  {
    name: 'paper-on-a-table',
    goal: 90,
    draw(pixels, random) {
      const angle = 0.3 * (random() - 0.5);
      const paper = sheet(300, 240, 340, 380, angle);
      return new Canvas(600, 480, 0.3)
        .shade(
          (_, x, y, channel) =>
            [0.36, 0.25, 0.16][channel] + 0.03 * Math.sin(0.15 * y + 2 * Math.sin(0.02 * x)),
        )
        .cover(paper, 0.9)
        .cover(drawn(pixels, 190, 130, 220, angle), 0.18)
        .shade((value, x) => value * (1 - 0.0004 * x))
        .noise(() => 0.012 * normal(random));
    },
    save: { format: 'jpeg', quality: 85 },
  },
  {
    name: 'torn-paper',
    goal: 90,
    draw(pixels, random) {
      const paper = sheet(300, 240, 420, 480, 0.05);
      const ragged = clouds(random);
      return new Canvas(600, 480, 0.22)
        .cover((x, y) => paper(x + 12 * ragged(8 * x, 3 * y), y), 0.92)
        .cover(drawn(pixels, 180, 120, 240), 0.2)
        .noise(() => 0.012 * normal(random));
    },
    save: { format: 'jpeg', quality: 85 },
  },
  {
    name: 'punched-paper',
    goal: 90,
    draw(pixels, random) {
      const canvas = new Canvas(500, 640, 0.93).cover(drawn(pixels, 140, 180, 260), 0.2);
      for (const y0 of [120, 320, 520]) canvas.cover((x, y) => disc(x, y, 34, y0, 15), 0.25);
      return canvas.noise(() => 0.01 * normal(random));
    },
    save: { format: 'jpeg', quality: 85 },
  },
  {
    name: 'photo-of-a-screen',
    goal: 90,
    draw: (pixels, random) =>
      new Canvas(640, 480, 0.05)
        .cover(sheet(320, 240, 560, 400, 0.04), 0.85)
        .cover(drawn(pixels, 200, 110, 260, 0.04), 0.12)
        .shade(
          (value, x, y) =>
            value * (1 + 0.06 * Math.sin(1.9 * x + 0.3 * y) + 0.05 * Math.sin(0.2 * x - 0.13 * y)),
        )
        .noise(() => 0.015 * normal(random)),
    save: { format: 'jpeg', quality: 80 },
  },
];
