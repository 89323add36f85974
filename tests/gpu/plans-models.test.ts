import { expect, test } from 'vitest';
import { readBuffer } from '../../src/gpu/buffers.ts';
import { targetOf } from '../../src/gpu/target.ts';
import { denseLayers, type MlpSpec } from '../../src/model/spec.ts';
import { Executable } from '../../src/train/executable.ts';
import type { Optimizer } from '../../src/train/optimizer.ts';
import { type PlanName, trainingPlan } from '../../src/train/plans/index.ts';
import { labelsAt, momentsOf, parametersOf } from '../../src/train/plans/sizes.ts';
import { trainingSteps } from '../../src/train/step.ts';
import { paddedRows, testDevice, withPadding } from '../support/gpu.ts';
import { randomData } from '../support/random.ts';
import { ADAM, OPTIMIZERS } from '../support/step.ts';

const SAMPLES = 300;
/** More rows than the kernels of quads and lanes have in their smallest blocks; the last batch is short. */
const BATCH = 70;
const SHALLOW: MlpSpec = { inputs: 90, hidden: [34], classes: 10 };
const DEEP: MlpSpec = { inputs: 90, hidden: [34, 21], classes: 10 };

/** Networks side by side. For seven, the kernels of quads and lanes cut a batch differently than for one. */
const COMPANIES = [3, 7];
/** The networks that are also trained alone. */
const ALONE = [0, 2, 6];

const [, ADAMW = ADAM, SGD = ADAM] = OPTIMIZERS;
/** AdamW serves for Adam too: the first network has no decay. */
const CASES: readonly { name: PlanName; spec: MlpSpec; optimizer: Optimizer }[] = [
  { name: 'fused', spec: SHALLOW, optimizer: ADAMW },
  { name: 'fused-2', spec: SHALLOW, optimizer: ADAMW },
  { name: 'layered', spec: DEEP, optimizer: ADAMW },
  { name: 'layered', spec: DEEP, optimizer: SGD },
  { name: 'layered-32', spec: DEEP, optimizer: ADAMW },
  { name: 'layered-quads', spec: DEEP, optimizer: ADAMW },
  { name: 'layered-quads', spec: DEEP, optimizer: SGD },
  { name: 'layered-lanes', spec: DEEP, optimizer: ADAMW },
  { name: 'layered-lanes', spec: DEEP, optimizer: SGD },
  { name: 'unfused', spec: DEEP, optimizer: ADAMW },
  { name: 'unfused', spec: DEEP, optimizer: SGD },
];

/** Network `seed`, whichever networks are beside it: its initial weights, order of samples, rate and decay. */
function networkOf(spec: MlpSpec, seed: number) {
  const data = randomData(100 + seed);
  return {
    order: data.indices(SAMPLES, SAMPLES),
    parameters: denseLayers(spec).map(({ inputs, outputs }) =>
      withPadding(data.floats((inputs + 1) * outputs, inputs ** -0.5), outputs),
    ),
    rate: (t: number) => ({ learningRate: 0.001 * (1 + seed) * (1 + t / 10), weightDecay: seed }),
  };
}

/**
 * Trains the networks side by side, and returns each one's parameters, moments and metrics.
 * @param submit how many steps a submit has
 */
async function train(
  { name, spec, optimizer }: (typeof CASES)[number],
  seeds: readonly number[],
  submit: number,
) {
  const models = seeds.length;
  const sizes = { spec, models, batch: BATCH, samples: SAMPLES, orderLength: SAMPLES };
  const device = await testDevice();
  const plan = trainingPlan(name, sizes, optimizer, targetOf(device));
  const executable = await Executable.create(device, plan);
  const networks = seeds.map((seed) => networkOf(spec, seed));
  const data = randomData(1);
  const samples = new Uint8Array(executable.buffer('samples').size);
  samples.set(paddedRows(data.bytes(SAMPLES * spec.inputs), spec.inputs));
  samples.set(data.bytes(SAMPLES, spec.classes), 4 * labelsAt(sizes));
  executable.write('samples', samples);
  executable.write('order', Uint32Array.from(networks.flatMap(({ order }) => [...order])));
  for (const layer of denseLayers(spec).keys()) {
    const all = networks.flatMap(({ parameters }) => [...(parameters[layer] ?? [])]);
    executable.write(parametersOf(layer), Float32Array.from(all));
  }
  const rates = (t: number) => networks.map(({ rate }) => rate(t));
  const steps = trainingSteps(SAMPLES, BATCH, 0, optimizer, rates);
  for (let start = 0; start < steps.length; start += submit) {
    executable.submit(steps.slice(start, start + submit));
  }
  const read = async (buffer: string) =>
    new Uint32Array(await readBuffer(executable.device, executable.buffer(buffer)));
  const parts: { what: string; bits: Uint32Array; copies: number }[] = [
    { what: 'metrics', bits: await read('metrics'), copies: 1 },
  ];
  for (const layer of denseLayers(spec).keys()) {
    parts.push({ what: parametersOf(layer), bits: await read(parametersOf(layer)), copies: 1 });
    parts.push({ what: momentsOf(layer), bits: await read(momentsOf(layer)), copies: optimizer.moments });
  }
  executable.destroy();
  return seeds.map((_, z) =>
    parts.flatMap(({ what, bits, copies }) =>
      Array.from({ length: copies }, (_, copy) => {
        const size = bits.length / copies / models;
        const start = (copy * models + z) * size;
        return { what, bits: bits.subarray(start, start + size) };
      }),
    ),
  );
}

test.each(CASES)(
  'with the $name plan and $optimizer.name a network has the same bits alone, step by step, and beside others',
  async (given) => {
    const alone = new Map<number, unknown>();
    for (const seed of ALONE) alone.set(seed, (await train(given, [seed], 1))[0]);
    for (const company of COMPANIES) {
      const seeds = Array.from({ length: company }, (_, seed) => seed);
      const together = await train(given, seeds, 3);
      for (const seed of ALONE.filter((own) => own < company)) {
        expect(together[seed], `network ${seed} of ${company}`).toEqual(alone.get(seed));
      }
    }
    // Otherwise the test could not tell the networks apart.
    expect(alone.get(2)).not.toEqual(alone.get(0));
  },
);
