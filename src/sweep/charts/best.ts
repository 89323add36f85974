import { valueAxis } from '../../report/axes.ts';
import { epochAxis } from '../../report/curves.ts';
import { colors, SERIES_COLORS } from '../../report/palette.ts';
import { centredTitle, chartStyle } from '../../report/style.ts';
import type { ReportedNetwork, SweepReport } from '../report.ts';
import type { ResultEpoch } from '../result.ts';
import { varyingSettings } from '../settings.ts';
import { numberAxis } from './axis-scale.ts';
import { namesOf, type SizedChart, subjectOf, valuesOf } from './subject.ts';

const MOST_CURVES = 6;
const WIDTH = 1000;
const LEFT = 76;
const GAP = 24;
const TOP = 76;
const PLOT = 300;
/** Below the plot: the axis with its name. */
const BELOW = 62;
const LINE = 22;

/** Loss and accuracy of the best of the networks that were trained to their end, over their epochs: in validation as lines, in training as thin broken ones. */
export function bestChart(report: SweepReport): SizedChart {
  const palette = colors('light');
  const { ink, muted } = palette;
  const varying = varyingSettings(report.networks);
  const best = report.networks.filter(({ status }) => status === 'trained').slice(0, MOST_CURVES);
  const names = best.map(({ settings }, i) => [`${i + 1}.`, valuesOf(settings, varying)].join(' '));
  const legendHeight = names.length > 1 ? LINE * names.length : 0;
  const width = (WIDTH - 2 * LEFT - 2 * GAP) / 2;
  const panels = [
    {
      name: 'Loss',
      bound: Number.POSITIVE_INFINITY,
      training: ({ loss }: ResultEpoch) => loss,
      validation: ({ validationLoss }: ResultEpoch) => validationLoss,
    },
    {
      name: 'Accuracy (%)',
      bound: 100,
      training: ({ accuracy }: ResultEpoch) => 100 * accuracy,
      validation: ({ validationAccuracy }: ResultEpoch) => 100 * validationAccuracy,
    },
  ];
  return {
    width: WIDTH,
    height: TOP + PLOT + BELOW + legendHeight,
    option: {
      ...chartStyle('light'),
      title: {
        ...centredTitle(
          `${subjectOf(report)}${report.networks.length > 1 ? `, the best ${best.length}` : ''}`,
          WIDTH,
          ink,
        ),
        subtext: `Validation, thin lines training${varying.length > 0 ? `; named by ${namesOf(varying)}` : ''}`,
        subtextStyle: { color: muted, fontSize: 12 },
        itemGap: 6,
      },
      legend: {
        show: names.length > 1,
        orient: 'vertical',
        left: LEFT,
        top: TOP + PLOT + BELOW - 10,
        padding: 0,
        itemGap: 8,
        itemWidth: 34,
        textStyle: { color: ink, fontSize: 12 },
        data: names.map((name) => ({ name, icon: 'path://M0,0H34V4H0Z' })),
      },
      grid: panels.map((_, i) => ({
        left: LEFT + i * (width + LEFT + GAP),
        width,
        top: TOP,
        height: PLOT,
        outerBoundsMode: 'none' as const,
      })),
      xAxis: panels.map((_, gridIndex) =>
        epochAxis({ last: Math.max(1, ...best.map(({ epochs }) => epochs.length)) }, gridIndex, palette),
      ),
      yAxis: panels.map(({ name, bound, training, validation }, i) => ({
        ...valueAxis(name, i, palette),
        ...numberAxis(
          best.flatMap(({ epochs }) => epochs.flatMap((epoch) => [training(epoch), validation(epoch)])),
          bound,
        ),
      })),
      series: panels.flatMap(({ training, validation }, panel) =>
        best.flatMap((network, i) => {
          const color = SERIES_COLORS[i % SERIES_COLORS.length] ?? SERIES_COLORS[0];
          const common = {
            type: 'line' as const,
            name: names[i] ?? '',
            color,
            xAxisIndex: panel,
            yAxisIndex: panel,
          };
          return [
            {
              ...common,
              // In the middles of the epochs, of which they are means.
              data: curve(network, training, 0.5),
              symbol: 'none',
              lineStyle: { width: 1, type: 'dashed' as const, opacity: 0.7 },
            },
            {
              ...common,
              data: curve(network, validation, 1),
              symbol: 'circle',
              symbolSize: 5,
              showSymbol: network.epochs.length <= 30,
              lineStyle: { width: i === 0 ? 3 : 1.8, type: 'solid' as const },
            },
          ];
        }),
      ),
    },
  };
}

/** @param at where in its epoch a value is drawn: 1 for its end */
function curve(
  { epochs }: ReportedNetwork,
  value: (epoch: ResultEpoch) => number,
  at: number,
): [number, number][] {
  return epochs.map((epoch, i) => [i + at, value(epoch)]);
}
