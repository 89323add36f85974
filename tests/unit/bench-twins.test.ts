import { expect, test } from 'vitest';
import { packParameters } from '../../src/model/layout.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { floorFma } from '../../src/reference/floor.ts';
import { initialState, trainingStep } from '../../src/reference/training.ts';
import { deep, goldenSteps, shallow } from '../support/golden.ts';
import { withoutPadding } from '../support/gpu.ts';
import { ADAM, everyStep } from '../support/step.ts';

test('the twin of multiply-adds is the closed form a^n v + b (a^n - 1) / (a - 1)', () => {
  const [a, b, start, rounds] = [0.99, 0.25, 3, 64];
  const power = a ** rounds;
  const sum = [0, 1, 2, 3, 4, 5]
    .map((j) => power * (start + j) + (b * (power - 1)) / (a - 1))
    .reduce((total, value) => total + value);
  const [value] = floorFma(rounds, [a, 0, 0, 0], [b, 0, 0, 0], [start]);
  expect(value).toBeCloseTo(sum, 10);
});

test.each([
  ['two hidden layers', deep],
  ['one hidden layer', shallow],
])("the twin of a training step takes PyTorch's 20 steps, %s", (_, { trajectory, spec, model }) => {
  const { inputs, labels } = trajectory;
  const pixels = Float64Array.from(trajectory.pixels, (pixel) => pixel / 255);
  const outputs = denseLayers(spec).map((layer) => layer.outputs);
  const packed = packParameters(model);
  let state = initialState(
    ADAM,
    packed.map((layer, i) => withoutPadding(layer, outputs[i] ?? 0)),
  );
  for (const [i, step] of everyStep(goldenSteps(trajectory, 1)).entries()) {
    const [from, to] = [step.offset, step.offset + step.count];
    const x = pixels.slice(from * inputs, to * inputs);
    const stepped = trainingStep(spec, ADAM, step, x, Uint8Array.from(labels.slice(from, to)), state);
    expect(stepped.loss / step.count).toBeCloseTo(trajectory.steps[i]?.loss ?? Number.NaN, 7);
    expect(stepped.hits).toBe(trajectory.steps[i]?.hits);
    state = stepped.state;
  }
});
