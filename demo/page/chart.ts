import type { ChartContent, ChartReply, ChartRequest, Pointed } from '../charts/protocol.ts';
import { make } from './dom.ts';
import { onThemeChange, theme } from './theme.ts';

/** The least time between two drawings of a chart: while a network trains, there is news ten times a second. */
const REDRAW_MILLISECONDS = 300;

/** Pixels of a saved picture per pixel of the page, so that it is sharp in print. */
const PICTURE_PIXEL_RATIO = 2;

const pictures = new Map<number, (picture: ChartReply['picture']) => void>();
let picturesAsked = 0;
let worker: Worker | undefined;
/** What was asked before the worker starts. */
const waiting: Parameters<typeof ask>[] = [];

/**
 * Starts what draws. It is larger than all the rest of the page, so it is not fetched before what a visitor needs first.
 * Until then charts stay empty. May be called again.
 */
export function startCharts(): void {
  if (worker) return;
  worker = startWorker();
  for (const asked of waiting.splice(0)) ask(...asked);
}

function startWorker(): Worker {
  const started = new Worker(new URL('../charts/worker.ts', import.meta.url), { type: 'module' });
  started.onmessage = ({ data: { id, picture } }: MessageEvent<ChartReply>) => {
    pictures.get(id)?.(picture);
    pictures.delete(id);
  };
  return started;
}

function ask(request: ChartRequest, transfer: Transferable[] = []): void {
  if (worker) worker.postMessage(request, transfer);
  else waiting.push([request, transfer]);
}

/** A chart as a file, or why there is none. */
export function drawPicture(
  content: ChartContent,
  size: { readonly width: number; readonly height: number },
  format: 'png' | 'svg',
): Promise<ChartReply['picture']> {
  const id = picturesAsked++;
  return new Promise((resolve) => {
    pictures.set(id, resolve);
    const ground = { ...size, pixelRatio: PICTURE_PIXEL_RATIO, theme: theme() };
    ask({ kind: 'picture', id, format, content, ground });
  });
}

/** A chart that is drawn again when its content, the window's size or the theme changes; never while hidden. */
export interface Chart {
  /** Announces that the content has changed. */
  changed(): void;
  /** Shows a tooltip. */
  point(at: Pointed): void;
}

export interface ChartOptions {
  /** Where the chart is drawn. While this has no width, nothing is drawn. */
  readonly host: HTMLElement;
  /** Height of the chart for its width, in pixels. */
  readonly heightFor: (width: number) => number;
  readonly content: () => ChartContent;
  readonly onDrawn?: (size: { readonly width: number; readonly height: number }) => void;
}

export function createChart({ host, heightFor, content, onDrawn }: ChartOptions): Chart {
  const canvas = make('canvas', { 'aria-hidden': 'true' });
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawnWidth = 0;

  host.append(canvas);
  const offscreen = canvas.transferControlToOffscreen();
  ask({ kind: 'create', chart: host.id, canvas: offscreen }, [offscreen]);

  function draw(): void {
    timer = undefined;
    const width = host.clientWidth;
    if (document.hidden || width === 0) return;
    const size = { width, height: Math.round(heightFor(width)) };
    canvas.style.width = `${size.width}px`;
    canvas.style.height = `${size.height}px`;
    const ground = { ...size, pixelRatio: devicePixelRatio, theme: theme() };
    ask({ kind: 'draw', chart: host.id, content: content(), ground });
    drawnAt = performance.now();
    drawnWidth = width;
    onDrawn?.(size);
  }

  function changed(): void {
    if (timer !== undefined) return;
    timer = setTimeout(draw, Math.max(0, drawnAt + REDRAW_MILLISECONDS - performance.now()));
  }

  function point(at: Pointed): void {
    ask({ kind: 'point', chart: host.id, at });
  }

  new ResizeObserver(() => {
    if (host.clientWidth !== drawnWidth) changed();
  }).observe(host);
  onThemeChange(changed);
  document.addEventListener('visibilitychange', changed);
  return { changed, point };
}
