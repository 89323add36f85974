import type { ParallelOption } from '../../report/chart-option.ts';
import { colors, sequentialColor } from '../../report/palette.ts';
import { centredTitle, chartStyle } from '../../report/style.ts';
import type { ReportedNetwork, SweepReport } from '../report.ts';
import { listedValues, SETTINGS, settingText, settingValue } from '../settings.ts';
import { axisScale, numberAxis } from './axis-scale.ts';
import { axesOf, measureOf, type SizedChart, subjectOf } from './subject.ts';

const SIZE = { width: 1000, height: 560 } as const;

/** The share of the sequence of colours that is too light for a line on a light ground. */
const TOO_LIGHT = 0.3;

/**
 * Parallel coordinates: an upright axis for each setting that varies, seeds apart, the last one for what networks are compared
 * by, and a line for each network; the better, the darker. Lines of networks that halving stopped
 * are broken; those of networks that diverged end before the last axis.
 */
export function parallelChart(report: SweepReport): SizedChart<ParallelOption> {
  const { networks } = report;
  const { ink, muted, background, validation } = colors('light');
  const style = chartStyle('light');
  const { key, name: measureName, factor, most } = measureOf(report);
  const settings = axesOf(report);
  const scales = settings.map((name) =>
    axisScale(
      networks.map((network) => settingValue(network.settings, name)),
      listedValues(report.file, name),
    ),
  );
  const values = networks.map(({ validation }) => validation && factor * validation[key]);
  const known = values.filter((value) => value !== null);
  const best = networks.findIndex(({ status }) => status === 'trained');
  const lines = networks.map((network, i) => {
    const value = values[i] ?? null;
    const shade = known.length > 1 ? 1 - i / (known.length - 1) : 1;
    const color = `rgb(${sequentialColor(TOO_LIGHT + (1 - TOO_LIGHT) * shade, 'light').join()})`;
    return {
      value: [
        ...settings.map((name, axis) => scales[axis]?.place(settingValue(network.settings, name)) ?? '-'),
        value ?? '-',
      ],
      lineStyle:
        network.status === 'diverged'
          ? { color: validation, width: 1.2, opacity: 0.6 }
          : network.status === 'stopped'
            ? { color, width: 1, opacity: 0.7, type: 'dashed' as const }
            : { color, width: i === best ? 3 : 1.5, opacity: 0.9 },
    };
  });
  const are = (kind: ReportedNetwork['status']) => networks.some(({ status }) => status === kind);
  const option: ParallelOption = {
    ...style,
    title: {
      ...centredTitle(`${subjectOf(report)}, a line each`, SIZE.width, ink),
      subtext: [
        'The darker, the better',
        ...(are('stopped') ? ['broken: stopped by halving, as it was then'] : []),
        ...(are('diverged') ? ['orange: diverged'] : []),
      ].join('; '),
      subtextStyle: { color: muted, fontSize: 12 },
      itemGap: 8,
    },
    parallel: { left: 90, right: 90, top: 110, bottom: 40 },
    parallelAxis: [
      ...settings.map((name, dim) => ({
        dim,
        name: SETTINGS[name].name,
        ...(scales[dim]?.axis ?? numberAxis([])),
      })),
      { dim: settings.length, name: measureName, ...numberAxis(known, most) },
    ].map((axis) => ({
      ...axis,
      nameLocation: 'end' as const,
      nameGap: 22,
      nameTextStyle: { color: ink, fontSize: 13, fontWeight: 'bold' as const },
      axisLine: { lineStyle: { color: ink, width: 1.2 } },
      axisTick: { alignWithLabel: true, lineStyle: { color: ink } },
      axisLabel: {
        color: ink,
        fontSize: 12,
        backgroundColor: background,
        padding: [1, 3] as [number, number],
        hideOverlap: true,
        formatter: settingText,
      },
    })),
    // The best on top.
    series: [{ type: 'parallel', smooth: false, silent: true, data: lines.toReversed() }],
  };
  return { option, ...SIZE };
}
