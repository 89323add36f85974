import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { epochOrder } from '../../src/data/shuffle.ts';
import { encodePytorch, encodePytorchTraining } from '../../src/export/pytorch.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { modelNotes } from '../../src/model/notes.ts';
import { loadDataset } from '../../src/node/datasets.ts';
import { writeFiles } from '../../src/node/run-files.ts';
import { learningRateFactor } from '../../src/train/schedule.ts';
import { type TrainerSettings, trainerSettings } from '../../src/train/settings.ts';
import { NOTES, pixels, single } from '../support/exported.ts';
import { firstOf } from '../support/first-of.ts';
import { forward } from '../support/forward.ts';
import { goldenRun, meanLosses } from '../support/golden-run.ts';
import { testDevice } from '../support/gpu.ts';
import { epochs, network } from '../support/networks.ts';
import { python } from '../support/python.ts';

const STEPS = 100;
const SEED = 4;
const SETTINGS: readonly Partial<TrainerSettings>[] = [
  {},
  { optimizer: 'adamw', weightDecay: 0.1, schedule: { name: 'cosine', epochs: 1 }, warmup: 0.25 },
  { optimizer: 'sgd', momentum: 0.9 },
];

const mnist = await loadDataset('mnist');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the exported script gives what the network gives', async () => {
  await writeFiles(join(folder, 'network'), { ...encodePytorch(single) });
  const program = [
    'import json, numpy as np',
    'from predict import load, probabilities_of',
    'network, names = load("model.safetensors")',
    `images = np.array(${JSON.stringify([...pixels])}, np.uint8).reshape(-1, 12)`,
    'print(json.dumps([names, probabilities_of(network, images).ravel().tolist()]))',
  ];
  const [names, found] = JSON.parse(python(join(folder, 'network'), '-c', program.join('\n')));
  expect(names).toEqual(single.classNames);
  const { probabilities } = forward(single.model, pixels);
  for (const [i, right] of probabilities.entries()) expect(Math.abs(found[i] - right)).toBeLessThan(1e-6);
});

test('a model file of half precision has the weights that PyTorch makes of them, and what it saves of them is read', async () => {
  const half = encodeModel(single.model, NOTES, { half: true });
  await writeFiles(folder, {
    'whole.safetensors': encodeModel(single.model, NOTES),
    'half.safetensors': half,
  });
  const program = [
    'from safetensors.torch import load_file, save_file',
    'theirs = {name: weight.half() for name, weight in load_file("whole.safetensors").items()}',
    'ours = load_file("half.safetensors")',
    'print(all(ours[name].dtype == weight.dtype and ours[name].equal(weight) for name, weight in theirs.items()))',
    'save_file(theirs, "theirs.safetensors")',
  ];
  expect(python(folder, '-c', program.join('\n')).trim()).toBe('True');
  const theirs = await readFile(join(folder, 'theirs.safetensors'));
  expect(decodeModel(theirs).model).toEqual(decodeModel(half).model);
});

describe.each(SETTINGS)('a training that PyTorch repeats: %j', (given) => {
  test(`has the same losses for ${STEPS} steps`, async () => {
    const settings = trainerSettings({ ...given, seed: SEED });
    const { batchSize, optimizer, schedule, warmup } = settings;
    const [learningRate, weightDecay] = [Number(settings.learningRate), Number(settings.weightDecay)];
    const data = firstOf(mnist, STEPS * batchSize);
    const spec = { inputs: 784, hidden: settings.hidden, classes: 10 };
    const initial = initialModel(spec, SEED);
    const path = join(folder, optimizer);
    const trained = network({ seed: SEED, learningRate, weightDecay, history: epochs(1) });
    await writeFiles(path, {
      ...encodePytorch(decodeModel(encodeModel(initial, modelNotes(data)))),
      ...encodePytorchTraining({ config: settings, network: trained, data, initial }),
    });
    const program =
      'import json; from train import steps; print(json.dumps([loss for loss, _, _ in steps()]))';
    const theirs: number[] = JSON.parse(python(path, '-c', program));
    expect(theirs).toHaveLength(STEPS);

    const order = epochOrder(
      Uint32Array.from({ length: data.train.count }, (_, i) => i),
      SEED,
      1,
    );
    const { images, labels } = data.train;
    const factor = learningRateFactor(schedule, warmup, STEPS);
    const trajectory = {
      ...spec,
      hidden: [...spec.hidden],
      batchSize,
      optimizer: settings,
      learningRate,
      weightDecay,
      schedule,
      warmup,
      factors: Array.from({ length: STEPS }, (_, step) => factor(step + 1)),
      shapes: {},
      weights: {},
      pixels: Array.from(order).flatMap((i) => Array.from(images.subarray(i * 784, (i + 1) * 784))),
      labels: Array.from(order, (i) => labels[i] ?? 0),
      steps: [],
    };
    const run = await goldenRun(await testDevice(), { trajectory, spec, model: initial }, 'layered-quads');
    run.submit(STEPS);
    const ours = await meanLosses(run, { trajectory });
    run.destroy();
    const worst = Math.max(...ours.map((loss, step) => Math.abs(loss - (theirs[step] ?? Number.NaN))));
    console.log(
      `${JSON.stringify(given)}: ${STEPS} losses, ${ours.at(-1)} at last, differ by at most ${worst}`,
    );
    expect(worst).toBeLessThan(2e-5);
  });
});
