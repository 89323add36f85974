import { describe, expect, test } from 'vitest';
import { inHalf, toColumns } from '../../src/bench/cases/fused.ts';
import { padded } from '../../src/model/layout.ts';
import * as reference from '../../src/reference/kernels.ts';
import { type FusedSizes, fusedLayout, fusedRowFloats, fusedStep } from '../../src/train/kernels/fused.ts';
import type { Optimizer } from '../../src/train/optimizer.ts';
import type { Step } from '../../src/train/step.ts';
import { expectClose, paddedRows, runKernel, withoutPadding, withPadding } from '../support/gpu.ts';
import { randomData } from '../support/random.ts';
import { ADAM, NO_STEP, OPTIMIZERS, variedRates } from '../support/step.ts';

const SAMPLES = 90;

const STEP_BINDINGS = {
  step: 'step',
  samples: 'samples',
  order: 'order',
  rates: 'rates',
  columns: 'columns',
  head: 'head',
  moments: 'moments',
  hidden: 'hidden',
  metrics: 'metrics',
};
const LAYOUT_BINDINGS = {
  step: 'step',
  parameters0: 'parameters0',
  moments0: 'moments0',
  parameters1: 'parameters1',
  columns: 'columns',
  head: 'head',
};

const joined = (tensors: readonly Float64Array[]) => tensors.flatMap((tensor) => [...tensor]);

type Network = Pick<FusedSizes, 'models' | 'inputs' | 'hidden' | 'classes'>;

/** The inverse of `toColumns`, for three tensors. */
function fromColumns({ models, inputs, hidden }: Network, columns: ArrayLike<number>): Float64Array[] {
  const column = padded(inputs) + 4;
  const tensors = [0, 1, 2].map(() => new Float64Array(models * (inputs + 1) * hidden));
  for (const [i, j, z, k] of columnPlaces({ models, inputs, hidden })) {
    const place = k < inputs ? k : padded(inputs);
    const tensor = tensors[i];
    if (tensor) {
      tensor[(z * (inputs + 1) + k) * hidden + j] =
        columns[((z * hidden + j) * 3 + i) * column + place] ?? Number.NaN;
    }
  }
  return tensors;
}

function* columnPlaces({ models, inputs, hidden }: Omit<Network, 'classes'>) {
  for (let i = 0; i < 3; i++)
    for (let z = 0; z < models; z++)
      for (let j = 0; j < hidden; j++) for (let k = 0; k <= inputs; k++) yield [i, j, z, k] as const;
}

function halfOf(half: number, halves: ArrayLike<number> = []): number[] {
  const all = Array.from(halves);
  return all.slice((half * all.length) / 2, ((half + 1) * all.length) / 2);
}

/** [models, batch, hidden] as the kernel has it: [models, hidden, whole tiles of samples], poison after the batch. */
function toRows({ models, batch, hidden }: FusedSizes, activation: Float64Array): Float32Array {
  const row = fusedRowFloats(batch);
  const rows = new Float32Array(models * hidden * row).fill(Number.NaN);
  activation.forEach((value, i) => {
    const [zb, j] = [Math.floor(i / hidden), i % hidden];
    rows[(Math.floor(zb / batch) * hidden + j) * row + (zb % batch)] = value;
  });
  return rows;
}

interface Case extends Network {
  batch: number;
  orderLength: number;
  units: number;
}

/** Everything that a step reads, from one seed. Of the halves it reads `now`. */
function settingOf({ units, ...given }: Case, step: Step) {
  const sizes: FusedSizes = { ...given, labelsAt: (SAMPLES * padded(given.inputs)) / 4, steps: 3 };
  const { models, batch, inputs, hidden, classes, orderLength } = sizes;
  const data = randomData(inputs * 1000 + hidden);
  const layer = (layerInputs: number, outputs: number) => {
    const length = models * (layerInputs + 1) * outputs;
    const [parameters, moment1] = [data.floats(length, layerInputs ** -0.5), data.floats(length)];
    return { parameters, moments: [moment1, data.floats(length).map(Math.abs)] };
  };
  const order = data.indices(models * orderLength, SAMPLES);
  // With the last image, a read past its end would leave the buffer and show.
  order[step.offset] = SAMPLES - 1;
  return {
    sizes,
    units,
    step,
    data: { images: data.bytes(SAMPLES * inputs), labels: data.bytes(SAMPLES, classes), order },
    state: {
      activation: reference.relu(data.floats(models * batch * hidden)),
      hidden: layer(inputs, hidden),
      output: layer(hidden, classes),
    },
  };
}

