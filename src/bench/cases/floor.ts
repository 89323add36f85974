import * as floor from '../../reference/floor.ts';
import { dispatch } from '../../train/plan.ts';
import { COPY_BYTES } from '../roofline.ts';
import { EXACT, type KernelCase, rowsCheck, type Tolerance } from './case.ts';
import { floats, indices, pickRows, sample, sampleVectors, VECTOR } from './data.ts';

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

/** @param bytes of source and destination together */
function floorCopy(bytes: number): KernelCase {
  const length = bytes / 8;
  const vectors = length / VECTOR;
  const workgroups = Math.min(COPY_WORKGROUPS, Math.ceil(vectors / FLOOR_WORKGROUP));
  return {
    size: `${bytes / 2 ** 20} MiB`,
    dispatch: dispatch(
      'floor_copy',
      { LENGTH: vectors, WORKGROUP_SIZE: FLOOR_WORKGROUP },
      { source: 'source', destination: 'destination' },
      [workgroups, 1, 1],
    ),
    flops: 0,
    bytes,
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

interface Work {
  readonly invocations: number;
  /** Multiply-adds of each sum, one after the other. */
  readonly rounds: number;
}

interface FmaWork extends Work {
  /** vec4s of sums that an invocation has. */
  readonly vectors: number;
}

function floorFma({ vectors, ...work }: FmaWork): KernelCase {
  const { rounds, invocations } = work;
  // Near 1, so that the result depends on how many rounds there were.
  const [a, b] = [1 - 1 / rounds, 0.5];
  const start = () => floats(VECTOR * invocations, 1);
  // Each of the rounds may be off by half a unit in the last place.
  const tolerance = { absolute: rounds ** 2 * 2 ** -24, relative: rounds * 2 ** -24 };
  return fmaCase('floor_fma', { vectors, ...work }, { a, b, start, tolerance });
}

/** Numbers whose every sum is a float16, so that the result is exact: a is 1, and each round adds b. */
function floorFmaHalf({ vectors, ...work }: FmaWork): KernelCase {
  const [a, b] = [1, 0.5];
  const start = () => Float32Array.from(indices(VECTOR * work.invocations, 1, 16));
  return fmaCase('floor_fma_half', { vectors, ...work }, { a, b, start, tolerance: EXACT });
}

function fmaCase(
  kernel: 'floor_fma' | 'floor_fma_half',
  { rounds, vectors, invocations }: FmaWork,
  numbers: {
    readonly a: number;
    readonly b: number;
    readonly start: () => Float32Array<ArrayBuffer>;
    readonly tolerance: Tolerance;
  },
): KernelCase {
  const { a, b, tolerance } = numbers;
  return {
    size: `${vectors} vectors ${rounds} rounds`,
    dispatch: dispatch(
      kernel,
      { ROUNDS: rounds, VECTORS: vectors, WORKGROUP_SIZE: FLOOR_WORKGROUP },
      { coefficients: 'coefficients', start: 'start', y: 'y' },
      [invocations / FLOOR_WORKGROUP, 1, 1],
    ),
    flops: 2 * VECTOR * vectors * rounds * invocations,
    bytes: 8 * VECTOR * invocations,
    prepare: () => {
      const start = numbers.start();
      const rows = sample(invocations, VECTOR * vectors * rounds);
      const expected = floor.floorFma({ rounds, vectors }, a, b, pickRows(start, VECTOR, rows));
      return {
        data: { coefficients: Float32Array.of(a, b), start, y: new Float32Array(start.length) },
        checks: [rowsCheck('y', VECTOR, rows, invocations, expected, tolerance)],
      };
    },
  };
}

/** @param lanes that share a load, in subgroups at least as wide */
function floorFmaShared(lanes: number, { rounds, invocations }: Work): KernelCase {
  return {
    size: `${lanes} lanes ${rounds} rounds`,
    dispatch: dispatch(
      'floor_fma_shared',
      { ROUNDS: rounds, SHARING: lanes, WORKGROUP_SIZE: FLOOR_WORKGROUP },
      { x: 'x', start: 'start', y: 'y' },
      [invocations / FLOOR_WORKGROUP, 1, 1],
    ),
    lanes,
    flops: 2 * VECTOR * rounds * invocations,
    bytes: 8 * VECTOR * invocations,
    prepare: () => {
      // Small whole numbers, of which every sum is exact.
      const x = Float32Array.from(indices(rounds, 1, 9), (number) => number - 4);
      const start = Float32Array.from(indices(VECTOR * invocations, 2, 16));
      const rows = sample(invocations, VECTOR * rounds);
      const expected = floor.floorFmaShared(x, pickRows(start, VECTOR, rows));
      return {
        data: { x, start, y: new Float32Array(start.length) },
        checks: [rowsCheck('y', VECTOR, rows, invocations, expected, EXACT)],
      };
    },
  };
}

const VECTORS = [2, 6];
/** What a processor does in a moment, and what fills any GPU of today: 8,192 workgroups. */
const WORK: readonly Work[] = [
  { invocations: 2 ** 17, rounds: 64 },
  { invocations: 2 ** 19, rounds: 1024 },
];
/** How wide subgroups are; of wider ones only so many lanes share. */
const LANES = [4, 8, 16, 32];

/** Some cases of a kernel, from the least work to the most. */
export type Series = readonly KernelCase[];

/** The kernels that measure the floor. Of each several series are measured, and the best case counts. */
export function floorCases(): {
  readonly empty: KernelCase;
  readonly copies: readonly KernelCase[];
  readonly fmas: readonly Series[];
  readonly halfFmas: readonly Series[];
  /** One for each width of subgroups, from the narrowest to the widest. */
  readonly sharedFmas: readonly Series[];
} {
  return {
    empty: floorEmpty(),
    copies: COPY_BYTES.map(floorCopy),
    fmas: VECTORS.map((vectors) => WORK.map((work) => floorFma({ ...work, vectors }))),
    halfFmas: VECTORS.map((vectors) => WORK.map((work) => floorFmaHalf({ ...work, vectors }))),
    sharedFmas: LANES.map((lanes) => WORK.map((work) => floorFmaShared(lanes, work))),
  };
}
