import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { type ChartOption, chartParts } from './echarts-parts.ts';
import type { ChartSize } from './style.ts';

/**
 * Draws a chart, in pixels, as an SVG document that stands alone and is named by the chart's title. The same
 * option gives the same bytes.
 *
 * @param option what is drawn
 * @param size of the picture
 *
 * @example
 * ```ts
 * import { confusionMatrix } from 'shadegrad';
 * import { heatmapOption, heatmapSize, renderSvg } from 'shadegrad/charts';
 *
 * const labels = ['cat', 'dog'];
 * const matrix = confusionMatrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0]);
 * const title = 'Pets';
 * const svg = renderSvg(heatmapOption(matrix, { labels, title }), heatmapSize(labels, title));
 * console.log(svg.length);
 * ```
 */
export function renderSvg(option: ChartOption, { width, height }: ChartSize): string {
  // Here, not at the top level, so that a page that draws no SVG need not load ECharts.
  use([...chartParts, SVGRenderer]);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    const title = [option.title].flat()[0]?.text ?? '';
    return standalone(chart.renderToSVGString(), title);
  } finally {
    chart.dispose();
  }
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
