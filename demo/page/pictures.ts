import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { type ChartOption, chartParts, renderSvg } from '../../src/index.ts';

// Charts as files. A module of its own, because most visitors save none.

use([...chartParts, CanvasRenderer]);

interface Size {
  readonly width: number;
  readonly height: number;
}

export function drawSvg(option: ChartOption, size: Size): Blob {
  return new Blob([renderSvg(option, size)], { type: 'image/svg+xml' });
}

/** Pixels of the picture to one of the chart, so that it is sharp in print. */
const PIXEL_RATIO = 2;

export function drawPng(option: ChartOption, size: Size): Promise<Blob> {
  const chart = init(document.createElement('div'), null, { renderer: 'canvas', ...size });
  chart.setOption(option);
  const canvas = chart.renderToCanvas({ pixelRatio: PIXEL_RATIO });
  return new Promise<Blob>((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The browser drew no picture.'))));
  }).finally(() => chart.dispose());
}
