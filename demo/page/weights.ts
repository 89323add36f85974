import type { WeightImages } from '../protocol.ts';
import { byId } from './dom.ts';
import { count, size } from './format.ts';
import { tiled } from './pixels.ts';
import { onThemeChange, type Theme, theme } from './theme.ts';

type Rgb = readonly [number, number, number];

/** The colours of the most negative weight, of zero, and of the most positive one. */
const COLORS: Readonly<Record<Theme, readonly [Rgb, Rgb, Rgb]>> = {
  light: [
    [18, 84, 150],
    [247, 248, 250],
    [190, 74, 4],
  ],
  dark: [
    [108, 178, 245],
    [24, 30, 39],
    [245, 161, 93],
  ],
};

/** The value that stands for no weight in `tiled` images: their gaps. */
const GAP = 0;
const WIDEST_TILE = 64;
const SMALLEST_TILE = 40;

/** The first layer's weights as images. */
export function weightsPanel() {
  const canvas = byId('weights', HTMLCanvasElement);
  const key = byId('weights-key', HTMLCanvasElement);
  let shown: WeightImages | undefined;
  let drawnWidth = 0;

  function draw(): void {
    const weights = shown;
    const { clientWidth } = canvas.parentElement ?? canvas;
    drawnWidth = clientWidth;
    canvas.hidden = !weights;
    byId('weights-empty', HTMLElement).hidden = weights !== undefined;
    byId('weights-caption', HTMLElement).hidden = !weights;
    if (!weights) return;
    const columns = columnsFor(weights.shown, clientWidth);
    const sheet = tiled(weights.values, weights.shape, columns, 2, GAP);
    paint(canvas, sheet.pixels, sheet);
    canvas.style.maxWidth = `${columns * WIDEST_TILE}px`;
    paint(
      key,
      Uint8Array.from({ length: 64 }, (_, i) => 1 + i * 4),
      { width: 64, height: 1 },
    );
    const { units, scale, network } = weights;
    const ofLayer =
      weights.shown < units ? `The first ${weights.shown} of ${count(units)} units` : `All ${units} units`;
    const which = network
      ? `${ofLayer} of network ${network.index + 1}${network.best ? ', the best of' : ' of'} ${network.of}`
      : ofLayer;
    byId('weights-note', HTMLElement).textContent =
      `${which}, each as an image of its ${size(weights.shape)} weights: ink where it is orange speaks for the unit, ink where it is blue against it.`;
    byId('weights-least', HTMLElement).textContent = `−${scale.toFixed(2)}`;
    byId('weights-most', HTMLElement).textContent = `+${scale.toFixed(2)}`;
    canvas.setAttribute('aria-label', `Weights of the first layer: ${which.toLowerCase()}`);
  }

  onThemeChange(draw);
  new ResizeObserver(() => {
    if (canvas.parentElement?.clientWidth !== drawnWidth) draw();
  }).observe(canvas.parentElement ?? canvas);
  return {
    show(weights: WeightImages | undefined): void {
      shown = weights;
      if (!document.hidden) draw();
    },
  };
}

/** As many columns as there is room for, or a few less if rows are full then. */
function columnsFor(tiles: number, width: number): number {
  const most = Math.min(tiles, Math.max(1, Math.floor(width / SMALLEST_TILE)));
  for (let columns = most; columns > 0.75 * most; columns--) {
    if (tiles % columns === 0) return columns;
  }
  return most;
}

function paint(
  canvas: HTMLCanvasElement,
  values: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const colors = palette(theme());
  const image = new ImageData(width, height);
  const words = new Uint32Array(image.data.buffer);
  for (const [i, value] of values.entries()) words[i] = colors[value] ?? 0;
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/** The colour of each value as a word of ImageData; the gaps are transparent. */
function palette(theme: Theme): Uint32Array {
  const [negative, zero, positive] = COLORS[theme];
  return Uint32Array.from({ length: 256 }, (_, value) => {
    if (value === GAP) return 0;
    const share = (value - 128) / 127;
    const end = share < 0 ? negative : positive;
    const [red, green, blue] = zero.map((from, i) =>
      Math.round(from + ((end[i] ?? 0) - from) * Math.abs(share)),
    ) as [number, number, number];
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
