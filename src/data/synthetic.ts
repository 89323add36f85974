import { centerDigit } from '../pictures/center.ts';
import type { Dataset, Samples } from './dataset.ts';
import { CounterRandom, streams } from './random.ts';
import { drawStrokes } from './synthetic/raster.ts';
import { type Skeleton, skeletons } from './synthetic/skeletons.ts';
import { writeSkeleton } from './synthetic/strokes.ts';

const SIDE = 28;
const CLASSES = 10;

/**
 * Handwritten digits drawn by rule, in MNIST's form: 28 x 28 pixels, ten classes in random order. An image depends
 * only on the seed, its set and its index, and is the same, byte for byte, on every machine and JavaScript engine.
 *
 * @param options `seed`: whole number from 0 to 2^53 - 1, 1 by default; `train` and `test`: number of images in each set,
 *   12,000 and 2,000 by default
 * @throws ShadegradError `usage` where the seed is not such a number
 */
export function syntheticDigits(options: { seed?: number; train?: number; test?: number } = {}): Dataset {
  const { seed = 1, train = 12_000, test = 2_000 } = options;
  return {
    name: 'synthetic',
    shape: { height: SIDE, width: SIDE },
    classes: CLASSES,
    train: samples(train, (index) => new CounterRandom(seed, streams.syntheticTrain(index))),
    test: samples(test, (index) => new CounterRandom(seed, streams.syntheticTest(index))),
  };
}

function samples(count: number, randomOf: (index: number) => CounterRandom): Samples {
  const images = new Uint8Array(count * SIDE * SIDE);
  const labels = new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const random = randomOf(index);
    const label = random.below(CLASSES);
    labels[index] = label;
    images.set(writeDigit(label, random), index * SIDE * SIDE);
  }
  return { images, labels, count };
}

function writeDigit(label: number, random: CounterRandom): Uint8Array {
  const { ink, width, height } = drawStrokes(writeSkeleton(chooseSkeleton(label, random), random));
  return centerDigit(ink, width, height);
}

function chooseSkeleton(label: number, random: CounterRandom): Skeleton {
  const ways = skeletons[label] ?? [];
  let rest = random.below(ways.reduce((sum, { weight }) => sum + weight, 0));
  const chosen = ways.find(({ weight }) => {
    rest -= weight;
    return rest < 0;
  });
  if (!chosen) throw new RangeError(`no way to write ${label}`);
  return chosen;
}
