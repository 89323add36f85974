import { quantityText, timeIn } from '../../src/bench.ts';
import type { TestAccuracy } from '../protocol.ts';

export function percent(share: number, digits = 2): string {
  return `${(100 * share).toFixed(digits)} %`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A measured value with three significant digits, e.g. "12,345", "12.3", "0.0123". */
export function figure(value: number): string {
  if (Math.abs(value) >= 100) return count(value);
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3, useGrouping: false });
}

/** E.g. "1 training image", "12,000 training images". */
export function counted(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
}

/** What people call a dataset: those that this project brings have short names. */
export function datasetText(name: string): string {
  // What training did to the labels is said after a comma.
  return name.replace(/^mnist(?=$|, )/, 'MNIST').replace(/^synthetic(?=$|, )/, 'synthetic digits');
}

/** E.g. "97.68 % of 300 test images right", or "97.86 % right together, 97.61 % on average". */
export function rightText({ accuracy, summary }: TestAccuracy, images: number): string {
  return summary
    ? `${percent(accuracy)} right together, ${percent(summary.mean)} on average`
    : `${percent(accuracy)} of ${counted(images, 'test image')} right`;
}

/** E.g. "8 networks together"; empty where there is one. */
export function togetherText({ summary }: TestAccuracy): string {
  return summary ? `${counted(summary.count, 'network')} together` : '';
}

/** E.g. "8 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'];

export function bytes(size: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(size, 1)) / 10));
  const value = size / 1024 ** power;
  return `${power === 0 || Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[power]}`;
}

export function size({ height, width }: { readonly height: number; readonly width: number }): string {
  return `${width} x ${height}`;
}

/** E.g. "420 ns", "123 µs", "1.23 ms". */
export function microseconds(value: number): string {
  return quantityText(timeIn(value));
}