async function run(
  { sizes, units, step, data, state }: ReturnType<typeof settingOf>,
  optimizer: Optimizer = ADAM,
) {
  const { inputs, classes, models, steps } = sizes;
  const { parameters, moments } = state.hidden;
  const half = step.t % 2;
  const rows = toRows(sizes, state.activation);
  const inputsOf = {
    samples: Uint8Array.of(...paddedRows(data.images, inputs), ...data.labels),
    order: new Uint32Array(data.order),
    columns: toColumns(sizes, [parameters, ...moments], Number.NaN),
    head: inHalf(half, withPadding(state.output.parameters, classes)),
    moments: withPadding(joined(state.output.moments), classes),
    // A step without samples must not read these.
    hidden: inHalf(half, step.count > 0 ? rows : rows.fill(Number.NaN)),
    metrics: new Float32Array(models * steps * 2).fill(-1),
  };
  const result = await runKernel(fusedStep(sizes, units, optimizer, STEP_BINDINGS), inputsOf, step);
  return { before: inputsOf, after: result };
}

/** The activations [models, count, hidden] in a half: those of the first `count` samples of each model. */
function activationOf({ models, batch, hidden }: FusedSizes, half: ArrayLike<number>, count: number) {
  const row = fusedRowFloats(batch);
  return Float64Array.from({ length: models * count * hidden }, (_, i) => {
    const [z, b, j] = [Math.floor(i / (count * hidden)), Math.floor(i / hidden) % count, i % hidden];
    return half[(z * hidden + j) * row + b] ?? Number.NaN;
  });
}

function firstSamples({ models, batch, hidden }: FusedSizes, activation: Float64Array, count: number) {
  return Float64Array.from({ length: models * count * hidden }, (_, i) => {
    return (
      activation[Math.floor(i / (count * hidden)) * batch * hidden + (i % (count * hidden))] ?? Number.NaN
    );
  });
}

// Below, at and above a quad, a tile (32 samples) and a workgroup's reach (255 words and the bias); units that do not
// divide the hidden layer; the last is the reference network.
const CASES: Case[] = [
  { models: 1, batch: 1, inputs: 1, hidden: 1, classes: 2, units: 1 },
  { models: 2, batch: 5, inputs: 3, hidden: 3, classes: 3, units: 2 },
  { models: 3, batch: 32, inputs: 20, hidden: 5, classes: 13, units: 4 },
  { models: 1, batch: 33, inputs: 9, hidden: 6, classes: 4, units: 4 },
  { models: 2, batch: 70, inputs: 18, hidden: 2, classes: 60, units: 1 },
  { models: 1, batch: 40, inputs: 1021, hidden: 3, classes: 5, units: 2 },
  { models: 1, batch: 32, inputs: 784, hidden: 100, classes: 10, units: 1 },
].map((sizes) => ({ ...sizes, orderLength: 3 * sizes.batch - Math.floor(sizes.batch / 4) }));

// Sums of up to 1,021 products of numbers below 1, each rounded to float32.
const tolerance = { absolute: 2e-5, relative: 1e-5 };

describe.each(CASES)('%j', (given) => {
  const { models, batch, orderLength } = given;
  const STEP = { index: 1, rootCorrection: 7.5, rates: variedRates(ADAM, models) };
  const last = 2 * batch;

  test.each([
    { what: 'a whole batch before a whole one', step: { ...STEP, offset: 0, count: batch, t: 1 } },
    { what: 'the batch before the short one', step: { ...STEP, offset: batch, count: batch, t: 2 } },
  ])('fused_step agrees with its float64 twin: $what', async ({ step }) => {
    const setting = settingOf(given, step);
    const { sizes, data, state } = setting;
    const { before, after } = await run(setting);
    const expected = reference.fusedStep(sizes, ADAM, step, data, state);
    expectTrained(setting, expected, before, after);
    const following = Math.min(batch, orderLength - step.offset - step.count);
    const next = halfOf((step.t + 1) % 2, after.hidden);
    const wanted = firstSamples(sizes, expected.activation, following);
    expectClose('hidden', activationOf(sizes, next, following), wanted, tolerance);
  });

  test('fused_step agrees with its float64 twin: weights that decay', async () => {
    const [, adamw = ADAM] = OPTIMIZERS;
    const step = { ...STEP, offset: 0, count: batch, t: 3, rates: variedRates(adamw, models) };
    const setting = settingOf(given, step);
    const { before, after } = await run(setting, adamw);
    const expected = reference.fusedStep(setting.sizes, adamw, step, setting.data, setting.state);
    expectTrained(setting, expected, before, after);
  });

  test('fused_step agrees with its float64 twin: the last, short batch, which none follows', async () => {
    const step = { ...STEP, offset: last, count: orderLength - last, t: 7 };
    const setting = settingOf(given, step);
    const { before, after } = await run(setting);
    const expected = reference.fusedStep(setting.sizes, ADAM, step, setting.data, setting.state);
    expectTrained(setting, expected, before, after);
    expect(after.hidden, 'hidden').toEqual(before.hidden);
  });

  test('fused_step without samples makes the outputs for the first batch, and changes nothing else', async () => {
    const step = { ...STEP, offset: last, count: 0, t: 4 };
    const setting = settingOf(given, step);
    const { sizes, data, state } = setting;
    const { before, after } = await run(setting);
    const expected = reference.fusedStep(sizes, ADAM, step, data, state);
    const rows = activationOf(sizes, halfOf(0, after.hidden), orderLength - last);
    const wanted = firstSamples(sizes, expected.activation, orderLength - last);
    expectClose('hidden', rows, wanted, tolerance);
    expect(halfOf(1, after.hidden)).toEqual(halfOf(1, before.hidden));
    for (const name of ['columns', 'head', 'moments', 'metrics'] as const) {
      expect(after[name], name).toEqual(before[name]);
    }
  });
});

