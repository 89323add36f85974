import { type SettingValue, settingText } from '../settings.ts';

/** An axis of numbers, between round ones. */
export interface NumberAxis {
  readonly type: 'value' | 'log';
  readonly min: number;
  readonly max: number;
  /** Between two ticks. */
  readonly interval?: number;
}

/** Where the values of a setting stand on an axis, and what ECharts needs to draw it. */
export interface AxisScale {
  readonly axis: NumberAxis | { readonly type: 'category'; readonly data: string[] };
  /** A category's index, or the value itself. */
  place(value: SettingValue): number;
}

/** So many numbers are named one by one. */
const MOST_NAMED = 8;
/** Numbers that differ by more than this factor are told apart on a logarithmic scale only. */
const WIDE = 20;
const LONGEST_TEXT = 14;

/**
 * Texts, and numbers of which there are few, stand side by side, each under its name: numbers by size, others in the order of
 * `listed`. Many numbers stand on a scale, see {@link numberAxis}.
 *
 * @param listed all values that are not numbers, and perhaps more
 */
export function axisScale(values: readonly SettingValue[], listed: readonly SettingValue[]): AxisScale {
  const occurring = new Set(values);
  const distinct = [...new Set([...listed, ...values])].filter((value) => occurring.has(value));
  const numbers = distinct.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (numbers.length === distinct.length && numbers.length > MOST_NAMED) {
    return { axis: numberAxis(numbers), place: Number };
  }
  const named: readonly SettingValue[] = numbers.length === distinct.length ? numbers : distinct;
  return {
    axis: { type: 'category', data: named.map((value) => shortened(settingText(value))) },
    place: (value) => named.indexOf(value),
  };
}

/**
 * Logarithmic, between powers of ten, where numbers above 0 differ by more than a factor of 20; else in about five steps.
 *
 * @param numbers none for an axis without any
 * @param bound what none of them can be above, and the axis is not either
 */
export function numberAxis(numbers: readonly number[], bound = Number.POSITIVE_INFINITY): NumberAxis {
  if (numbers.length === 0) return { type: 'value', min: 0, max: 1, interval: 0.2 };
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (least > 0 && most > WIDE * least) {
    // Of texts: as products of ten they would be rounded.
    const power = (exponent: number) => Number(`1e${exponent}`);
    return {
      type: 'log',
      min: power(Math.floor(Math.log10(least))),
      max: power(Math.ceil(Math.log10(most))),
    };
  }
  const spread = most - least || Math.abs(most) || 1;
  const unit = 10 ** Math.floor(Math.log10(spread / 5));
  const step = unit * ([1, 2, 5].find((candidate) => spread / (candidate * unit) <= 5) ?? 10);
  const round = (steps: number) => Number((step * steps).toPrecision(12));
  // So that equal numbers, too, stand on an axis that has a length.
  const above = Math.min(
    Math.max(Math.ceil(most / step), Math.floor(least / step) + 1),
    Math.ceil(bound / step),
  );
  const below = Math.min(Math.floor(least / step), above - 1);
  return { type: 'value', min: round(below), max: round(above), interval: Number(step.toPrecision(12)) };
}

/** Of a path the end, which tells more. */
function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `…${text.slice(1 - LONGEST_TEXT)}`;
}
