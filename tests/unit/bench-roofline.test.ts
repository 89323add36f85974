import { describe, expect, test } from 'vitest';
import { bandwidth, COPY_BYTES, copyFor, floorOf } from '../../src/bench/roofline.ts';
import { coversStep, stepShare, stepWork, type TrainingStep } from '../../src/bench/step-share.ts';
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

describe('a step of training', () => {
  const step: TrainingStep = {
    spec: { inputs: 784, hidden: [100], classes: 10 },
    models: 1,
    batchSize: 32,
    optimizer: 'adam',
    dispatches: 4,
  };
  // Rows are padded to whole vec4s.
  const parameters = 785 * 100 + 101 * 12;

  test('has three products for each weight, but two in the first layer, and an update for each parameter', () => {
    const products = 2 * 784 * 100 + 3 * 100 * 10;
    expect(stepWork(step)).toEqual({
      dispatches: 4,
      flops: 2 * 32 * products + 12 * parameters,
      bytes: 24 * parameters,
      workingSet: 12 * parameters,
    });
    expect(stepWork({ ...step, models: 3 }).flops).toBe(3 * stepWork(step).flops);
    expect(stepWork({ ...step, optimizer: 'sgd' })).toMatchObject({
      bytes: 16 * parameters,
      workingSet: 8 * parameters,
    });
  });

  test('has a share of the greatest of its three floors', () => {
    const work = stepWork(step);
    const { microseconds, boundBy } = floorOf(floor, work);
    expect(stepShare(floor, step, 2 * microseconds)).toEqual({
      floorMicroseconds: microseconds,
      boundBy,
      share: 0.5,
    });
  });

  test('is covered by copies as large as its networks, and by the largest in any case', () => {
    const [copy] = floor.copies;
    if (!copy) throw new Error('no copy');
    const of = (bytes: number) => ({ ...floor, copies: [{ ...copy, rotation: { copies: 1, bytes } }] });
    const [least = 0, next = 0, most = 0] = COPY_BYTES;
    expect(copyFor(12 * parameters)).toBe(least);
    expect(coversStep(of(least), step)).toBe(true);
    expect(coversStep(of(least), { ...step, models: 2 })).toBe(false);
    expect(coversStep(of(next), { ...step, models: 2 })).toBe(true);
    expect(coversStep(of(most), { ...step, models: 1000 })).toBe(true);
  });
});
