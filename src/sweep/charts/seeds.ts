import { colors } from '../../report/palette.ts';
import { centredTitle, chartStyle, textWidth } from '../../report/style.ts';
import type { SettingReport, SweepReport } from '../report.ts';
import { settingKey } from '../settings.ts';
import { seedsText } from '../text.ts';
import { numberAxis } from './axis-scale.ts';
import { axesOf, measureOf, namesOf, type SizedChart, subjectOf, valuesOf } from './subject.ts';

const WIDTH = 1000;
const TOP = 92;
const BOTTOM = 58;
const RIGHT = 28;
const ROW = 20;
const FONT = 12;
const WIDEST_NAME = 0.4 * WIDTH;
/** Settings below these are left out: they are in `report.json`. */
const MOST_ROWS = 60;
/** An interval of two or three seeds may be far wider than all that was measured. So much of it is shown, in spreads of that. */
const SHOWN = 0.75;

/**
 * How networks of one setting spread over their seeds: a row for each setting, the best first, with a point for each network, a
 * bar for their mean and a line for where it lies with 95 % confidence, with an arrow where that is cut.
 */
export function seedsChart(report: SweepReport): SizedChart {
  const { networks } = report;
  const palette = colors('light');
  const { ink, muted, line } = palette;
  const measure = measureOf(report);
  const { key, factor } = measure;
  const varying = axesOf(report);
  const trained = report.settings.filter(({ validation }) => validation !== null);
  const rows = trained.slice(0, MOST_ROWS).flatMap((report) => {
    const { settings, validation } = report;
    if (!validation) return [];
    const { mean, interval } = validation[key];
    const own = networks.filter(
      (network) => network.status === 'trained' && settingKey(network.settings) === settingKey(settings),
    );
    return {
      name: [...(varying.length > 0 ? [valuesOf(settings, varying)] : []), ...shareOf(report)].join(' '),
      values: own.flatMap((network) => (network.validation ? factor * network.validation[key] : [])),
      mean: factor * mean,
      interval: interval && ([factor * interval[0], factor * interval[1]] as const),
    };
  });
  const values = rows.flatMap((row) => row.values);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const beyond = SHOWN * (most - least);
  const ends = rows.flatMap(({ interval }) => interval ?? []);
  const shown = ends.map((end) => Math.min(Math.max(end, least - beyond, 0), most + beyond, measure.most));
  const scale = numberAxis([...values, ...shown], measure.most);
  const cut = rows.flatMap(({ interval }, row) => [
    ...(interval && interval[0] < scale.min ? [{ value: [scale.min, row], symbolRotate: 90 }] : []),
    ...(interval && interval[1] > scale.max ? [{ value: [scale.max, row], symbolRotate: -90 }] : []),
  ]);
  const left = Math.min(WIDEST_NAME, Math.max(60, ...rows.map(({ name }) => textWidth(name, FONT)))) + 20;
  const leftOut = trained.length - rows.length;
  const title = `${subjectOf(report)}, spread over seeds${leftOut > 0 ? `, the best ${rows.length} settings` : ''}`;
  return {
    width: WIDTH,
    height: TOP + ROW * Math.max(rows.length, 4) + BOTTOM,
    option: {
      ...chartStyle('light'),
      title: {
        ...centredTitle(title, WIDTH, ink),
        subtext: [
          ...(varying.length > 0 ? [namesOf(varying)] : []),
          ...(cut.length > 0 ? ['arrows: the interval goes on beyond the picture'] : []),
          ...(trained.some((each) => shareOf(each).length > 0)
            ? ['in brackets: the seeds that were trained to their end']
            : []),
        ].join('; '),
        subtextStyle: { color: muted, fontSize: FONT },
        itemGap: 6,
      },
      legend: {
        top: TOP - 30,
        itemGap: 24,
        itemWidth: 28,
        textStyle: { color: ink },
        data: [
          'One network',
          { name: 'Mean', icon: 'path://M0,0H3V14H0Z' },
          { name: '95 % interval of the mean', itemStyle: { opacity: 0 } },
        ],
      },
      grid: { left, right: RIGHT, top: TOP, bottom: BOTTOM, outerBoundsMode: 'none' },
      xAxis: {
        ...scale,
        name: measure.name,
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: { color: ink, fontSize: 13 },
        axisLabel: { color: muted, fontSize: FONT, hideOverlap: true },
        axisLine: { show: true, onZero: false, lineStyle: { color: muted } },
        splitLine: { lineStyle: { color: line } },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ name }) => name),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: muted } },
        axisLabel: { color: ink, fontSize: FONT, interval: 0, width: WIDEST_NAME, overflow: 'truncate' },
        splitLine: { show: true, lineStyle: { color: line } },
      },
      series: [
        {
          type: 'line',
          name: '95 % interval of the mean',
          color: ink,
          lineStyle: { width: 1.5 },
          symbol: 'none',
          z: 1,
          // Lines from end to end, and a gap after each.
          data: rows.flatMap(({ interval }, row) =>
            interval
              ? [
                  [interval[0], row],
                  [interval[1], row],
                  ['-', row],
                ]
              : [],
          ),
        },
        {
          type: 'scatter',
          name: 'Interval beyond the picture',
          color: ink,
          symbol: 'triangle',
          symbolSize: 9,
          clip: false,
          data: cut,
        },
        {
          type: 'scatter',
          name: 'One network',
          color: palette.training,
          symbolSize: 8,
          itemStyle: { opacity: 0.7 },
          data: rows.flatMap((each, row) => each.values.map((value) => [value, row])),
        },
        {
          type: 'scatter',
          name: 'Mean',
          color: ink,
          symbol: 'rect',
          symbolSize: [3, 14],
          z: 3,
          data: rows.flatMap(({ mean, values }, row) => (values.length > 1 ? [[mean, row]] : [])),
        },
      ],
    },
  };
}

/** Where not all of a setting's networks are in its row: how many are. */
function shareOf(setting: SettingReport): string[] {
  const text = seedsText(setting);
  return text.includes(' ') ? [`(${text})`] : [];
}
