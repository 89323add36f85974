import type { ChartOption } from '../../report/chart-option.ts';
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
  /** What none of them can be above, in that unit. */
  readonly most: number;
}

const MEASURES: Readonly<Record<Objective, Measure>> = {
  validationAccuracy: {
    key: 'accuracy',
    name: 'Validation accuracy (%)',
    factor: 100,
    most: 100,
  },
  validationLoss: {
    key: 'loss',
    name: 'Validation loss',
    factor: 1,
    most: Number.POSITIVE_INFINITY,
  },
};

export function measureOf({ file }: SweepReport): Measure {
  return MEASURES[file.objective];
}

/** "mnist: 48 networks", or "mnist: 32 of 48 networks" where some are missing. */
export function subjectOf({ datasets, networks, missing }: SweepReport): string {
  const lost = missing.reduce((sum, task) => sum + task.networks.length, 0);
  const all = networks.length + lost;
  const data =
    datasets.length > 2 ? `${datasets.length} datasets` : datasets.map(({ name }) => name).join(', ');
  const share = lost > 0 ? `${networks.length} of ` : '';
  return `${data}: ${share}${all} network${all === 1 ? '' : 's'}`;
}

/** The values of a network's settings, in the order of {@link namesOf}. */
export function valuesOf(settings: SharedSettings, varying: readonly SettingName[]): string {
  return varying.map((name) => settingText(settingValue(settings, name))).join(' / ');
}

/** What the values are of. */
export function namesOf(varying: readonly SettingName[]): string {
  return varying.map((name) => SETTINGS[name].name).join(' / ');
}

/** The settings that charts have an axis for: those that vary, but seeds, which have no order. */
export function axesOf({ networks }: SweepReport): SettingName[] {
  return varyingSettings(networks).filter((name) => name !== 'seed');
}

/** A chart and the size in pixels that it is made for. */
export interface SizedChart<Option = ChartOption> {
  readonly option: Option;
  readonly width: number;
  readonly height: number;
}
