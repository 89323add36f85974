// The order in which Shadegrad's trainer visits its samples, for those who must train on the same batches. The
// generator is described in docs/numerics.md and src/data/random.ts; a test holds this against it.

const EPOCH_ORDER = 1;

/**
 * The samples' order in epoch `epoch` of a Shadegrad training run.
 *
 * @param {number} count samples to an epoch
 * @param {number} seed whole number from 0 to 2^53 - 1
 * @param {number} epoch 1 for the first
 * @returns {Uint32Array<ArrayBuffer>} [count], a permutation of 0 to count - 1
 */
export function epochOrder(count, seed, epoch) {
  const words = philoxWords([low(seed), high(seed)], [epoch, EPOCH_ORDER]);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = below(i + 1, words);
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
  return order;
}

/**
 * A whole number from 0 to n - 1, each equally likely.
 * @param {number} n
 * @param {Iterator<number, never>} words
 */
function below(n, words) {
  const limit = 2 ** 32 - (2 ** 32 % n);
  let word = words.next().value;
  while (word >= limit) word = words.next().value;
  return word % n;
}

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011), block after block of four words.
 * @param {readonly [number, number]} key
 * @param {readonly [number, number]} stream
 * @returns {Generator<number, never>}
 */
function* philoxWords(key, stream) {
  for (let block = 0; ; block++) {
    let [c0, c1, c2, c3] = [low(block), high(block), ...stream];
    let [k0, k1] = key;
    for (let round = 0; round < 10; round++) {
      const product0 = BigInt(c0) * 0xd2511f53n;
      const product1 = BigInt(c2) * 0xcd9e8d57n;
      [c0, c1, c2, c3] = [
        (Number(product1 >> 32n) ^ c1 ^ k0) >>> 0,
        Number(product1 & 0xffffffffn),
        (Number(product0 >> 32n) ^ c3 ^ k1) >>> 0,
        Number(product0 & 0xffffffffn),
      ];
      k0 = (k0 + 0x9e3779b9) >>> 0;
      k1 = (k1 + 0xbb67ae85) >>> 0;
    }
    yield* [c0, c1, c2, c3];
  }
}

/** @param {number} integer */
const low = (integer) => integer >>> 0;

/** @param {number} integer */
const high = (integer) => Math.floor(integer / 2 ** 32);
