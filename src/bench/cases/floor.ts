import * as floor from '../../reference/floor.ts';
import { dispatch } from '../../train/plan.ts';
import { EXACT, type KernelCase, rowsCheck } from './case.ts';
import { floats, pickRows, sample, sampleVectors, VECTOR } from './data.ts';

const FLOOR_WORKGROUP = 64;

function floorEmpty(): KernelCase {
  const counter = new Uint32Array(FLOOR_WORKGROUP);
  const check = (expected: Float64Array) =>
    ({ ...rowsCheck('counter', counter.length, [0], 1, expected, EXACT), words: 'u32' }) as const;
  return {
    size: 'one workgroup',
    dispatch: dispatch('floor_empty', { WORKGROUP_SIZE: FLOOR_WORKGROUP }, { counter: 'counter' }, [1, 1, 1]),
    flops: 0,
    bytes: 8 * counter.length,
    prepare: () => ({
      data: { counter },
      checks: [check(floor.floorEmpty(counter))],
      // Shows that no dispatch was left out.
      after: (dispatches) => [check(new Float64Array(counter.length).fill(dispatches))],
    }),
  };
}

/** The most workgroups of a copy: in a large buffer each copies many vec4s. */
const COPY_WORKGROUPS = 8192;

/** @param mebibytes of source and destination together */
function floorCopy(mebibytes: number): KernelCase {
  const length = (mebibytes * 2 ** 20) / 8;
  const vectors = length / VECTOR;
  const workgroups = Math.min(COPY_WORKGROUPS, Math.ceil(vectors / FLOOR_WORKGROUP));
  return {
    size: `${mebibytes} MiB`,
    dispatch: dispatch(
      'floor_copy',
      { LENGTH: vectors, WORKGROUP_SIZE: FLOOR_WORKGROUP },
      { source: 'source', destination: 'destination' },
      [workgroups, 1, 1],
    ),
    flops: 0,
    bytes: 8 * length,
    prepare: () => {
      const source = floats(length, 1);
      const { rows, of } = sampleVectors(length);
      const expected = floor.floorCopy(pickRows(source, VECTOR, rows));
      return {
        data: { source, destination: new Float32Array(length) },
        checks: [rowsCheck('destination', VECTOR, rows, of, expected, EXACT)],
      };
    },
  };
}

/** Enough to fill any GPU of today: 8,192 workgroups. */
const FMA_INVOCATIONS = 2 ** 19;
/** Sums of an invocation: six vec4s. */
const FMA_SUMS = 24;

function floorFma(rounds: number): KernelCase {
  return {
    size: `${rounds} rounds`,
    dispatch: dispatch(
      'floor_fma',
      { ROUNDS: rounds, WORKGROUP_SIZE: FLOOR_WORKGROUP },
      { coefficients: 'coefficients', start: 'start', y: 'y' },
      [FMA_INVOCATIONS / FLOOR_WORKGROUP, 1, 1],
    ),
    flops: 2 * FMA_SUMS * rounds * FMA_INVOCATIONS,
    bytes: 8 * VECTOR * FMA_INVOCATIONS,
    prepare: () => {
      // Factors near 1, so that the result depends on how many rounds there were.
      const a = [1, 2, 0.5, 3].map((c) => 1 - c / rounds);
      const b = [0.5, -0.25, 1, 0.125];
      const start = floats(VECTOR * FMA_INVOCATIONS, 1);
      const rows = sample(FMA_INVOCATIONS, FMA_SUMS * rounds);
      const expected = floor.floorFma(rounds, a, b, pickRows(start, VECTOR, rows));
      // Each of the rounds may be off by half a unit in the last place.
      const tolerance = { absolute: rounds ** 2 * 2 ** -24, relative: rounds * 2 ** -24 };
      return {
        data: { coefficients: Float32Array.of(...a, ...b), start, y: new Float32Array(start.length) },
        checks: [rowsCheck('y', VECTOR, rows, FMA_INVOCATIONS, expected, tolerance)],
      };
    },
  };
}

/** MiB of the copies' buffers: some fit into caches, and some into few caches only. */
const COPIES = [1, 16, 128];
const ROUNDS = [64, 1024];

/** The kernels that measure the floor, each from the smallest size to the largest. */
export function floorCases(): {
  readonly empty: KernelCase;
  readonly copies: readonly KernelCase[];
  readonly fmas: readonly KernelCase[];
} {
  return { empty: floorEmpty(), copies: COPIES.map(floorCopy), fmas: ROUNDS.map(floorFma) };
}
