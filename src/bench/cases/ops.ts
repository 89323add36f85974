import { padded } from '../../model/layout.ts';
import * as reference from '../../reference/kernels.ts';
import * as ops from '../../train/kernels/plain.ts';
import { type KernelCase, ROUNDED, rowsCheck, sumTolerance, withWorkgroups } from './case.ts';
import { all, bytes, floats, indices, padRows, pickColumns, pickRows, sample } from './data.ts';
import { CLASSES, SAMPLES, stepOf } from './sizes.ts';

const MODELS = 1;
const SWEEP = [
  [4, 4],
  [8, 4],
  [32, 1],
  [8, 8],
  [16, 4],
  [16, 8],
  [16, 16],
] as const;

export function gather(batch: number): KernelCase {
  const inputs = 784;
  const sizes = { models: MODELS, batch, inputs, orderLength: batch };
  const step = stepOf(batch);
  return {
    size: `784@${batch}`,
    dispatch: ops.gather(sizes, { step: 'step', samples: 'samples', order: 'order', x: 'x' }),
    step,
    flops: batch * inputs,
    bytes: batch * (inputs + 4 + 4 * inputs),
    rotate: batch > 32,
    prepare: () => {
      const samples = bytes(SAMPLES * inputs, 1);
      const order = indices(batch, 2, SAMPLES);
      const rows = sample(batch, inputs);
      const picked = Uint32Array.from(rows, (row) => order[row] ?? 0);
      const part = { ...sizes, batch: rows.length, orderLength: rows.length };
      const expected = reference.gather(part, stepOf(rows.length), samples, picked);
      return {
        data: { samples, order, x: new Float32Array(batch * padded(inputs)) },
        checks: [rowsCheck('x', inputs, rows, batch, expected, { absolute: 0, relative: 2 ** -22 })],
      };
    },
  };
}

export function matmul(
  size: string,
  form: { m: number; n: number; k: number; transposeA?: boolean; transposeB?: boolean },
): KernelCase {
  const { m, n, k, transposeA = false, transposeB = false } = form;
  const layout = (rows: number, columns: number) => ({
    stride: padded(columns),
    size: rows * padded(columns),
  });
  const [aRows, aColumns] = transposeA ? [k, m] : [m, k];
  const [bRows, bColumns] = transposeB ? [n, k] : [k, n];
  const layouts = { a: layout(aRows, aColumns), b: layout(bRows, bColumns), c: layout(m, n) };
  const product = ops.matmul({ models: MODELS, ...form, ...layouts }, { a: 'a', b: 'b', c: 'c' });
  return {
    size,
    dispatch: product,
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + m * n),
    variants: withWorkgroups(product, SWEEP),
    prepare: () => {
      const [a, b] = [floats(m * k, 1), floats(k * n, 2)];
      const rows = sample(m, n * k);
      const part = transposeA ? pickColumns(a, m, rows) : pickRows(a, k, rows);
      const expected = reference.matmul({ models: MODELS, ...form, m: rows.length }, part, b);
      return {
        data: { a: padRows(a, aColumns), b: padRows(b, bColumns), c: new Float32Array(m * padded(n)) },
        checks: [rowsCheck('c', n, rows, m, expected, sumTolerance(k))],
      };
    },
  };
}

export function softmax(batch: number): KernelCase {
  const sizes = { models: MODELS, batch, classes: CLASSES, probabilityRows: batch };
  const bindings = { step: 'step', logits: 'logits', probabilities: 'probabilities' };
  return {
    size: `${CLASSES}@${batch}`,
    dispatch: ops.softmax(sizes, bindings),
    step: stepOf(batch),
    flops: 5 * batch * CLASSES,
    bytes: 8 * batch * CLASSES,
    prepare: () => {
      const logits = floats(batch * CLASSES, 1, 10);
      const expected = reference.softmax(CLASSES, logits);
      const check = rowsCheck('probabilities', CLASSES, all(batch), batch, expected, ROUNDED);
      return {
        data: { logits: padRows(logits, CLASSES), probabilities: new Float32Array(batch * CLASSES) },
        checks: [{ ...check, stride: CLASSES }],
      };
    },
  };
}

export function softmaxCrossEntropy(batch: number): KernelCase {
  const labelsAt = 0;
  const sizes = { models: MODELS, batch, classes: CLASSES, orderLength: batch, steps: 1, labelsAt };
  const step = stepOf(batch);
  return {
    size: `${CLASSES}@${batch}`,
    dispatch: ops.softmaxCrossEntropy(sizes, {
      step: 'step',
      samples: 'samples',
      order: 'order',
      logits: 'logits',
      delta: 'delta',
      metrics: 'metrics',
    }),
    step,
    flops: 7 * batch * CLASSES,
    bytes: batch * (8 * CLASSES + 5),
    prepare: () => {
      const labels = bytes(SAMPLES, 1, CLASSES);
      const order = indices(batch, 2, SAMPLES);
      const logits = floats(batch * CLASSES, 3, 10);
      const { delta, loss, hits } = reference.softmaxCrossEntropy(sizes, step, labels, order, logits);
      const metrics = Float64Array.of(loss[0] ?? Number.NaN, hits[0] ?? Number.NaN);
      return {
        data: {
          samples: labels,
          order,
          logits: padRows(logits, CLASSES),
          delta: new Float32Array(batch * padded(CLASSES)),
          metrics: new Float32Array(2),
        },
        checks: [
          rowsCheck('delta', CLASSES, all(batch), batch, delta, ROUNDED),
          rowsCheck('metrics', 2, [0], 1, metrics, sumTolerance(batch)),
        ],
      };
    },
  };
}
