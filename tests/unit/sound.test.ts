import { expect, test } from 'vitest';
import { initialModel } from '../../src/model/initialise.ts';
import { packParameters } from '../../src/model/layout.ts';
import { isSound } from '../../src/train/sound.ts';

const spec = { inputs: 6, hidden: [5, 3], classes: 2 };
const pixels = Uint8Array.of(0, 255, 3, 0, 7, 100);

/** The network with one of its numbers replaced. */
function changed(layer: number, at: number, value: number): Float32Array[] {
  return packParameters(initialModel(spec, 1)).map((parameters, l) =>
    l === layer ? parameters.with(at, value) : parameters,
  );
}

test('a fresh network is sound, and whatever its padding holds', () => {
  expect(isSound(spec, packParameters(initialModel(spec, 1)), pixels)).toBe(true);
  expect(isSound(spec, changed(0, 5, Number.NaN), pixels)).toBe(true);
});

test.each([
  ['a weight, also one of a blank pixel', 0, 0],
  ['a bias', 0, 6 * 8],
  ['a weight of a hidden unit', 1, 1],
  ['a weight of the output layer', 2, 0],
])('one with %s that is not finite is not', (_, layer, at) => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(isSound(spec, changed(layer, at, value), pixels)).toBe(false);
  }
});

test('nor is one whose weights are finite, and its logits are not', () => {
  const huge = packParameters(initialModel(spec, 1)).map((layer) => layer.map((value) => 1e30 * value));
  expect(isSound(spec, huge, pixels)).toBe(false);
  expect(isSound(spec, [], pixels)).toBe(false);
});
