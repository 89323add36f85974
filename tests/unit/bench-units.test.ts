import { expect, test } from 'vitest';
import { operationRate, quantityText, timeIn, timeRange, trafficRate } from '../../src/bench/units.ts';

test.each([
  [0, '0 ns'],
  [0.0005, '0.500 ns'],
  [0.02, '20.0 ns'],
  [0.99949, '999 ns'],
  // Rounded first: never "1,000 ns".
  [0.9997, '1.00 µs'],
  [2, '2.00 µs'],
  [96.13, '96.1 µs'],
  [999.6, '1.00 ms'],
  [1294, '1.29 ms'],
  [1299.9, '1.30 ms'],
  [467_000, '467 ms'],
  [12_345_678, '12.3 s'],
  [4_321_000_000, '4,321 s'],
])('%d us are %s', (microseconds, text) => {
  expect(quantityText(timeIn(microseconds))).toBe(text);
});

test.each([
  [1290, 1350, '1.29 to 1.35 ms'],
  [950, 1350, '0.950 to 1.35 ms'],
  [0, 2, '0 to 2.00 µs'],
  [999.4, 999.6, '0.999 to 1.00 ms'],
  [20_000, 1_500_000, '0.0200 to 1.50 s'],
])('from %d to %d us: %s', (low, high, text) => {
  expect(quantityText(timeRange(low, high))).toBe(text);
});

test.each([
  [61.34, '61.3 GFLOP/s'],
  [0.0157, '15.7 MFLOP/s'],
  [0.000032, '32.0 kFLOP/s'],
  [51_234, '51.2 TFLOP/s'],
  [0, '0 kFLOP/s'],
])('%d GFLOP/s are %s', (gflops, text) => {
  expect(quantityText(operationRate(gflops))).toBe(text);
});

test.each([
  [3.087, '3.09 GB/s'],
  [0.127, '127 MB/s'],
  [0.0001, '100 kB/s'],
  [4800, '4.80 TB/s'],
])('%d GB/s are %s', (gigabytes, text) => {
  expect(quantityText(trafficRate(gigabytes))).toBe(text);
});
