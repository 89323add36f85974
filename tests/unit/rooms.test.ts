import { expect, test } from 'vitest';
import { roomFor } from '../../src/train/plan.ts';

test.each([
  [7, 7, 7],
  [7, 6, 4],
  [7, 3, 3],
  [7, 2, 2],
  [64, 63, 32],
  [7, 0, 1],
  [1, 0, 1],
])('of %i networks, where %i fit, the fewest turns have %i each', (models, most, room) => {
  expect(roomFor(models, (count) => count <= most)).toBe(room);
});
