import type { ChartOption } from '../../report/echarts-parts.ts';
import type { Objective } from '../file.ts';
import type { SweepReport } from '../report.ts';
import type { Score } from '../result.ts';
import {
  SETTINGS,
  type SettingName,
  type SharedSettings,
  settingText,
  settingValue,
  varyingSettings,
} from '../settings.ts';

/** What networks are compared by, as charts show it. */
export interface Measure {
  readonly key: keyof Score;
  /** With its unit. */
  readonly name: string;
  /** By which its values are multiplied to be in that unit. */
  readonly factor: number;
}

const MEASURES: Readonly<Record<Objective, Measure>> = {
  validationAccuracy: {
    key: 'accuracy',
    name: 'Validation accuracy (%)',
    factor: 100,
  },
  validationLoss: {
    key: 'loss',
    name: 'Validation loss',
    factor: 1,
  },
};

export function measureOf({ file }: SweepReport): Measure {
  return MEASURES[file.objective];
}

/** "mnist: 48 networks", and what is missing of them. */
export function subjectOf({ datasets, networks, missing }: SweepReport): string {
  const lost = missing.reduce((sum, task) => sum + task.networks.length, 0);
  const names = [...new Set(datasets.map(({ name }) => name))].join(', ');
  const count = `${networks.length} network${networks.length === 1 ? '' : 's'}`;
  return `${names}: ${lost > 0 ? `${networks.length} of ${count.replace(/^\d+/, String(networks.length + lost))}` : count}`;
}

/** What a network is called among those that differ in these settings. */
export function nameOf(settings: SharedSettings, varying: readonly SettingName[]): string {
  return varying
    .map((name) => {
      const text = settingText(settingValue(settings, name));
      // Others are told from each other by their form.
      return ['batchSize', 'epochs', 'seed'].includes(name) ? `${SETTINGS[name].heading} ${text}` : text;
    })
    .join(', ');
}

/** The settings that charts have an axis for: those that vary, and of these not the seed if there are others. */
export function axesOf({ networks }: SweepReport): SettingName[] {
  const varying = varyingSettings(networks);
  const others = varying.filter((name) => name !== 'seed');
  return others.length > 0 ? others : varying;
}

/** A chart and the size in pixels that it is made for. */
export interface SizedChart<Option = ChartOption> {
  readonly option: Option;
  readonly width: number;
  readonly height: number;
}
