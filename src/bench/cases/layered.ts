import { padded, parameterCount } from '../../model/layout.ts';
import * as reference from '../../reference/kernels.ts';
import type { LayeredKernels } from '../../train/kernels/layered.ts';
import { type KernelCase, rowsCheck, sumTolerance, type Tolerance } from './case.ts';
import {
  all,
  bytes,
  floats,
  indices,
  joined,
  padRows,
  padRowsOfBytes,
  pickColumns,
  pickRows,
  sample,
} from './data.ts';
import {
  CLASSES,
  HIDDEN,
  type LayerSize,
  OPTIMIZER,
  OUTPUT,
  SAMPLES,
  SQUARES,
  sizeName,
  stepOf,
  WIDE,
  WIDEST,
} from './sizes.ts';

const MODELS = 1;

const LAYERS = [HIDDEN, OUTPUT, WIDE, WIDEST];
const INPUT_GRADIENTS = [OUTPUT, WIDE, WIDEST];
const HEADS: readonly LayerSize[] = [OUTPUT, { rows: 4096, layer: { inputs: 1024, outputs: CLASSES } }];

type Input = 'samples' | 'floats';

/**
 * One implementation of the layered plan's kernels, at every size.
 *
 * @param variants the same implementation in other tiles, for a sweep
 * @param tolerance of a sum of `terms` products of numbers below 1
 */
export function layeredCases(
  kernels: LayeredKernels,
  variants: Readonly<Record<string, LayeredKernels>> = {},
  tolerance: (terms: number) => Tolerance = sumTolerance,
) {
  const layers = LAYERS.map((size) => ({
    ...size,
    input: size === HIDDEN ? ('samples' as const) : ('floats' as const),
  }));
  const cases = (make: (kernels: LayeredKernels) => KernelCase): KernelCase => ({
    ...make(kernels),
    variants: Object.fromEntries(
      Object.entries(variants).map(([name, others]) => [name, make(others).dispatch]),
    ),
  });
  return {
    dense: layers.map((size) => cases((some) => denseCase(some.dense, size, tolerance))),
    squares: SQUARES.map((size) =>
      cases((some) => denseCase(some.dense, { ...size, input: 'floats' }, tolerance)),
    ),
    inputGradient: INPUT_GRADIENTS.map((size) =>
      cases((some) => inputGradientCase(some.inputGradient, size, tolerance)),
    ),
    denseUpdate: layers.map((size) => cases((some) => denseUpdateCase(some.denseUpdate, size, tolerance))),
  };
}

export function headCases(kernels: Pick<LayeredKernels, 'head' | 'headParts'>): KernelCase[] {
  return HEADS.map((size) => headCase(kernels, size));
}

/** A batch as floats [rows, inputs], and as the kernel's `x` and `order`. */
function makeInput({ rows, layer: { inputs }, input }: LayerSize & { input: Input }) {
  const order = indices(rows, 7, SAMPLES);
  if (input === 'floats') {
    const values = floats(rows * inputs, 1);
    return { values, x: padRows(values, inputs), order };
  }
  const images = bytes(SAMPLES * inputs, 1);
  const sizes = { models: MODELS, batch: rows, inputs, orderLength: rows };
  const values = Float32Array.from(reference.gather(sizes, stepOf(rows), images, order));
  return { values, x: padRowsOfBytes(images, inputs), order };
}

function denseCase(
  build: LayeredKernels['dense'],
  size: LayerSize & { input: Input },
  tolerance: (terms: number) => Tolerance,
): KernelCase {
  const { rows, layer, input } = size;
  const { inputs, outputs } = layer;
  const sizes = { models: MODELS, rows, layer, relu: true };
  const dispatch = build(
    { ...sizes, input, orderLength: rows },
    { step: 'step', x: 'x', order: 'order', parameters: 'parameters', y: 'y' },
  );
  return {
    size: sizeName(size),
    dispatch,
    ...('step' in dispatch.bindings && { step: stepOf(rows) }),
    flops: 2 * rows * inputs * outputs + 2 * rows * outputs,
    bytes: rows * inputs * inputBytes(input) + 4 * ((inputs + 1) * outputs + rows * outputs),
    prepare: () => {
      const { values, x, order } = makeInput(size);
      const parameters = floats((inputs + 1) * outputs, 2);
      const picks = sample(rows, inputs * outputs);
      const part = { ...sizes, rows: picks.length };
      const expected = reference.dense(part, pickRows(values, inputs, picks), parameters);
      const y = new Float32Array(rows * padded(outputs));
      return {
        data: { x, order, parameters: padRows(parameters, outputs), y },
        checks: [rowsCheck('y', outputs, picks, rows, expected, tolerance(inputs))],
      };
    },
  };
}

const inputBytes = (input: Input) => (input === 'samples' ? 1 : 4);

