import { padded } from '../../model/layout.ts';
import * as reference from '../../reference/kernels.ts';
import { trainingStep } from '../../reference/training.ts';
import {
  type FusedSizes,
  fusedLayout,
  fusedRowFloats,
  fusedStep,
  UNIT_COUNTS,
} from '../../train/kernels/fused.ts';
import { fusedUnits } from '../../train/plans/fused.ts';
import { type Check, EXACT, type KernelCase, rowsCheck, sumTolerance, type Tolerance } from './case.ts';
import { all, bytes, floats, indices, joined, padRows, padRowsOfBytes } from './data.ts';
import { CLASSES, OPTIMIZER, SAMPLES, stepOf } from './sizes.ts';

const INPUTS = 784;
/** A vec4 of each column for the bias and its padding. */
const COLUMN = padded(INPUTS) + 4;

function sizesOf(hidden: number, batch: number): FusedSizes {
  return {
    models: 1,
    batch,
    inputs: INPUTS,
    hidden,
    classes: CLASSES,
    // This batch and the next one.
    orderLength: 2 * batch,
    labelsAt: (SAMPLES * padded(INPUTS)) / 4,
    steps: 1,
  };
}

const networkName = ({ inputs, hidden, classes }: FusedSizes) => `${inputs}-${hidden}-${classes}`;

/** Parameters, first and second moments of a layer: [inputs + 1, outputs]. */
type State = readonly [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];

function makeState(inputs: number, outputs: number, seed: number): State {
  const length = (inputs + 1) * outputs;
  return [
    floats(length, seed, 0.1),
    floats(length, seed + 1, 0.01),
    floats(length, seed + 2, 0.01).map(Math.abs),
  ];
}

/**
 * A layer's tensors [models, inputs + 1, hidden] as `fused_step` has them: [models, hidden, tensors, padded inputs + 4].
 * @param padding the value of unused lanes
 */
export function toColumns(
  { models, inputs, hidden }: Pick<FusedSizes, 'models' | 'inputs' | 'hidden'>,
  tensors: readonly ArrayLike<number>[],
  padding: number,
): Float32Array<ArrayBuffer> {
  const column = padded(inputs) + 4;
  const columns = new Float32Array(models * hidden * tensors.length * column).fill(padding);
  for (const [i, tensor] of tensors.entries()) {
    for (let place = 0; place < tensor.length; place++) {
      const [row, unit] = [Math.floor(place / hidden), place % hidden];
      const [model, k] = [Math.floor(row / (inputs + 1)), row % (inputs + 1)];
      const start = ((model * hidden + unit) * tensors.length + i) * column;
      columns[start + (k < inputs ? k : padded(inputs))] = tensor[place] ?? Number.NaN;
    }
  }
  return columns;
}

/** Checks tensor `i` of the columns, [inputs + 1, hidden]: the kernel and then the bias. */
function columnChecks(i: number, hidden: number, expected: ArrayLike<number>, tolerance: Tolerance): Check[] {
  const units = all(hidden);
  const of = (k: number) => units.map((unit) => expected[k * hidden + unit] ?? Number.NaN);
  const kernel = Float64Array.from(
    units.flatMap((unit) => all(INPUTS).map((k) => expected[k * hidden + unit] ?? 0)),
  );
  const check = (start: number, columns: number, values: Float64Array): Check => ({
    ...rowsCheck('columns', columns, units, hidden, values, tolerance),
    start: i * COLUMN + start,
    stride: 3 * COLUMN,
  });
  return [check(0, INPUTS, kernel), check(padded(INPUTS), 1, Float64Array.from(of(INPUTS)))];
}