test.each([
  ['the first class where all logits are equal', 0],
  ['the stable form where exp of a logit is no float32', 300],
])('fused_step takes %s', async (_, scale) => {
  const step: Step = {
    offset: 0,
    count: 5,
    index: 0,
    t: 1,
    rootCorrection: 7.5,
    rates: variedRates(ADAM, 2),
  };
  const sizes = { models: 2, batch: 5, inputs: 3, hidden: 3, classes: 3, units: 2, orderLength: 14 };
  const setting = settingOf(sizes, step);
  const { output } = setting.state;
  const state = {
    ...setting.state,
    output: { ...output, parameters: output.parameters.map((value) => Math.fround(scale * value)) },
  };
  const expected = reference.fusedStep(setting.sizes, ADAM, step, setting.data, state);
  expect(Math.max(...expected.hits), 'hits that the twin counts').toBeGreaterThan(0);
  const { before, after } = await run({ ...setting, state });
  expectTrained(setting, expected, before, after);
});

function expectTrained(
  { sizes, step }: ReturnType<typeof settingOf>,
  expected: ReturnType<typeof reference.fusedStep>,
  before: Record<'head' | 'hidden', Float32Array>,
  after: Record<string, Float32Array>,
): void {
  const { models, classes, steps } = sizes;
  const [now, next] = [step.t % 2, (step.t + 1) % 2];
  const columns = fromColumns(sizes, after.columns ?? []);
  expectClose('columns', columns[0], expected.hidden.parameters, tolerance);
  expectClose('first moments', columns[1], expected.hidden.moments[0] ?? [], tolerance);
  expectClose('second moments', columns[2], expected.hidden.moments[1] ?? [], tolerance);
  const head = withoutPadding(halfOf(next, after.head), classes);
  expectClose('head', head, expected.output.parameters, tolerance);
  const moments = joined(expected.output.moments);
  expectClose('moments', withoutPadding(after.moments ?? [], classes), moments, tolerance);
  for (let z = 0; z < models; z++) {
    const metrics = Array.from(after.metrics?.subarray(z * steps * 2, (z + 1) * steps * 2) ?? []);
    const [loss, hits] = metrics.splice(step.index * 2, 2);
    expectClose('loss', [loss ?? Number.NaN], [expected.loss[z] ?? 0], tolerance);
    expect(hits, 'hits').toBe(expected.hits[z]);
    expect(metrics, 'metrics of other steps').toEqual(metrics.map(() => -1));
  }
  // Other workgroups may still be reading these halves.
  expect(halfOf(now, after.head), 'the half of head that is read').toEqual(halfOf(now, before.head));
  expect(halfOf(now, after.hidden), 'the half of hidden that is read').toEqual(halfOf(now, before.hidden));
}

describe.each([
  { models: 1, inputs: 1, hidden: 1, classes: 2 },
  { models: 2, inputs: 13, hidden: 7, classes: 4 },
  { models: 3, inputs: 8, hidden: 33, classes: 41 },
])('the state of %j', (network) => {
  const { models, inputs, hidden, classes } = network;
  const data = randomData(inputs);
  const tensors = [0, 1, 2].map(() => data.floats(models * (inputs + 1) * hidden));
  const output = data.floats(models * (hidden + 1) * classes);
  const shared = {
    parameters0: withPadding(tensors[0] ?? [], hidden),
    moments0: withPadding([...(tensors[1] ?? []), ...(tensors[2] ?? [])], hidden),
    parameters1: withPadding(output, classes),
  };

  test.each([4, 5])('fused_layout moves it to where step %i reads it', async (t) => {
    const columns = toColumns(network, tensors, 0);
    const result = await runKernel(
      fusedLayout(network, false, LAYOUT_BINDINGS),
      {
        ...shared,
        columns: new Float32Array(columns.length).fill(Number.NaN),
        head: new Float32Array(2 * shared.parameters1.length).fill(Number.NaN),
      },
      { ...NO_STEP, t },
    );
    expect(result).toEqual({ ...shared, columns, head: inHalf(t % 2, shared.parameters1) });
  });

  test.each([4, 5])(
    'fused_layout moves it back from where step %i left it, padding and all else as it was',
    async (t) => {
      const columns = toColumns(network, tensors, Number.NaN);
      const head = inHalf((t + 1) % 2, shared.parameters1);
      const blank = (like: Float32Array) => new Float32Array(like.length).fill(Number.NaN);
      const result = await runKernel(
        fusedLayout(network, true, LAYOUT_BINDINGS),
        {
          parameters0: blank(shared.parameters0),
          moments0: blank(shared.moments0),
          parameters1: blank(shared.parameters1),
          columns,
          head,
        },
        { ...NO_STEP, t },
      );
      expect(result).toEqual({ ...shared, columns, head });
    },
  );
});
