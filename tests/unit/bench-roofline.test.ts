import { describe, expect, test } from 'vitest';
import { bandwidth, floorOf } from '../../src/bench/roofline.ts';
import { floor } from '../support/bench.ts';

describe('the floor under a kernel', () => {
  test('is an empty dispatch where there is little to do', () => {
    const work = { flops: 1000, bytes: 1000, workingSet: 1000 };
    expect(floorOf(floor, work)).toEqual({ microseconds: 10, boundBy: 'dispatch' });
  });

  test('is as many of them as there are dispatches', () => {
    const work = { flops: 1000, bytes: 1000, workingSet: 1000, dispatches: 7 };
    expect(floorOf(floor, work)).toEqual({ microseconds: 70, boundBy: 'dispatch' });
  });

  test('is the arithmetic where the intensity is high', () => {
    const work = { flops: 5e6, bytes: 1000, workingSet: 1000 };
    const { microseconds, boundBy } = floorOf(floor, work);
    expect(boundBy).toBe('arithmetic');
    expect(microseconds).toBeCloseTo(50, 9);
  });

  test('is the memory where the intensity is low, at the speed of copies as large', () => {
    const work = { flops: 1000, bytes: 80_000, workingSet: 80_000 };
    const { microseconds, boundBy } = floorOf(floor, work);
    expect(boundBy).toBe('memory');
    expect(microseconds).toBeCloseTo(160, 9);
  });
});

describe('bandwidth', () => {
  test.each([
    [1, 2],
    [1000, 2],
    [1001, 1],
    [10_000, 1],
    [10_001, 0.5],
    [1e9, 0.5],
  ])('for a working set of %i bytes is %d GB/s', (workingSet, rate) => {
    expect(bandwidth(floor.copies, workingSet)).toBeCloseTo(rate, 12);
  });
});
