import { use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { chartParts } from '../../src/index.ts';

// A module of its own, so that the page is there before ECharts is.

use([...chartParts, CanvasRenderer]);

export { init } from 'echarts/core';
