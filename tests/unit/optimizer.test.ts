import { describe, expect, test } from 'vitest';
import { packParameters, unpackParameters } from '../../src/model/layout.ts';
import { denseLayers } from '../../src/model/spec.ts';
import * as reference from '../../src/reference/kernels.ts';
import { initialState, trainingStep } from '../../src/reference/training.ts';
import { ADAM, OPTIMIZER_NAMES, type OptimizerSettings, optimizerOf } from '../../src/train/optimizer.ts';
import { learningRateFactor } from '../../src/train/schedule.ts';
import { failure } from '../support/failure.ts';
import { adamw, cosine, deep, goldenSteps, sgd, shallow } from '../support/golden.ts';
import { expectClose, withoutPadding, withPadding } from '../support/gpu.ts';
import { everyStep, NO_STEP } from '../support/step.ts';

const UPDATES = { adam: reference.adam, sgd: reference.sgd };

const TRAJECTORIES = [
  { what: 'Adam, two hidden layers', ...deep },
  { what: 'Adam, one hidden layer', ...shallow },
  { what: 'Adam along a cosine after a warm-up', ...cosine },
  { what: 'AdamW', ...adamw },
  { what: 'SGD with momentum', ...sgd },
];

describe.each(TRAJECTORIES)("PyTorch's 20 steps: $what", ({ trajectory, spec, model }) => {
  const optimizer = optimizerOf(trajectory.optimizer);

  test("the optimizer's numbers make of every gradient the weights that PyTorch makes of it", () => {
    const { steps, factors, shapes, learningRate, weightDecay } = trajectory;
    for (const name of Object.keys(shapes)) {
      let parameters = trajectory.weights[name] ?? [];
      let moments = parameters.map(() => Array.from({ length: optimizer.moments }, () => 0));
      for (const [k, { gradients, weights }] of steps.entries()) {
        const t = k + 1;
        const rootCorrection = optimizer.rootCorrection(t);
        const network = { learningRate: learningRate * (factors[k] ?? Number.NaN), weightDecay };
        const [size, decay] = optimizer.rate(t, network);
        const updated = parameters.map((parameter, i) =>
          UPDATES[optimizer.part]({
            constants: optimizer.constants,
            step: { ...NO_STEP, rootCorrection },
            rate: [size, name.endsWith('bias') ? 0 : decay],
            gradient: gradients[name]?.[i] ?? Number.NaN,
            parameter,
            moments: moments[i] ?? [],
          }),
        );
        const after = updated.map(({ parameter }) => parameter);
        const expected = weights[name] ?? [];
        // Numbers below 10 with nine digits: off by up to 5e-9, before the step and after it.
        expectClose(`step ${k}: ${name}`, after, expected, { absolute: 1.1e-8, relative: 0 });
        parameters = expected;
        moments = updated.map((one) => one.moments);
      }
    }
  });

  test('the twin of a training step takes them: every loss, hit and weight', () => {
    const { inputs, labels } = trajectory;
    const pixels = Float64Array.from(trajectory.pixels, (pixel) => pixel / 255);
    const widths = denseLayers(spec).map(({ outputs }) => outputs);
    const packed = packParameters(model);
    let state = initialState(
      optimizer,
      packed.map((layer, i) => withoutPadding(layer, widths[i] ?? 0)),
    );
    for (const [k, step] of everyStep(goldenSteps(trajectory, 1)).entries()) {
      const { loss = Number.NaN, hits, gradients = {}, weights = {} } = trajectory.steps[k] ?? {};
      const [from, to] = [step.offset, step.offset + step.count];
      const x = pixels.slice(from * inputs, to * inputs);
      const y = Uint8Array.from(labels.slice(from, to));
      const stepped = trainingStep(spec, optimizer, step, x, y, state);
      state = stepped.state;
      // A step's rates are float32, and so what it changes of a weight, less than 1, is off by up to 2^-24 of itself.
      const drift = k * 2 ** -24;
      const slope = Object.values(gradients)
        .flat()
        .reduce((sum, gradient) => sum + Math.abs(gradient), 0);
      const close = { absolute: slope * drift + 5e-9, relative: 0 };
      expectClose(`step ${k}: loss`, [stepped.loss / step.count], [loss], close);
      expect(stepped.hits, `step ${k}: hits`).toBe(hits);
      const layers = state.map(({ parameters }, i) => withPadding(parameters, widths[i] ?? 0));
      for (const { name, data } of unpackParameters(spec, layers).tensors) {
        // This step's, and the rounding to float32 to look at them.
        const absolute = drift + 2 * 2 ** -24;
        expectClose(`step ${k}: ${name}`, data, weights[name] ?? [], { absolute, relative: 0 });
      }
    }
  });
});

test('the goldens have every optimizer', () => {
  const names = TRAJECTORIES.map(({ trajectory }) => trajectory.optimizer.optimizer);
  expect(new Set(names)).toEqual(new Set(OPTIMIZER_NAMES));
});

test("a golden's factors are its schedule's", () => {
  for (const { trajectory } of TRAJECTORIES) {
    const { schedule, warmup, factors } = trajectory;
    const factor = learningRateFactor(schedule, warmup, factors.length);
    const own = factors.map((_, k) => factor(k + 1));
    const absolute = factors.length * 2 ** -50;
    expectClose(`${schedule.name}: factors`, own, factors, { absolute, relative: 0 });
  }
});

test.each<[string, Partial<OptimizerSettings>]>([
  ['optimizer: adagrad', { optimizer: 'adagrad' as 'adam' }],
  ['beta1: 1', { beta1: 1 }],
  ['beta2: -0.1', { beta2: -0.1 }],
  ['beta2: NaN', { beta2: Number.NaN }],
  ['epsilon: 0', { epsilon: 0 }],
  ['epsilon: 1e+31', { epsilon: 1e31 }],
  ['momentum: 1', { optimizer: 'sgd', momentum: 1 }],
])('%s is refused', (cause, settings) => {
  const error = failure(() => optimizerOf({ ...ADAM, ...settings }));
  expect(error.code).toBe('usage');
  expect(error.message).toBe(`${cause} is out of range.`);
});
