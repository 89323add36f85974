// A namespace, as in echarts-parts.ts.
import * as renderers from 'echarts/renderers';

/** Apart from the charts' parts, because most pages draw on a canvas. */
export const SVGRenderer = renderers.SVGRenderer;
