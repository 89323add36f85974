import { expect, test } from 'vitest';
import { readBuffer } from '../../src/gpu/buffers.ts';
import { targetOf } from '../../src/gpu/target.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { Executable } from '../../src/train/executable.ts';
import { trainingPlan } from '../../src/train/plans/index.ts';
import { parametersOf } from '../../src/train/plans/sizes.ts';
import { stepMetrics, trainingSteps } from '../../src/train/step.ts';
import { expectClose, paddedRows, testDevice, withoutPadding, withPadding } from '../support/gpu.ts';
import { randomData } from '../support/random.ts';
import { ADAM, constantRates, everyStep } from '../support/step.ts';

const SAMPLES = 50;

test.each([
  ['no hidden layer', { inputs: 13, hidden: [], classes: 4 }],
  ['three hidden layers', { inputs: 13, hidden: [20, 9, 33], classes: 5 }],
  ['more classes than the head takes', { inputs: 6, hidden: [10], classes: 65 }],
  ['as many classes as the head takes', { inputs: 6, hidden: [10], classes: 64 }],
])("with %s the layered plan takes the unfused plan's steps", async (_, spec) => {
  const device = await testDevice();
  const layers = denseLayers(spec);
  const sizes = { spec, models: 2, batch: 20, samples: SAMPLES, orderLength: SAMPLES };
  // The last batch is short.
  const steps = everyStep(trainingSteps(SAMPLES, sizes.batch, 0, ADAM, constantRates(sizes.models, 0.001)));
  const results = [];
  for (const name of ['layered', 'unfused'] as const) {
    const data = randomData(1);
    const executable = await Executable.create(device, trainingPlan(name, sizes, ADAM, targetOf(device)));
    const images = paddedRows(data.bytes(SAMPLES * spec.inputs), spec.inputs);
    executable.write('samples', Uint8Array.of(...images, ...data.bytes(SAMPLES, spec.classes), 0, 0));
    executable.write('order', data.indices(sizes.models * SAMPLES, SAMPLES));
    for (const [layer, { inputs, outputs }] of layers.entries()) {
      // Glorot's range.
      const range = Math.sqrt(6 / (inputs + outputs));
      const parameters = data.floats(sizes.models * (inputs + 1) * outputs, range);
      executable.write(parametersOf(layer), withPadding(parameters, outputs));
    }
    executable.submit(steps);
    const read = async (buffer: string) =>
      new Float32Array(await readBuffer(device, executable.buffer(buffer)));
    const parameters = [];
    for (const [layer, { outputs }] of layers.entries()) {
      parameters.push(withoutPadding(await read(parametersOf(layer)), outputs));
    }
    const metrics = stepMetrics(await read('metrics'), executable.plan.metricParts);
    executable.destroy();
    results.push({ parameters, metrics });
  }
  const [layered, unfused] = results;
  expect(layered?.metrics.length).toBe(sizes.models * steps.length);
  expectClose(
    'loss',
    layered?.metrics.map(({ loss }) => loss),
    unfused?.metrics.map(({ loss }) => loss) ?? [],
  );
  expect(layered?.metrics.map(({ hits }) => hits)).toEqual(unfused?.metrics.map(({ hits }) => hits));
  for (const layer of layers.keys()) {
    expectClose(parametersOf(layer), layered?.parameters[layer], unfused?.parameters[layer] ?? [], {
      absolute: 2e-5,
    });
  }
});
