import { use } from 'echarts/core';
import { parallelParts } from '../../report/echarts-parallel.ts';
import { renderSvg } from '../../report/svg.ts';
import type { SweepReport } from '../report.ts';
import { varyingSettings } from '../settings.ts';
import { bestChart } from './best.ts';
import { lossesChart } from './losses.ts';
import { parallelChart } from './parallel.ts';
import { seedsChart } from './seeds.ts';
import { axesOf } from './subject.ts';

/**
 * A sweep's charts as SVG documents: parallel coordinates, loss against each setting, spread over seeds and the best networks'
 * curves. What there is nothing to draw for is left out: the first two where nothing but seeds varies, the third where seeds do
 * not, all where every network diverged.
 */
export function sweepPictures(report: SweepReport): Readonly<Record<string, string>> {
  if (report.networks.every(({ validation }) => validation === null)) return {};
  use(parallelParts);
  const varying = varyingSettings(report.networks);
  const draw = ({ option, ...size }: ReturnType<typeof parallelChart | typeof bestChart>) =>
    renderSvg(option, size);
  return {
    ...(axesOf(report).length > 0 && {
      'parallel-coordinates.svg': draw(parallelChart(report)),
      'loss-by-setting.svg': draw(lossesChart(report)),
    }),
    ...(varying.includes('seed') && { 'seeds.svg': draw(seedsChart(report)) }),
    'best-networks.svg': draw(bestChart(report)),
  };
}
