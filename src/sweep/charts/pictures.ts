import { svgRenderer } from '../../report/svg.ts';
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
 * not, it and the last where no network was trained to its end, all where every network diverged.
 *
 * @throws ShadegradError `usage` where ECharts is not installed
 */
export async function sweepPictures(report: SweepReport): Promise<Readonly<Record<string, string>>> {
  if (report.networks.every(({ validation }) => validation === null)) return {};
  const render = await svgRenderer();
  const { parallelParts, use } = await import('../../report/echarts-parallel.ts');
  use(parallelParts);
  const spreads =
    varyingSettings(report.networks).includes('seed') &&
    report.settings.some(({ validation }) => validation !== null);
  const draw = ({ option, ...size }: ReturnType<typeof parallelChart | typeof bestChart>) =>
    render(option, size);
  return {
    ...(axesOf(report).length > 0 && {
      'parallel-coordinates.svg': draw(parallelChart(report)),
      'loss-by-setting.svg': draw(lossesChart(report)),
    }),
    ...(spreads && { 'seeds.svg': draw(seedsChart(report)) }),
    ...(report.networks.some(({ status }) => status === 'trained') && {
      'best-networks.svg': draw(bestChart(report)),
    }),
  };
}
