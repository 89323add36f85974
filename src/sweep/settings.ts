import type { PointSettings } from './tasks.ts';

export type SettingName = keyof PointSettings;

/** A setting's value as one word: what `shadegrad train` takes for it. */
export type SettingValue = string | number;

/** All settings of a network, in the order that tables have, with what they are called there. */
export const SETTINGS: Readonly<Record<SettingName, { readonly name: string; readonly heading: string }>> = {
  data: { name: 'Data', heading: 'data' },
  hidden: { name: 'Hidden layers', heading: 'hidden' },
  optimizer: { name: 'Optimizer', heading: 'optimizer' },
  learningRate: { name: 'Learning rate', heading: 'rate' },
  weightDecay: { name: 'Weight decay', heading: 'decay' },
  schedule: { name: 'Schedule', heading: 'schedule' },
  batchSize: { name: 'Batch size', heading: 'batch' },
  epochs: { name: 'Epochs', heading: 'epochs' },
  seed: { name: 'Seed', heading: 'seed' },
};

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** The settings of a network, or of all networks that differ in nothing but their seeds. */
export type SharedSettings = Omit<PointSettings, 'seed'> & Partial<Pick<PointSettings, 'seed'>>;

/** Empty for the seed of several networks. */
export function settingValue(settings: SharedSettings, name: SettingName): SettingValue {
  if (name !== 'hidden') return settings[name] ?? '';
  return settings.hidden.length === 0 ? 'none' : settings.hidden.join(',');
}

/** The settings in which networks differ. */
export function varyingSettings(networks: readonly { readonly settings: SharedSettings }[]): SettingName[] {
  return SETTING_NAMES.filter(
    (name) => new Set(networks.map(({ settings }) => settingValue(settings, name))).size > 1,
  );
}

/** At most three digits that count, and exponents where there would be many zeros. */
export function settingText(value: SettingValue): string {
  if (typeof value === 'string' || (Number.isInteger(value) && Math.abs(value) < 1e6)) return String(value);
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? rounded.toExponential() : String(rounded);
}
