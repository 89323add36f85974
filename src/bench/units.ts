/** A value in the unit that suits its size. */
export interface Quantity {
  /** The value with three significant digits, e.g. "1.29"; whole where it has more before the point. */
  readonly digits: string;
  /** E.g. "ms". */
  readonly unit: string;
}

/** Units from the smallest to the largest, each a thousand times the one before. */
type Units = readonly [string, ...string[]];

const TIMES: Units = ['ns', 'µs', 'ms', 's'];
const OPERATIONS: Units = ['kFLOP/s', 'MFLOP/s', 'GFLOP/s', 'TFLOP/s'];
const TRAFFIC: Units = ['kB/s', 'MB/s', 'GB/s', 'TB/s'];

/** A time in ns, µs, ms or s. */
export function timeIn(microseconds: number): Quantity {
  return inUnit(1e3 * microseconds, TIMES);
}

/** Floating-point operations a second, e.g. in GFLOP/s. */
export function operationRate(gflops: number): Quantity {
  return inUnit(1e6 * gflops, OPERATIONS);
}

/** Bytes a second, e.g. in GB/s. */
export function trafficRate(gigabytesPerSecond: number): Quantity {
  return inUnit(1e6 * gigabytesPerSecond, TRAFFIC);
}

/** E.g. "1.29 ms". */
export function quantityText({ digits, unit }: Quantity): string {
  return `${digits} ${unit}`;
}

/** Where a time lies, both ends in the unit of the upper one: the digits of "0.950 to 1.35 ms" are "0.950 to 1.35". */
export function timeRange(low: number, high: number): Quantity {
  const { digits, unit } = timeIn(high);
  return { digits: `${threeDigits((1e3 * low) / 1e3 ** TIMES.indexOf(unit))} to ${digits}`, unit };
}

/** @param value in the first of the units */
function inUnit(value: number, units: Units): Quantity {
  let index = 0;
  let scaled = value;
  // After rounding: 999.7 ns are 1.00 µs.
  while (index < units.length - 1 && Number(scaled.toPrecision(3)) >= 1000) {
    scaled /= 1000;
    index++;
  }
  return { digits: threeDigits(scaled), unit: units[index] ?? units[0] };
}

function threeDigits(value: number): string {
  if (value === 0) return '0';
  return value < 999.5 ? value.toPrecision(3) : Math.round(value).toLocaleString('en-US');
}
