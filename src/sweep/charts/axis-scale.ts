/** A value of a setting: a number, or a text for what has no order but that of the sweep file. */
export type SettingValue = number | string;

/** Where the values of a setting stand on an axis, and what ECharts needs to draw it. */
export interface AxisScale {
  readonly axis:
    | { readonly type: 'category'; readonly data: readonly string[] }
    | {
        readonly type: 'log' | 'value';
        readonly min?: number;
        readonly max?: number;
        readonly scale?: true;
      };
  /** A category's index, or the value itself. */
  place(value: SettingValue): number;
}

/** So many values are named one by one. */
const MOST_NAMED = 8;
/** Values that differ by this factor are told apart on a logarithmic scale only. */
const WIDE = 20;

/**
 * Texts, and numbers of which there are few, stand side by side, each under its name: numbers by size, texts in the order
 * given. Many numbers stand on a scale, a logarithmic one where they differ by more than a factor of 20.
 */
export function axisScale(values: readonly SettingValue[]): AxisScale {
  const distinct = [...new Set(values)];
  const numbers = distinct.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  const [least, most] = [numbers[0], numbers.at(-1)];
  const isNumeric = numbers.length === distinct.length;
  if (!isNumeric || least === undefined || most === undefined || numbers.length <= MOST_NAMED) {
    const named: readonly SettingValue[] = isNumeric ? numbers : distinct;
    return {
      axis: { type: 'category', data: named.map(settingText) },
      place: (value) => named.indexOf(value),
    };
  }
  return { axis: numberAxis(least, most), place: Number };
}

/** An axis for numbers from `least` to `most`. */
export function numberAxis(least: number, most: number): Exclude<AxisScale['axis'], { type: 'category' }> {
  if (!(least > 0 && most > WIDE * least)) return { type: 'value', scale: true };
  const power = (value: number, round: (exponent: number) => number) =>
    Number(`1e${round(Math.log10(value))}`);
  return { type: 'log', min: power(least, Math.floor), max: power(most, Math.ceil) };
}

/** At most three digits that count, and exponents where there would be many zeros. */
export function settingText(value: SettingValue): string {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? rounded.toExponential() : String(rounded);
}
