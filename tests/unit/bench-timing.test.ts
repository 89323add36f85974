import { describe, expect, test } from 'vitest';
import { clockFor } from '../../src/bench/timing.ts';

describe('the clock of a pass', () => {
  // Dawn rounds to 65,536 ns unless told otherwise.
  test.each([
    ["is the GPU's from 100 of its quanta on", { wall: 7, gpu: 6.5536 }, 65_536, 'timestamp-query'],
    ["is the host's below", { wall: 7, gpu: 6.5 }, 65_536, 'wall clock'],
    ["is the GPU's for short passes where its clock is fine", { wall: 7, gpu: 0.01 }, 1, 'timestamp-query'],
    ["is the host's where the GPU has none", { wall: 7, gpu: null }, null, 'wall clock'],
    ["is the host's where the GPU's went backwards", { wall: 7, gpu: null }, 1, 'wall clock'],
    ["is the host's where the GPU's stands still", { wall: 7, gpu: 50 }, null, 'wall clock'],
  ] as const)('%s', (_, time, quantum, clock) => {
    expect(clockFor(time, quantum)).toBe(clock);
  });
});