function headCase(kernels: Pick<LayeredKernels, 'head' | 'headParts'>, size: LayerSize): KernelCase {
  const { rows, layer } = size;
  const { inputs, outputs: classes } = layer;
  const sizes = { models: MODELS, rows, layer };
  const parts = kernels.headParts(rows);
  return {
    size: sizeName(size),
    dispatch: kernels.head(
      { ...sizes, orderLength: rows, labelsAt: 0, steps: 1 },
      {
        step: 'step',
        samples: 'samples',
        order: 'order',
        x: 'x',
        parameters: 'parameters',
        delta: 'delta',
        delta_x: 'delta_x',
        metrics: 'metrics',
      },
    ),
    step: stepOf(rows),
    flops: 4 * rows * inputs * classes + 8 * rows * classes,
    bytes: 4 * (2 * rows * inputs + (inputs + 1) * classes + rows * classes + rows) + rows,
    prepare: () => {
      const labels = bytes(SAMPLES, 1, classes);
      const order = indices(rows, 2, SAMPLES);
      const x = Float32Array.from(reference.relu(floats(rows * inputs, 3)));
      const parameters = floats((inputs + 1) * classes, 4);
      const logits = reference.dense({ ...sizes, relu: false }, x, parameters);
      const batch = { models: MODELS, batch: rows, classes, orderLength: rows };
      const { delta, loss, hits } = reference.softmaxCrossEntropy(batch, stepOf(rows), labels, order, logits);
      const deltaX = reference.denseInputGradient(sizes, delta, parameters, x);
      const metrics = Float64Array.of(loss[0] ?? Number.NaN, hits[0] ?? Number.NaN);
      return {
        data: {
          samples: labels,
          order,
          x: padRows(x, inputs),
          parameters: padRows(parameters, classes),
          delta: new Float32Array(rows * padded(classes)),
          delta_x: new Float32Array(rows * padded(inputs)),
          metrics: new Float32Array(2 * parts),
        },
        checks: [
          rowsCheck('delta', classes, all(rows), rows, delta, sumTolerance(inputs)),
          rowsCheck('delta_x', inputs, all(rows), rows, deltaX, sumTolerance(inputs)),
          {
            ...rowsCheck('metrics', 2, all(parts), parts, metrics, sumTolerance(rows)),
            stride: 2,
            summed: true,
          },
        ],
      };
    },
  };
}

function inputGradientCase(
  build: LayeredKernels['inputGradient'],
  size: LayerSize,
  tolerance: (terms: number) => Tolerance,
): KernelCase {
  const { rows, layer } = size;
  const { inputs, outputs } = layer;
  const sizes = { models: MODELS, rows, layer };
  return {
    size: sizeName(size),
    dispatch: build(sizes, { delta_y: 'delta_y', parameters: 'parameters', x: 'x', delta_x: 'delta_x' }),
    flops: 2 * rows * inputs * outputs,
    bytes: 4 * (rows * outputs + inputs * outputs + 2 * rows * inputs),
    prepare: () => {
      const [x, deltaY] = [floats(rows * inputs, 1), floats(rows * outputs, 2)];
      const parameters = floats((inputs + 1) * outputs, 3);
      const picks = sample(rows, inputs * outputs);
      const expected = reference.denseInputGradient(
        { ...sizes, rows: picks.length },
        pickRows(deltaY, outputs, picks),
        parameters,
        pickRows(x, inputs, picks),
      );
      return {
        data: {
          delta_y: padRows(deltaY, outputs),
          parameters: padRows(parameters, outputs),
          x: padRows(x, inputs),
          delta_x: new Float32Array(rows * padded(inputs)),
        },
        checks: [rowsCheck('delta_x', inputs, picks, rows, expected, tolerance(outputs))],
      };
    },
  };
}

function denseUpdateCase(
  build: LayeredKernels['denseUpdate'],
  size: LayerSize & { input: Input },
  tolerance: (terms: number) => Tolerance,
): KernelCase {
  const { rows, layer, input } = size;
  const { inputs, outputs } = layer;
  const step = stepOf(rows);
  const count = (inputs + 1) * outputs;
  return {
    size: sizeName(size),
    dispatch: build({ models: MODELS, rows, layer, input, orderLength: rows }, OPTIMIZER, {
      step: 'step',
      x: 'x',
      order: 'order',
      delta: 'delta',
      rates: 'rates',
      parameters: 'parameters',
      moments: 'moments',
    }),
    step,
    flops: 2 * rows * inputs * outputs + 12 * count,
    bytes: rows * inputs * inputBytes(input) + 4 * (rows * outputs + 6 * count),
    prepare: () => {
      const { values, x, order } = makeInput(size);
      const [delta, parameters, moment1] = [floats(rows * outputs, 2), floats(count, 3), floats(count, 4)];
      const moment2 = floats(count, 5).map(Math.abs);
      const picks = sample(inputs, rows * outputs);
      // Includes the bias, which is the last row.
      const checked = [...picks, inputs];
      const state = (all: Float32Array) => Float64Array.from(pickRows(all, outputs, checked));
      const twin = reference.denseUpdate(
        { models: MODELS, batch: rows, layer: { inputs: picks.length, outputs } },
        OPTIMIZER,
        step,
        {
          x: Float64Array.from(pickColumns(values, inputs, picks)),
          delta: Float64Array.from(delta),
          parameters: state(parameters),
          moments: [state(moment1), state(moment2)],
        },
      );
      const check = (buffer: string, expected: Float64Array = new Float64Array()) =>
        rowsCheck(buffer, outputs, checked, inputs + 1, expected, tolerance(rows));
      return {
        data: {
          x,
          order,
          delta: padRows(delta, outputs),
          parameters: padRows(parameters, outputs),
          moments: joined(padRows(moment1, outputs), padRows(moment2, outputs)),
        },
        checks: [
          check('parameters', twin.parameters),
          check('moments', twin.moments[0]),
          { ...check('moments', twin.moments[1]), start: parameterCount(layer) },
        ],
      };
    },
  };
}
