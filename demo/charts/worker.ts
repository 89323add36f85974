import { type EChartsType, init, setPlatformAPI, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { type ChartOption, chartParts, curvesOption, heatmapOption, renderSvg } from '../../src/charts.ts';
import { ShadegradError } from '../../src/index.ts';
import type { Trouble } from '../protocol.ts';
import { benchOption } from './bench.ts';
import type { ChartContent, ChartReply, ChartRequest, Ground } from './protocol.ts';

// ECharts takes tens of milliseconds for a chart, more where a software GPU uses the processor. That is
// too long for the page's thread, which follows a training and a pen meanwhile.

const ready = chartParts().then((parts) => use([...parts, CanvasRenderer]));
setPlatformAPI({
  // A canvas to measure texts with: on its own, ECharts can only use a page's, and its type asks for that.
  createCanvas: () => new OffscreenCanvas(1, 1) as unknown as HTMLCanvasElement,
  // ECharts paints a heatmap's cells for 15 ms at a time by this clock. Nobody waits for this thread, and a picture that
  // is saved must be whole.
  getTime: () => 0,
});

interface Chart {
  readonly canvas: OffscreenCanvas;
  echarts?: EChartsType;
  ground?: Ground;
  /** The option that is drawn, and its structure (see `partsOf`). */
  option?: ChartOption;
  parts?: string;
}

type Of<Kind extends ChartRequest['kind']> = Extract<ChartRequest, { kind: Kind }>;

const scope = globalThis as unknown as {
  postMessage(message: ChartReply): void;
  onmessage: (event: MessageEvent<ChartRequest>) => void;
};

const charts = new Map<string, Chart>();

function optionOf(content: ChartContent, ground: Ground): ChartOption {
  const { width, height, theme } = ground;
  switch (content.kind) {
    case 'curves':
      return curvesOption(content.histories, { ...content, width, height, theme });
    case 'heatmap':
      // All cells at once, however many they are.
      return { ...heatmapOption(content.matrix, { ...content, width, height, theme }), progressive: 0 };
    case 'bench':
      return benchOption(content.report, ground);
  }
}

function start(canvas: OffscreenCanvas, { width, height, pixelRatio }: Ground): EChartsType {
  return init(canvas as unknown as HTMLElement, null, {
    renderer: 'canvas',
    width,
    height,
    devicePixelRatio: pixelRatio,
  });
}

function draw({ chart: name, content, ground }: Of<'draw'>): void {
  const chart = charts.get(name);
  if (!chart) return;
  const { width, height, pixelRatio } = ground;
  const { ground: before } = chart;
  // ECharts' `resize` leaves the layers that it puts a heatmap together from as they were: they would be stretched.
  if (before?.pixelRatio !== pixelRatio || before.width !== width || before.height !== height) {
    chart.echarts?.dispose();
    chart.echarts = start(chart.canvas, ground);
    delete chart.parts;
  }
  const option = optionOf(content, ground);
  const parts = partsOf(option);
  // An option of the same structure is merged, which is quicker and leaves the tooltip where it is.
  chart.echarts?.setOption(option, { notMerge: parts !== chart.parts });
  chart.ground = ground;
  chart.option = option;
  chart.parts = parts;
}

/** The structure of an option: everything that it sets, without the values, but for the kinds of axes and series. */
function partsOf(option: ChartOption): string {
  return JSON.stringify(option, (key, value: unknown) => {
    if (key === 'data') return undefined;
    return typeof value === 'object' || key === 'type' ? value : typeof value;
  });
}

function point({ chart: name, at }: Of<'point'>): void {
  const chart = charts.get(name);
  if (!at) {
    chart?.echarts?.dispatchAction({ type: 'hideTip' });
  } else if ('x' in at) {
    chart?.echarts?.dispatchAction({ type: 'showTip', ...at });
  } else {
    // By its place ECharts would look for axes, and hide the tooltip of a cell between their ticks.
    for (const [seriesIndex, cells] of cellsOf(chart?.option).entries()) {
      const dataIndex = cells.findIndex(({ value: [column, row] }) => column === at.column && row === at.row);
      if (dataIndex >= 0) chart?.echarts?.dispatchAction({ type: 'showTip', seriesIndex, dataIndex });
    }
  }
}

/** The cells of a heatmap as `heatmapOption` makes them, of each series. */
function cellsOf(option: ChartOption | undefined): { readonly value: readonly [number, number, number] }[][] {
  return [option?.series ?? []]
    .flat()
    .map((series) =>
      series.type === 'heatmap' ? (series.data as { value: [number, number, number] }[]) : [],
    );
}

async function picture({ id, format, content, ground }: Of<'picture'>): Promise<void> {
  const option = optionOf(content, ground);
  const drawing = format === 'svg' ? drawSvg(option, ground) : drawPng(option, ground);
  scope.postMessage({ kind: 'picture', id, picture: await drawing.catch(troubleOf) });
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof ShadegradError)) throw error;
  const { message, nextStep } = error;
  return { message, nextStep };
}

async function drawSvg(option: ChartOption, ground: Ground): Promise<Blob> {
  return new Blob([await renderSvg(option, ground)], { type: 'image/svg+xml' });
}

async function drawPng(option: ChartOption, ground: Ground): Promise<Blob> {
  const canvas = new OffscreenCanvas(1, 1);
  const chart = start(canvas, ground);
  try {
    chart.setOption(option);
    chart.getZr().flush();
    return await canvas.convertToBlob({ type: 'image/png' });
  } finally {
    chart.dispose();
  }
}

scope.onmessage = async ({ data: request }) => {
  await ready;
  switch (request.kind) {
    case 'create':
      charts.set(request.chart, { canvas: request.canvas });
      break;
    case 'draw':
      draw(request);
      break;
    case 'point':
      point(request);
      break;
    case 'picture':
      void picture(request);
      break;
  }
};
