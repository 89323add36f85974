import { ShadegradError } from '../errors.ts';

/**
 * Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
 * as 1, 2, 3" (SC 2011): four random 32-bit words that depend on nothing but `counter` and `key`, so that any
 * part of a sequence can be had without the parts before it, and is the same on every machine.
 *
 * @param counter four 32-bit words
 * @param key two 32-bit words
 * @param out receives the four words
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0) >>> 0;
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** Upper 32 bits of the product of two 32-bit words, from products of halves: a compiler can keep to integers. */
function multiplyHigh(a: number, b: number): number {
  const lowA = a & 0xffff;
  const highA = a >>> 16;
  const lowB = b & 0xffff;
  const highB = b >>> 16;
  const low = Math.imul(lowA, lowB) >>> 16;
  const middle1 = Math.imul(highA, lowB);
  const middle2 = Math.imul(lowA, highB);
  const carry = (low + (middle1 & 0xffff) + (middle2 & 0xffff)) >>> 16;
  return (Math.imul(highA, highB) + (middle1 >>> 16) + (middle2 >>> 16) + carry) >>> 0;
}

/** Distance between the streams of one use and those of the next: indices within a use are below this. */
const STREAMS_PER_USE = 2 ** 32;

/**
 * Which stream of a seed serves which use. All uses are numbered here, so that no two ever share random numbers;
 * changing a number changes every result of a seed. Indices are whole numbers from 0 to 2^32 - 1.
 */
export const streams = {
  /** Initial weights of dense layer `layer`, counted from 0. */
  weights: (layer: number): number => layer,
  /** Order of the training samples in epoch `epoch`. */
  epochOrder: (epoch: number): number => STREAMS_PER_USE + epoch,
  /** Which samples are kept for validation. */
  validationSplit: 2 * STREAMS_PER_USE,
  /** Synthetic training image `index`. */
  syntheticTrain: (index: number): number => 3 * STREAMS_PER_USE + index,
  /** Synthetic test image `index`. */
  syntheticTest: (index: number): number => 4 * STREAMS_PER_USE + index,
  /** Setting `index` of a sweep's random sample. */
  sweepSetting: (index: number): number => 5 * STREAMS_PER_USE + index,
  /** What dimension `dimension` of a sweep's Sobol sequence is shifted by. */
  sobolShift: (dimension: number): number => 6 * STREAMS_PER_USE + dimension,
  /** By what copy `index` of a network's initial weights is off, to see what rounding does. */
  rounding: (index: number): number => 7 * STREAMS_PER_USE + index,
  /** Which training samples get wrong labels, and which ones. */
  labelNoise: (): number => 8 * STREAMS_PER_USE,
} as const;

/** An endless sequence of random numbers that depends on `seed` and `stream` only. */
export class CounterRandom {
  readonly #key: readonly [number, number];
  readonly #counter: [number, number, number, number];
  readonly #words = new Uint32Array(4);
  #block = 0;
  #used = 4;

  /**
   * @param seed whole number from 0 to 2^53 - 1
   * @param stream one of `streams`
   * @throws ShadegradError `usage` where either is not such a number
   */
  constructor(seed: number, stream: number) {
    this.#key = halves('seed', seed);
    this.#counter = [0, 0, ...halves('stream', stream)];
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    if (this.#used === 4) {
      const block = this.#block++;
      this.#counter[0] = block >>> 0;
      this.#counter[1] = Math.floor(block / 2 ** 32);
      philox4x32(this.#counter, this.#key, this.#words);
      this.#used = 0;
    }
    return this.#words[this.#used++] ?? 0;
  }

  /** A number in [0, 1), a multiple of 2^-24 and so exact in float32. */
  uniform(): number {
    return (this.uint32() >>> 8) / 2 ** 24;
  }

  /**
   * A whole number from 0 to `n` - 1, each equally likely: a word that would favour small results is drawn again.
   *
   * @param n whole number from 1 to 2^32
   */
  below(n: number): number {
    let word = this.uint32();
    // The division that finds the limit takes longer than all the rest, and the limit is always above 2^32 - n.
    if (word >= 2 ** 32 - n) {
      const limit = 2 ** 32 - (2 ** 32 % n);
      while (word >= limit) word = this.uint32();
    }
    return n === 2 ** 32 ? word : (word >>> 0) % (n >>> 0);
  }
}

/** The lower and upper 32 bits of a safe integer. */
function halves(what: string, value: number): readonly [number, number] {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ShadegradError(
      'usage',
      `${what}: ${value} is not usable.`,
      `Use a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`,
    );
  }
  return [value >>> 0, Math.floor(value / 2 ** 32)];
}
