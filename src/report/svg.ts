import type { ChartOption, ParallelOption } from './chart-option.ts';
import { loadECharts, loadSvg } from './echarts.ts';
import type { ChartSize } from './style.ts';

/**
 * Draws a chart as an SVG document that stands alone and is named by the chart's title. The same option gives the same
 * bytes.
 *
 * @throws ShadegradError `usage` where ECharts is not installed, `io` where it cannot be loaded
 *
 * @example
 * ```ts
 * import { confusionMatrix } from 'shadegrad';
 * import { heatmapOption, heatmapSize, renderSvg } from 'shadegrad/charts';
 *
 * const labels = ['cat', 'dog'];
 * const matrix = confusionMatrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]);
 * const title = 'Pets';
 * const svg = await renderSvg(heatmapOption(matrix, { labels, title }), heatmapSize(labels, title));
 * console.log(svg.length);
 * ```
 */
export async function renderSvg(option: ChartOption, size: ChartSize): Promise<string> {
  return (await svgRenderer())(option, size);
}

/** Draws a chart as an SVG document. */
export type DrawSvg = (option: ChartOption | ParallelOption, size: ChartSize) => string;

/**
 * What {@link renderSvg} draws with, for many charts. Before a {@link ParallelOption} ECharts must be told to use its parts.
 * @throws ShadegradError `usage` where ECharts is not installed, `io` where it cannot be loaded
 */
export async function svgRenderer(): Promise<DrawSvg> {
  const [{ init, use, parts }, { SVGRenderer }] = await Promise.all([loadECharts(), loadSvg()]);
  use([...parts, SVGRenderer]);
  return svgRendererOf(init);
}

/** @param init of an ECharts that has been told to use the charts' parts and its SVG renderer */
export function svgRendererOf(init: typeof import('echarts/core')['init']): DrawSvg {
  return (option, { width, height }) => {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
    try {
      chart.setOption(option);
      const title = [option.title].flat()[0]?.text ?? '';
      return standalone(chart.renderToSVGString(), title);
    } finally {
      chart.dispose();
    }
  };
}

/**
 * Takes out what only a page with ECharts can use (styles for hovering, data indices), the number of the chart
 * within the process, and characters that XML forbids. Quotes and angle brackets in a chart's texts are escaped,
 * so that these patterns match markup alone.
 */
function standalone(svg: string, title: string): string {
  const name = title === '' ? '' : `\n<title>${escapeXml(title)}</title>`;
  return `${svg
    .replace(/<style ?>.*?<\/style>\n?/s, '')
    .replace(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
    // Many programs outside browsers do not know this attribute and would set texts too high.
    .replaceAll('dominant-baseline="central"', 'dy="0.35em"')
    .replace(/((?:id="|url\(#|href="#))zr\d+-/g, '$1')
    .replace(/^<svg ([^>]*)>/, (_, attributes: string) => `<svg ${attributes} role="img">${name}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids them in any form.
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')}\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