/** A whole step of training in one dispatch. */
export function fusedStepCase(hidden: number, batch: number): KernelCase {
  const sizes = sizesOf(hidden, batch);
  const spec = { inputs: INPUTS, hidden: [hidden], classes: CLASSES };
  const step = stepOf(batch);
  const build = (units: number) =>
    fusedStep(sizes, units, OPTIMIZER, {
      step: 'step',
      samples: 'samples',
      order: 'order',
      rates: 'rates',
      columns: 'columns',
      head: 'head',
      moments: 'moments',
      hidden: 'hidden',
      metrics: 'metrics',
    });
  const parameters = (INPUTS + 1) * hidden + (hidden + 1) * CLASSES;
  const products = 2 * INPUTS * hidden + 3 * hidden * CLASSES;
  return {
    size: `${networkName(sizes)}@${batch}`,
    dispatch: build(fusedUnits(spec)),
    step,
    flops: 2 * batch * products + 12 * parameters,
    bytes: 2 * batch * (INPUTS + 4 * hidden) + 24 * parameters,
    variants: Object.fromEntries(UNIT_COUNTS.map((units) => [`units ${units}`, build(units)])),
    prepare: () => {
      const images = bytes(SAMPLES * INPUTS, 1);
      const labels = bytes(SAMPLES, 2, CLASSES);
      const order = indices(2 * batch, 3, SAMPLES);
      const [below, head] = [makeState(INPUTS, hidden, 4), makeState(hidden, CLASSES, 7)];
      const gathered = { models: 1, batch, inputs: INPUTS, orderLength: batch };
      const layer = { models: 1, rows: batch, layer: { inputs: INPUTS, outputs: hidden }, relu: true };
      const x = reference.gather(gathered, step, images, order.subarray(0, batch));
      const next = reference.gather(gathered, step, images, order.subarray(batch));
      const outputs = reference.dense(layer, x, below[0]);
      const own = Uint8Array.from(order.subarray(0, batch), (sample) => labels[sample] ?? 0);
      const layers = [below, head].map((state) => {
        const [parameters, ...moments] = state.map((tensor) => Float64Array.from(tensor));
        return { parameters: parameters ?? new Float64Array(), moments };
      });
      const { loss, hits, state } = trainingStep(spec, OPTIMIZER, step, x, own, layers);
      const [first, second] = state.map(({ parameters, moments }) => [parameters, ...moments]);
      const nextOutputs = reference.dense(layer, next, first?.[0] ?? []);
      const row = fusedRowFloats(batch);
      const headFloats = (hidden + 1) * padded(CLASSES);
      const near = sumTolerance(INPUTS);
      const headCheck = (buffer: string, start: number, i: number): Check => ({
        ...rowsCheck(buffer, CLASSES, all(hidden + 1), hidden + 1, second?.[i] ?? new Float64Array(), near),
        start,
      });
      const other = (step.t + 1) % 2;
      return {
        data: {
          samples: Uint8Array.from([...padRowsOfBytes(images, INPUTS), ...labels]),
          order,
          columns: toColumns(sizes, below, 0),
          head: inHalf(step.t % 2, padRows(head[0], CLASSES)),
          moments: joined(padRows(head[1], CLASSES), padRows(head[2], CLASSES)),
          hidden: inHalf(step.t % 2, transposed(outputs, batch, hidden, row)),
          metrics: new Float32Array(2),
        },
        checks: [
          ...(first ?? []).flatMap((tensor, i) => columnChecks(i, hidden, tensor, near)),
          headCheck('head', other * headFloats, 0),
          headCheck('moments', 0, 1),
          headCheck('moments', headFloats, 2),
          {
            ...rowsCheck(
              'hidden',
              batch,
              all(hidden),
              hidden,
              Float64Array.from(transposed(nextOutputs, batch, hidden, batch)),
              near,
            ),
            start: other * hidden * row,
            stride: row,
          },
          {
            ...rowsCheck('metrics', 2, [0], 1, Float64Array.of(loss, hits), sumTolerance(batch * INPUTS)),
            stride: 2,
          },
        ],
      };
    },
  };
}

/** Moves the state from the layout that all plans share into the fused step's. */
export function fusedLayoutCase(hidden: number): KernelCase {
  const sizes = sizesOf(hidden, 1);
  const step = stepOf(0);
  const parameters = (INPUTS + 1) * hidden;
  return {
    size: networkName(sizes),
    dispatch: fusedLayout(sizes, false, {
      step: 'step',
      parameters0: 'parameters0',
      moments0: 'moments0',
      parameters1: 'parameters1',
      columns: 'columns',
      head: 'head',
    }),
    step,
    flops: 0,
    bytes: 24 * parameters + 8 * (hidden + 1) * CLASSES,
    prepare: () => {
      const state = makeState(INPUTS, hidden, 1);
      const head = floats((hidden + 1) * CLASSES, 4);
      const headFloats = (hidden + 1) * padded(CLASSES);
      const [first, moment1, moment2] = state;
      const expected = Float64Array.from(head);
      return {
        data: {
          parameters0: padRows(first, hidden),
          moments0: joined(padRows(moment1, hidden), padRows(moment2, hidden)),
          parameters1: padRows(head, CLASSES),
          columns: new Float32Array(hidden * 3 * COLUMN),
          head: new Float32Array(2 * headFloats),
        },
        checks: [
          ...state.flatMap((tensor, i) => columnChecks(i, hidden, tensor, EXACT)),
          {
            ...rowsCheck('head', CLASSES, all(hidden + 1), hidden + 1, expected, EXACT),
            start: (step.t % 2) * headFloats,
          },
        ],
      };
    },
  };
}

/** [2, ...]: `values` in one half, NaN in the other, which is only written. */
export function inHalf(half: number, values: Float32Array): Float32Array<ArrayBuffer> {
  const halves = new Float32Array(2 * values.length).fill(Number.NaN);
  halves.set(values, half * values.length);
  return halves;
}

/** A matrix [rows, columns] as [columns, stride], each row filled up with zeros. */
function transposed(
  matrix: ArrayLike<number>,
  rows: number,
  columns: number,
  stride: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(columns * stride);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * stride + row] = matrix[row * columns + column] ?? Number.NaN;
    }
  }
  return result;
}
