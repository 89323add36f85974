import { parameterCount } from '../../model/layout.ts';
import type { DenseLayer } from '../../model/spec.ts';
import * as reference from '../../reference/kernels.ts';
import * as ops from '../../train/kernels/plain.ts';
import { EXACT, type KernelCase, ROUNDED, rowsCheck, sumTolerance, withWorkgroups } from './case.ts';
import { floats, joined, padRows, pickRows, sample, sampleVectors, VECTOR } from './data.ts';
import { type LayerSize, MANY_FLOATS, OPTIMIZER, sizeName, stepOf } from './sizes.ts';

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

export function update(layer: DenseLayer): KernelCase {
  const step = stepOf(1);
  const length = parameterCount(layer);
  const dispatch = ops.update({ models: MODELS, layer }, OPTIMIZER, {
    step: 'step',
    gradient: 'gradient',
    rates: 'rates',
    parameters: 'parameters',
    moments: 'moments',
  });
  return {
    size: `${length}`,
    dispatch,
    step,
    flops: 12 * length,
    bytes: 28 * length,
    rotate: length === MANY_FLOATS,
    variants: withWorkgroups(dispatch, SWEEP),
    prepare: () => {
      const [gradient, parameters, moment1] = [floats(length, 1), floats(length, 2), floats(length, 3)];
      const moment2 = floats(length, 4).map(Math.abs);
      const { rows, of } = sampleVectors(length);
      const pick = (values: Float32Array) => Float64Array.from(pickRows(values, VECTOR, rows));
      // Without decay, kernel and bias are updated alike, so the picked vectors can be rows of a layer of their own.
      const twin = reference.update(
        { layer: { inputs: rows.length - 1, outputs: VECTOR } },
        OPTIMIZER,
        step,
        pick(gradient),
        { parameters: pick(parameters), moments: [pick(moment1), pick(moment2)] },
      );
      const checkOf = (buffer: string, expected: Float64Array = new Float64Array()) =>
        rowsCheck(buffer, VECTOR, rows, of, expected, ROUNDED);
      return {
        data: { gradient, parameters, moments: joined(moment1, moment2) },
        checks: [
          checkOf('parameters', twin.parameters),
          checkOf('moments', twin.moments[0]),
          { ...checkOf('moments', twin.moments[1]), start: length },
        ],
      };
    },
  };
}
