import { parametersOf } from '../work.mjs';
import { describeDevice } from './gpu.mjs';
import { serve } from './serve.mjs';
import { shadegrad } from './shadegrad.mjs';
import { versionOf } from './version.mjs';

const { Trainer, openDevice, trainerLimits } = shadegrad;
const adapter = /** @type {import('./gpu.mjs').AdapterChoice} */ (process.argv[2] ?? 'auto');

/** As in `shadegrad train`. */
const ROBUSTNESS = false;

await serve(async () => {
  let { device, toggles } = await openDevice({ adapter, robustness: ROBUSTNESS });
  const version = await versionOf('../../../package.json', import.meta.url);
  /** @type {import('../../../src/node.ts').Trainer | undefined} */
  let trainer;
  let stepsPerEpoch = 0;
  const current = () => {
    if (!trainer) throw new Error('There is nothing to train yet.');
    return trainer;
  };

  return {
    hello: { library: `Shadegrad ${version}`, ...describeDevice(device, toggles) },

    async prepare(work) {
      const { height, width, classes, images, labels, samples, batchSize, hidden, seed } = work;
      const train = { images, labels, count: samples };
      const test = { images: images.slice(0, height * width), labels: labels.slice(0, 1), count: 1 };
      const data = { name: 'work', shape: { height, width }, classes, train, test };
      const options = { ...work.adam, hidden: [hidden], batchSize, seed };
      const requiredLimits = trainerLimits(data, options);
      trainer?.destroy();
      device.destroy();
      ({ device } = await openDevice({ adapter, requiredLimits, robustness: ROBUSTNESS }));
      trainer = await Trainer.create(device, data, options);
      stepsPerEpoch = samples / batchSize;
      return `plan ${trainer.plan.name}`;
    },

    async train(steps) {
      for await (const _ of current().fit({ epochs: steps / stepsPerEpoch }));
    },

    async parameters() {
      return parametersOf(await current().model());
    },
  };
});
