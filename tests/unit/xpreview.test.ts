import { mkdirSync, writeFileSync } from 'node:fs';
import sharp from 'sharp';
import { test } from 'vitest';
import { sweepPictures } from '../../src/sweep/charts/pictures.ts';
import { formatSweep } from '../../src/sweep/text.ts';
import { madeMerge } from '../support/sweeps.ts';

const CASES = {
  four: { axes: { learningRate: [0.0003, 0.001, 0.003, 0.01] } },
  fortyeight: {
    axes: { learningRate: [0.0003, 0.001, 0.003, 0.6], hidden: [[], [64], [128, 64]], seed: [1, 2, 3, 4] },
  },
  five: {
    axes: {
      learningRate: [0.0003, 0.003, 0.6],
      hidden: [[32], [128, 64]],
      batchSize: [32, 64],
      optimizer: ['adam', 'adamw'],
      weightDecay: [0, 0.01],
      seed: [1, 2],
    },
  },
  random: {
    axes: {
      learningRate: { from: 1e-4, to: 1, scale: 'log' },
      hidden: { from: 16, to: 512, scale: 'log' },
      batchSize: [16, 32, 64, 128],
      epochs: [20],
      schedule: ['constant', 'cosine'],
    },
    sample: { method: 'random', count: 48, seed: 1 },
  },
  seeds: { axes: { seed: { from: 1, to: 24 } } },
  one: { axes: {} },
  hiddens: { axes: { hidden: [[], [16], [32], [64], [128], [256], [512], [32, 32], [64, 64], [128, 128], [256, 256], [64, 32, 16]], seed: [1, 2], learningRate: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.6] } },
  diverged: { axes: { learningRate: [0.6, 0.7, 0.8] } },
  data: {
    axes: {
      data: ['auto', '/long/path/to/some/folder/of/pictures', 'fashion-mnist', 'kmnist'],
      learningRate: [0.001, 0.01],
      seed: [1, 2, 3],
    },
  },
};
test.each(Object.entries(CASES))('%s', async (name, file) => {
  const { report } = await madeMerge(file);
  mkdirSync(`/tmp/prev/${name}`, { recursive: true });
  for (const [each, svg] of Object.entries(sweepPictures(report))) {
    writeFileSync(`/tmp/prev/${name}/${each}`, svg);
    await sharp(Buffer.from(svg))
      .png()
      .toFile(`/tmp/prev/${name}/${each.replace('.svg', '.png')}`);
  }
  writeFileSync(`/tmp/prev/${name}/table.txt`, `${formatSweep(report)}\n`);
});
