import { describe, expect, test } from 'vitest';
import { CounterRandom, philox4x32, streams } from '../../src/data/random.ts';

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, '0')).join(' ');

function words(seed: number, stream: number, count: number): number[] {
  const random = new CounterRandom(seed, stream);
  return Array.from({ length: count }, () => random.uint32());
}

describe('philox4x32', () => {
  // Random123, tests/kat_vectors, "philox4x32 10".
  test.each([
    [[0, 0, 0, 0], [0, 0], '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      'd16cfe09 94fdcceb 5001e420 24126ea1',
    ],
  ] as const)("gives Random123's known answer for counter %j, key %j", (counter, key, expected) => {
    const out = new Uint32Array(4);
    philox4x32(counter, key, out);
    expect(hex(out)).toBe(expected);
  });
});

describe('CounterRandom', () => {
  test('starts with the first block of Philox under seed and stream', () => {
    const expected = new Uint32Array(4);
    philox4x32([0, 0, 7, 3], [0x9abcdef0, 0x5678], expected);
    expect(words(0x56789abcdef0, 3 * 2 ** 32 + 7, 4)).toEqual([...expected]);
  });

  test('goes on with the next block', () => {
    const second = new Uint32Array(4);
    philox4x32([1, 0, 0, 0], [1, 0], second);
    expect(words(1, 0, 8).slice(4)).toEqual([...second]);
  });

  test('uses both halves of the seed', () => {
    expect(words(1 + 2 ** 32, 0, 4)).not.toEqual(words(1, 0, 4));
  });

  test('gives no two uses the same numbers', () => {
    const all = [
      streams.weights(0),
      streams.weights(1),
      streams.epochOrder(0),
      streams.epochOrder(1),
      streams.validationSplit,
      streams.syntheticTrain(0),
      streams.syntheticTrain(2 ** 32 - 1),
      streams.syntheticTest(0),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(new Set(all.map((stream) => words(1, stream, 4).join())).size).toBe(all.length);
  });

  test('draws uniform numbers from [0, 1) that float32 holds exactly, of mean 1/2 and variance 1/12', () => {
    const random = new CounterRandom(1, 0);
    const drawn = Array.from({ length: 100_000 }, () => random.uniform());
    expect(drawn.every((u) => u >= 0 && u < 1 && Math.fround(u) === u)).toBe(true);
    const mean = drawn.reduce((sum, u) => sum + u, 0) / drawn.length;
    const variance = drawn.reduce((sum, u) => sum + (u - mean) ** 2, 0) / drawn.length;
    // Five standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / drawn.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / drawn.length));
  });

  test('draws whole numbers without bias, also where a plain remainder would favour the small ones', () => {
    const random = new CounterRandom(2, 0);
    // Among plain remainders of 32-bit words, those below 2^30 would come up twice as often as others.
    const n = 3 * 2 ** 30;
    const small = Array.from({ length: 30_000 }, () => random.below(n)).filter((k) => k < 2 ** 30).length;
    expect(Math.abs(small / 30_000 - 1 / 3)).toBeLessThan(5 * Math.sqrt(2 / 9 / 30_000));
  });

  test('stays below the bound and reaches every value', () => {
    const random = new CounterRandom(3, 0);
    expect(new Set(Array.from({ length: 1000 }, () => random.below(7)))).toEqual(
      new Set([0, 1, 2, 3, 4, 5, 6]),
    );
    expect(random.below(1)).toBe(0);
    expect(random.below(2 ** 32)).toBeLessThan(2 ** 32);
  });

  test.each([-1, 1.5, Number.NaN, 2 ** 53])('refuses the seed %d', (seed) => {
    expect(() => new CounterRandom(seed, 0)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(String(seed)) }),
    );
  });
});
