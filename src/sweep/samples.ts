import { CounterRandom, streams } from '../data/random.ts';
import type { Range, SweepAxes, SweepFile } from './file.ts';
import { MOST_SOBOL_DIMENSIONS, sobolPoint } from './sobol.ts';

/** A sweep's axes but the seeds, in the order in which a grid goes through them: the last one first. */
const AXES = [
  'data',
  'hidden',
  'optimizer',
  'schedule',
  'epochs',
  'batchSize',
  'learningRate',
  'weightDecay',
] as const satisfies readonly Exclude<keyof SweepAxes, 'seed'>[];

type Axis = (typeof AXES)[number];

/** A value of each axis. */
export interface Setting {
  readonly data: string;
  readonly hidden: readonly number[];
  readonly optimizer: SweepAxes['optimizer'][number];
  readonly schedule: SweepAxes['schedule'][number];
  readonly epochs: number;
  readonly batchSize: number;
  /** Absent where the axis is. */
  readonly learningRate?: number;
  readonly weightDecay?: number;
}

/**
 * The settings that a sweep takes from its axes, in order. Those that are drawn may repeat. Only axes with more than one value
 * take a dimension of a sample.
 */
export function settingsFrom({ axes, sample }: Pick<SweepFile, 'axes' | 'sample'>): Setting[] {
  if (sample === 'grid') return gridPoints(axes).map((point) => settingAt(axes, point));
  const { method, count, seed } = sample;
  const varying = AXES.filter((axis) => valuesOf(axes[axis]) !== 1);
  const coordinates = method === 'sobol' ? shiftedSobol(seed) : uniform(seed);
  return Array.from({ length: count }, (_, index) => {
    const drawn = coordinates(index, varying.length);
    return settingAt(axes, new Map(varying.map((axis, dimension) => [axis, drawn[dimension] ?? 0])));
  });
}

/** Where a setting lies on each axis: 0 to below 1. 0 where an axis is missing. */
type Point = ReadonlyMap<Axis, number>;

function settingAt(axes: SweepAxes, point: Point): Setting {
  const at = (axis: Axis): number => point.get(axis) ?? 0;
  const real = (axis: 'learningRate' | 'weightDecay') => {
    const values = axes[axis];
    if (!values) return {};
    return { [axis]: 'from' in values ? realIn(values, at(axis)) : pick(values, at(axis)) };
  };
  const whole = (axis: 'epochs' | 'batchSize'): number => {
    const values = axes[axis];
    return 'from' in values ? wholeIn(values, at(axis)) : pick(values, at(axis));
  };
  const { data, hidden, optimizer, schedule } = axes;
  return {
    data: pick(data, at('data')),
    hidden: 'from' in hidden ? [wholeIn(hidden, at('hidden'))] : pick(hidden, at('hidden')),
    optimizer: pick(optimizer, at('optimizer')),
    schedule: pick(schedule, at('schedule')),
    epochs: whole('epochs'),
    batchSize: whole('batchSize'),
    ...real('learningRate'),
    ...real('weightDecay'),
  };
}

/** How many values an axis has; infinitely many in a range. */
function valuesOf(values: readonly unknown[] | Range | undefined): number {
  if (!values) return 1;
  return 'from' in values ? Number.POSITIVE_INFINITY : values.length;
}

function gridPoints(axes: SweepAxes): Point[] {
  return AXES.reduce<Point[]>(
    (points, axis) => {
      const count = valuesOf(axes[axis]);
      // The middle of each value's share, so that no rounding can make another one of it.
      const places = Array.from({ length: count }, (_, i) => (i + 0.5) / count);
      return points.flatMap((point) => places.map((place) => new Map([...point, [axis, place]])));
    },
    [new Map()],
  );
}

function pick<T>(values: readonly T[], u: number): T {
  const value = values[Math.floor(u * values.length)];
  if (value === undefined) throw new RangeError(`There is no value at ${u}.`);
  return value;
}

/** Rounded to six digits: the last bits of logarithms may differ between machines, and the networks must not. */
function realIn({ from, to, scale }: Range, u: number): number {
  const value = scale === 'log' ? from * (to / from) ** u : from + u * (to - from);
  return Math.min(to, Math.max(from, Number(value.toPrecision(6))));
}

/** Each whole number has the share of the numbers from it to the next one. */
function wholeIn({ from, to, scale }: Range, u: number): number {
  const end = to + 1;
  const value = scale === 'log' ? from * (end / from) ** u : from + u * (end - from);
  return Math.min(to, Math.max(from, Math.floor(Number(value.toPrecision(12)))));
}

/** Coordinates 0 to below 1 of the setting with an index: [dimensions]. */
type Coordinates = (index: number, dimensions: number) => readonly number[];

/** Each setting has random numbers of its own, so that more settings begin with those that fewer have. */
function uniform(seed: number): Coordinates {
  return (index, dimensions) => {
    const random = new CounterRandom(seed, streams.sweepSetting(index));
    return Array.from({ length: dimensions }, () => random.uint32() / 2 ** 32);
  };
}

/**
 * A Sobol sequence under a random digital shift, by exclusive or: it stays as even as it is, and its first point is no longer
 * the origin (Owen, "On dropping the first Sobol' point", 2020).
 */
function shiftedSobol(seed: number): Coordinates {
  const shifts = Array.from({ length: MOST_SOBOL_DIMENSIONS }, (_, dimension) =>
    new CounterRandom(seed, streams.sobolShift(dimension)).uint32(),
  );
  return (index, dimensions) =>
    sobolPoint(index, dimensions).map(
      (word, dimension) => ((word ^ (shifts[dimension] ?? 0)) >>> 0) / 2 ** 32,
    );
}
