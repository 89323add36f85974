import { parameterCount } from '../../model/layout.ts';
import * as reference from '../../reference/kernels.ts';
import * as ops from '../../train/kernels/plain.ts';
import { EXACT, type KernelCase, ROUNDED, rowsCheck, sumTolerance, withWorkgroups } from './case.ts';
import { floats, joined, padRows, pickRows, sample, sampleVectors, VECTOR } from './data.ts';
import { ADAM, type LayerSize, MANY_FLOATS, sizeName, stepOf } from './sizes.ts';

const MODELS = 1;
const SWEEP = [
  [32, 1],
  [64, 1],
  [128, 1],
  [256, 1],
] as const;

export function bias({ rows, layer }: LayerSize): KernelCase {
  const { inputs, outputs } = layer;
  const sizes = { models: MODELS, rows, layer };
  const sum = ops.bias(sizes, { parameters: 'parameters', y: 'y' });
  return {
    size: sizeName({ rows, layer }),
    dispatch: sum,
    flops: rows * outputs,
    bytes: 4 * (2 * rows + 1) * outputs,
    rotate: rows > 32,
    variants: withWorkgroups(sum, SWEEP),
    prepare: () => {
      const [parameters, y] = [floats((inputs + 1) * outputs, 1), floats(rows * outputs, 2)];
      const picks = sample(rows, outputs);
      const part = { ...sizes, rows: picks.length };
      const expected = reference.bias(part, parameters, pickRows(y, outputs, picks));
      return {
        data: { parameters: padRows(parameters, outputs), y: padRows(y, outputs) },
        checks: [rowsCheck('y', outputs, picks, rows, expected, ROUNDED)],
      };
    },
  };
}

export function biasGradient({ rows: batch, layer }: LayerSize): KernelCase {
  const { inputs, outputs } = layer;
  const sizes = { models: MODELS, batch, layer };
  const sum = ops.biasGradient(sizes, { delta: 'delta', gradient: 'gradient' });
  return {
    size: sizeName({ rows: batch, layer }),
    dispatch: sum,
    flops: batch * outputs,
    bytes: 4 * (batch + 1) * outputs,
    rotate: batch > 32,
    variants: withWorkgroups(sum, SWEEP),
    prepare: () => {
      const delta = floats(batch * outputs, 1);
      const expected = reference.biasGradient(sizes, delta);
      return {
        data: { delta: padRows(delta, outputs), gradient: new Float32Array(parameterCount(layer)) },
        checks: [rowsCheck('gradient', outputs, [inputs], 1, expected, sumTolerance(batch))],
      };
    },
  };
}

export function relu(length: number): KernelCase {
  const unit = ops.relu(length, { y: 'y' });
  return {
    size: `${length}`,
    dispatch: unit,
    flops: length,
    bytes: 8 * length,
    rotate: length === MANY_FLOATS,
    variants: withWorkgroups(unit, SWEEP),
    prepare: () => {
      const y = floats(length, 1);
      const { rows, of } = sampleVectors(length);
      const expected = reference.relu(pickRows(y, VECTOR, rows));
      return { data: { y }, checks: [rowsCheck('y', VECTOR, rows, of, expected, EXACT)] };
    },
  };
}

export function reluGradient(length: number): KernelCase {
  const mask = ops.reluGradient(length, { y: 'y', gradient: 'gradient' });
  return {
    size: `${length}`,
    dispatch: mask,
    flops: length,
    bytes: 12 * length,
    rotate: length === MANY_FLOATS,
    variants: withWorkgroups(mask, SWEEP),
    prepare: () => {
      const [y, gradient] = [floats(length, 1), floats(length, 2)];
      const { rows, of } = sampleVectors(length);
      const expected = reference.reluGradient(pickRows(y, VECTOR, rows), pickRows(gradient, VECTOR, rows));
      return {
        data: { y, gradient },
        checks: [rowsCheck('gradient', VECTOR, rows, of, expected, EXACT)],
      };
    },
  };
}

export function update(length: number): KernelCase {
  const step = stepOf(1);
  const dispatch = ops.update(length, ADAM, {
    step: 'step',
    gradient: 'gradient',
    parameters: 'parameters',
    moments: 'moments',
  });
  return {
    size: `${length}`,
    dispatch: update,
    step,
    flops: 12 * length,
    bytes: 28 * length,
    rotate: length === MANY_FLOATS,
    variants: withWorkgroups(update, SWEEP),
    prepare: () => {
      const [gradient, parameters, moment1] = [floats(length, 1), floats(length, 2), floats(length, 3)];
      const moment2 = floats(length, 4).map(Math.abs);
      const { rows, of } = sampleVectors(length);
      const pick = (values: Float32Array) => pickRows(values, VECTOR, rows);
      const twin = reference.adam(ADAM, step, pick(gradient), pick(parameters), pick(moment1), pick(moment2));
      return {
        data: { gradient, parameters, moments: joined(moment1, moment2) },
        checks: [
          rowsCheck('parameters', VECTOR, rows, of, twin.parameters, ROUNDED),
          rowsCheck('moments', VECTOR, rows, of, twin.moment1, ROUNDED),
          { ...rowsCheck('moments', VECTOR, rows, of, twin.moment2, ROUNDED), start: length },
        ],
      };
    },
  };
}
