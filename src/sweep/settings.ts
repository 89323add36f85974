import { canonicalJson } from '../json.ts';
import type { SweepFile } from './file.ts';
import type { PointSettings } from './tasks.ts';

export type SettingName = keyof PointSettings;

/** A setting's value as one word: what `shadegrad train` takes for it. */
export type SettingValue = string | number;

/** All settings of a network, in the order that tables have, with what they are called there. */
export const SETTINGS: Readonly<Record<SettingName, { readonly name: string; readonly heading: string }>> = {
  data: { name: 'Data', heading: 'data' },
  hidden: { name: 'Hidden layers', heading: 'hidden' },
  optimizer: { name: 'Optimizer', heading: 'optim.' },
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

/** A number where there is one, else a text. Empty for the seed of several networks. */
export function settingValue(settings: SharedSettings, name: SettingName): SettingValue {
  return name === 'hidden' ? hiddenValue(settings.hidden) : (settings[name] ?? '');
}

function hiddenValue(widths: readonly number[]): SettingValue {
  const [only] = widths;
  if (only === undefined) return 'none';
  return widths.length === 1 ? only : widths.join(',');
}

/** The values of a setting in the order of the sweep file, as far as it lists them. */
export function listedValues({ axes }: SweepFile, name: SettingName): SettingValue[] {
  const values = axes[name];
  if (values === undefined || 'from' in values) return [];
  return values.map((value) => (typeof value === 'object' ? hiddenValue(value) : value));
}

/** Equal for networks that differ in nothing but their seeds. */
export function settingKey({ seed: _, ...settings }: SharedSettings): string {
  return canonicalJson(settings);
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
