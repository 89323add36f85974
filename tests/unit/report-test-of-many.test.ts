import { expect, test } from 'vitest';
import { sha256 } from '../../src/data/checksum.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { encodeModels } from '../../src/model/population-file.ts';
import { populationTestReport } from '../../src/report/run-report.ts';
import { populationEvaluation } from '../../src/train/ensemble.ts';
import { blobs } from '../support/blobs.ts';

const data = blobs({ train: 20, test: 6 });
const models = [1, 2].map((seed) => initialModel({ inputs: 20, hidden: [], classes: 3 }, seed));

async function reportOf(
  losses: readonly number[],
  networks: { seed: number; learningRate?: number }[] | null = null,
) {
  const each = losses.map((loss, i) => ({
    loss,
    accuracy: i / 2,
    count: 6,
    probabilities: new Float32Array(18).fill(1 / 3),
    predictions: new Uint8Array(6),
  }));
  return populationTestReport({
    data,
    models,
    networks: networks?.map((network) => ({ learningRate: 0.1, weightDecay: 0, ...network })) ?? null,
    file: 'models.safetensors',
    adapter: {
      vendor: 'maker',
      architecture: 'kind',
      description: 'a GPU',
      software: false,
      backend: 'vulkan',
    },
    toggles: [],
    versions: { shadegrad: '1.2.3', webgpu: null, runtime: 'a test' },
    evaluation: populationEvaluation(each, data.test.labels, 3),
  });
}

test('a test of many networks has each one, how they spread, and what they make of it together', async () => {
  const report = await reportOf([0.5, 0.75], [{ seed: 3 }, { seed: 4 }]);
  expect(report.models).toEqual([
    { seed: 3, learningRate: 0.1, weightDecay: 0, test: { loss: 0.5, accuracy: 0 } },
    { seed: 4, learningRate: 0.1, weightDecay: 0, test: { loss: 0.75, accuracy: 0.5 } },
  ]);
  expect(report.summary).toMatchObject({
    loss: { mean: 0.625 },
    accuracy: { least: 0, most: 0.5, count: 2 },
  });
  expect(report.test.loss).toBeCloseTo(Math.log(3), 6);
  expect(report).toMatchObject(report.ensemble);
  const networks = [3, 4].map((seed) => ({ seed, learningRate: 0.1, weightDecay: 0 }));
  const file = encodeModels(models, { image: { height: 4, width: 5 } }, networks);
  const header = Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(report.model.sha256).toBe(await sha256(file.slice(8 + header)));
});

test('networks of several settings are a sample for each setting, and none together', async () => {
  const report = await reportOf([0.5, 0.75], [{ seed: 3 }, { seed: 3, learningRate: 0.01 }]);
  const none = { standardDeviation: null, interval: null };
  expect(report.summary).toMatchObject({
    loss: none,
    accuracy: { ...none, count: 2, mean: 0.25, least: 0, most: 0.5 },
  });
  expect(report.summary.settings).toMatchObject([
    { learningRate: 0.1, weightDecay: 0, loss: { count: 1, mean: 0.5 } },
    { learningRate: 0.01, weightDecay: 0, loss: { count: 1, mean: 0.75 } },
  ]);
  const alike = await reportOf([0.5, 0.75], [{ seed: 3 }, { seed: 4 }]);
  expect(alike.summary.settings).toEqual([]);
  expect(alike.summary.loss.interval).toHaveLength(2);
});

test('what the file does not say is null, and a loss that is not finite is left out', async () => {
  const { models: tested, summary } = await reportOf([Number.POSITIVE_INFINITY, 0.75]);
  expect(tested).toEqual([
    { seed: null, learningRate: null, weightDecay: null, test: null },
    { seed: null, learningRate: null, weightDecay: null, test: { loss: 0.75, accuracy: 0.5 } },
  ]);
  expect(summary.accuracy).toMatchObject({ count: 1, mean: 0.5, interval: null });
});

test('is refused where no loss is finite, and where models are missing', async () => {
  await expect(reportOf([Number.NaN, Number.NaN])).rejects.toMatchObject({ code: 'diverged' });
  await expect(reportOf([0.5])).rejects.toMatchObject({ code: 'usage' });
});
