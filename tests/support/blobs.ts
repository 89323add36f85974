import type { Dataset, Samples } from '../../src/data/dataset.ts';
import { CounterRandom } from '../../src/data/random.ts';

/** Images in which each class lights up its own pixels, under noise: small, quick and learnable to 100 %. */
export function blobs({ train = 200, test = 60, height = 4, width = 5, classes = 3 } = {}): Dataset {
  const random = new CounterRandom(5, 0);
  const samples = (count: number): Samples => {
    const labels = Uint8Array.from({ length: count }, () => random.below(classes));
    const images = Uint8Array.from({ length: count * height * width }, (_, i) => {
      const label = labels[Math.floor(i / (height * width))] ?? 0;
      return (i % (height * width)) % classes === label ? 120 + random.below(136) : random.below(136);
    });
    return { images, labels, count };
  };
  return { name: 'blobs', shape: { height, width }, classes, train: samples(train), test: samples(test) };
}
