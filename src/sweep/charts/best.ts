import { valueAxis } from '../../report/axes.ts';
import { colors, SERIES_COLORS } from '../../report/palette.ts';
import { centredTitle, chartStyle } from '../../report/style.ts';
import type { ReportedNetwork, SweepReport } from '../report.ts';
import type { ResultEpoch } from '../result.ts';
import { varyingSettings } from '../settings.ts';
import { numberAxis } from './axis-scale.ts';
import { nameOf, type SizedChart, subjectOf } from './subject.ts';

const MOST_CURVES = 6;
const SIZE = { width: 1000, height: 480 } as const;
const LEFT = 76;
const GAP = 40;
const TOP = 120;

/** Loss and accuracy of the best networks over their epochs: in validation as lines, in training as thin broken ones. */
export function bestChart(report: SweepReport): SizedChart {
  const palette = colors('light');
  const { ink, muted } = palette;
  const varying = varyingSettings(report.networks);
  const best = report.networks.filter(({ validation }) => validation !== null).slice(0, MOST_CURVES);
  const names = best.map(
    ({ settings }, i) => `${i + 1}: ${varying.length > 0 ? nameOf(settings, varying) : 'the only network'}`,
  );
  const width = (SIZE.width - 2 * LEFT - GAP - 20) / 2;
  const panels = [
    {
      name: 'Loss',
      training: ({ loss }: ResultEpoch) => loss,
      validation: ({ validationLoss }: ResultEpoch) => validationLoss,
    },
    {
      name: 'Accuracy (%)',
      training: ({ accuracy }: ResultEpoch) => 100 * accuracy,
      validation: ({ validationAccuracy }: ResultEpoch) => 100 * validationAccuracy,
    },
  ];
  return {
    ...SIZE,
    option: {
      ...chartStyle('light'),
      title: {
        ...centredTitle(`${subjectOf(report)}, the best ${best.length}`, SIZE.width, ink),
        subtext: 'Validation; thin: training',
        subtextStyle: { color: muted, fontSize: 12 },
        itemGap: 6,
      },
      legend: {
        top: 58,
        itemGap: 18,
        itemWidth: 26,
        textStyle: { color: ink, fontSize: 12 },
        data: names.map((name) => ({ name })),
      },
      grid: panels.map((_, i) => ({
        left: LEFT + i * (width + LEFT + GAP),
        width,
        top: TOP,
        bottom: 58,
        outerBoundsMode: 'none' as const,
      })),
      xAxis: panels.map((_, gridIndex) => ({
        type: 'value' as const,
        gridIndex,
        min: 1,
        max: Math.max(2, ...best.map(({ epochs }) => epochs.length)),
        minInterval: 1,
        name: 'Epoch',
        nameLocation: 'middle' as const,
        nameGap: 30,
        nameTextStyle: { color: ink, fontSize: 13 },
        axisLabel: { color: muted, fontSize: 12, hideOverlap: true },
        axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
        splitLine: { show: false },
      })),
      yAxis: panels.map(({ name, training, validation }, i) => ({
        ...valueAxis(name, i, palette),
        ...numberAxis(
          best.flatMap(({ epochs }) => epochs.flatMap((epoch) => [training(epoch), validation(epoch)])),
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
              data: curve(network, training),
              symbol: 'none',
              lineStyle: { width: 1, type: 'dashed' as const, opacity: 0.7 },
            },
            {
              ...common,
              data: curve(network, validation),
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

function curve({ epochs }: ReportedNetwork, value: (epoch: ResultEpoch) => number): [number, number][] {
  return epochs.map((epoch, i) => [i + 1, value(epoch)]);
}
