import type { EChartsType } from 'echarts/core';
import type { ChartOption } from '../../src/index.ts';
import { onThemeChange, type Theme, theme } from './theme.ts';

/** The least time between two drawings of a chart: while a network trains, there is news ten times a second. */
const REDRAW_MILLISECONDS = 300;

export interface Ground {
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** A chart that is drawn when there is news, the window changes its size or the theme changes; never while hidden. */
export interface Chart {
  /** Says that there is news. */
  changed(): void;
  /** Shows the tooltip of what is at this place of the chart, in pixels. */
  point(x: number, y: number): void;
  unpoint(): void;
}

export interface ChartOptions {
  /** Where the chart is drawn; hidden as long as there is nothing to draw. */
  readonly host: HTMLElement;
  /** Height of the host for its width, in pixels. */
  readonly heightFor: (width: number) => number;
  readonly option: (ground: Ground) => ChartOption;
  readonly onDrawn?: (ground: Ground) => void;
  readonly onClick?: (value: unknown) => void;
}

export function createChart({ host, heightFor, option, onDrawn, onClick }: ChartOptions): Chart {
  let chart: EChartsType | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawnWidth = 0;

  async function draw(): Promise<void> {
    timer = undefined;
    const width = host.clientWidth;
    if (document.hidden || width === 0) return;
    const { init } = await import('./echarts.ts');
    const height = Math.round(heightFor(width));
    const ground = { width, height, theme: theme() };
    host.style.height = `${height}px`;
    if (chart) {
      if (chart.getWidth() !== width || chart.getHeight() !== height) chart.resize({ width, height });
    } else {
      chart = init(host, null, { renderer: 'canvas', width, height });
      chart.on('click', ({ value }) => onClick?.(value));
    }
    chart.setOption(option(ground), { notMerge: true });
    drawnAt = performance.now();
    drawnWidth = width;
    onDrawn?.(ground);
  }

  function changed(): void {
    if (timer !== undefined) return;
    const wait = drawnAt + REDRAW_MILLISECONDS - performance.now();
    timer = setTimeout(() => void draw(), Math.max(0, wait));
  }

  new ResizeObserver(() => {
    if (host.clientWidth !== drawnWidth) changed();
  }).observe(host);
  onThemeChange(changed);
  document.addEventListener('visibilitychange', changed);
  return {
    changed,
    point: (x, y) => chart?.dispatchAction({ type: 'showTip', x, y }),
    unpoint: () => chart?.dispatchAction({ type: 'hideTip' }),
  };
}
