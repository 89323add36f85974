// Trains the network that comes with the page, on MNIST, and writes it to demo/pretrained/, in half precision, with the
// report of its training:
//
//     npm run build && node tools/pretrain.mjs
//
// The report's test results and checksums are those of the rounded weights, so `verify` finds others than it trains.
// On the same adapter it gives the same bytes, but for the times in the report: so the adapter is npm's SwiftShader, and the
// plan is fixed. Of the learning rates and weight decays tried, these had the best validation accuracy; the test images had no
// say. The hidden layer is as wide as the bytes allow.

import { writeFile } from 'node:fs/promises';
import {
  decodeModel,
  encodeModel,
  loadDataset,
  matrixUnitsOf,
  modelNotes,
  Network,
  nodeVersions,
  openDevice,
  processorName,
  runReport,
  Trainer,
  trainerLimits,
} from '../dist/node.js';

const EPOCHS = 20;
/** The most bytes that the page loads for it, with its report. */
const MOST_BYTES = 200_000;
/** @type {import('../dist/types/node.d.ts').TrainerOptions} */
const SETTINGS = {
  hidden: [118],
  batchSize: 64,
  optimizer: 'adamw',
  learningRate: 0.005,
  weightDecay: 0.1,
  schedule: { name: 'cosine', epochs: EPOCHS },
  warmup: 1,
  validationSplit: 0.1,
  seed: 1,
  plan: 'layered-quads',
};

const folder = new URL('../demo/pretrained/', import.meta.url);
const data = await loadDataset('mnist');
const { device, info, toggles } = await openDevice({
  adapter: 'swiftshader',
  robustness: false,
  requiredLimits: trainerLimits(data, SETTINGS),
});
const trainer = await Trainer.create(device, data, SETTINGS);
for await (const { epoch, loss, valLoss, valAccuracy } of trainer.fit({ epochs: EPOCHS })) {
  console.log(`epoch ${epoch}: loss ${loss}, of validation ${valLoss}, accuracy ${valAccuracy}`);
}
const bytes = encodeModel(await trainer.model(), modelNotes(data), { half: true });

// What is reported is what comes with the page: the results of the rounded weights.
const { model } = decodeModel(bytes);
const network = await Network.create(device, model);
const report = await runReport({
  data,
  models: [model],
  adapter: info,
  processor: processorName(),
  toggles,
  versions: await nodeVersions(),
  config: {
    ...trainer.settings,
    epochs: EPOCHS,
    plan: trainer.plan.name,
    matrixUnits: matrixUnitsOf(trainer.plan),
    initial: null,
    source: { data: 'mnist', imageSize: null },
    earlier: [],
  },
  networks: trainer.networks,
  ...trainer.trained,
  evaluation: await network.evaluateAll(data.test),
});
const { accuracy } = await trainer.evaluate(data.test);
console.log(`of the test images ${accuracy} right, and ${report.test.accuracy} with half precision`);
const json = `${JSON.stringify(report)}\n`;
const size = bytes.length + json.length;
if (size > MOST_BYTES) throw new Error(`${size} bytes are more than ${MOST_BYTES}`);
await writeFile(new URL('model.safetensors', folder), bytes);
await writeFile(new URL('report.json', folder), json);
console.log(`${size} bytes`);
device.destroy();
