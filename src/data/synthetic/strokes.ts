import type { CounterRandom } from '../random.ts';
import type { ControlPoint, Skeleton } from './skeletons.ts';

/** A point on the pen's way, in a box of about 1 x 1 around (0, 0), and the pen's radius there. */
export interface PenPoint {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

type Mapping = (point: Point) => Point;

/** Parts into which the way from one control point to the next is divided. */
const PARTS = 7;

/**
 * `skeleton` as one hand would write it this time: the pen's way, one list of points per stroke. Only operations
 * whose results are exact or correctly rounded everywhere are used (no sines, powers or logarithms), so that the
 * same random numbers give the same points on every machine.
 */
export function writeSkeleton(skeleton: Skeleton, random: CounterRandom): PenPoint[][] {
  const distort = elasticDistortion(random);
  const tilt = handwritingTilt(random);
  const radius = 0.059 * (1 + 0.27 * gaussian(random));
  return skeleton.strokes.map((stroke) => {
    const offset = { x: 0.012 * gaussian(random), y: 0.012 * gaussian(random) };
    const points = spline(displaced(stroke, offset, random)).map((point) => tilt(distort(point)));
    const pressure = [0, 1, 2].map(() => 1 + 0.14 * gaussian(random));
    return points.map((point, i) => ({
      ...point,
      radius: Math.max(0.022, radius * quadratic(pressure, i / (points.length - 1))),
    }));
  });
}

/** About normally distributed with mean 0 and variance 1, within +-3.5: a sum of four uniform numbers. */
export function gaussian(random: CounterRandom): number {
  const sum = random.uniform() + random.uniform() + random.uniform() + random.uniform();
  return (sum - 2) * Math.sqrt(3);
}

/** The control points, each moved a little at random, the ends of the stroke more than the rest. */
function displaced(stroke: readonly ControlPoint[], offset: Point, random: CounterRandom): ControlPoint[] {
  return stroke.map(({ x, y, corner }, i) => {
    const spread = i === 0 || i === stroke.length - 1 ? 0.036 : 0.018;
    return {
      x: x / 100 - 0.5 + offset.x + spread * gaussian(random),
      y: y / 100 - 0.5 + offset.y + spread * gaussian(random),
      corner,
    };
  });
}

/** Points along a Catmull-Rom spline through all control points, broken at corners. */
function spline(stroke: readonly ControlPoint[]): Point[] {
  const points: Point[] = [];
  for (const [i, from] of stroke.entries()) {
    const to = stroke[i + 1];
    if (!to) {
      points.push(from);
      break;
    }
    const before = from.corner ? undefined : stroke[i - 1];
    const after = to.corner ? undefined : stroke[i + 2];
    const [x0, y0] = before ? [before.x, before.y] : [2 * from.x - to.x, 2 * from.y - to.y];
    const [x3, y3] = after ? [after.x, after.y] : [2 * to.x - from.x, 2 * to.y - from.y];
    for (let part = 0; part < PARTS; part++) {
      const t = part / PARTS;
      points.push({ x: catmullRom(x0, from.x, to.x, x3, t), y: catmullRom(y0, from.y, to.y, y3, t) });
    }
  }
  return points;
}

/** Catmull and Rom, "A class of local interpolating splines" (1974), with tension 1/2. */
function catmullRom(p0: number, p1: number, p2: number, p3: number, t: number): number {
  const a = -p0 + 3 * p1 - 3 * p2 + p3;
  const b = 2 * p0 - 5 * p1 + 4 * p2 - p3;
  return p1 + 0.5 * t * (p2 - p0 + t * (b + t * a));
}

/** The parabola through the three `values` at 0, 1/2 and 1. */
function quadratic([start = 0, middle = 0, end = 0]: readonly number[], t: number): number {
  return start * (1 - t) * (1 - 2 * t) + 4 * middle * t * (1 - t) + end * t * (2 * t - 1);
}

/** Cells per side of the grid that carries the elastic distortion, and control points per side. */
const CELLS = 2;
const NODES = CELLS + 3;

/**
 * A smooth random displacement: a uniform cubic B-spline over a coarse grid of random vectors, as in free-form
 * deformation (Sederberg and Parry, 1986).
 */
function elasticDistortion(random: CounterRandom): Mapping {
  const strength = 0.12 + 0.28 * random.uniform();
  const nodes = Array.from({ length: 2 * NODES * NODES }, () => strength * (2 * random.uniform() - 1));
  return ({ x, y }) => {
    const [column, across] = gridPosition(x);
    const [row, down] = gridPosition(y);
    let [dx, dy] = [0, 0];
    for (let j = 0; j < 4; j++) {
      for (let i = 0; i < 4; i++) {
        const weight = (across[i] ?? 0) * (down[j] ?? 0);
        const node = 2 * ((row + j) * NODES + column + i);
        dx += weight * (nodes[node] ?? 0);
        dy += weight * (nodes[node + 1] ?? 0);
      }
    }
    return { x: x + dx, y: y + dy };
  };
}

/** The cell that holds a coordinate from -0.6 to 0.6, and the four B-spline weights there. */
function gridPosition(coordinate: number): [number, readonly number[]] {
  const position = Math.min(1, Math.max(0, (coordinate + 0.6) / 1.2)) * CELLS;
  const cell = Math.min(CELLS - 1, Math.floor(position));
  const t = position - cell;
  const s = 1 - t;
  return [
    cell,
    [
      (s * s * s) / 6,
      (3 * t * t * t - 6 * t * t + 4) / 6,
      (3 * s * s * s - 6 * s * s + 4) / 6,
      (t * t * t) / 6,
    ],
  ];
}

/** Aspect, slant and rotation of the hand, chosen once for the whole digit. */
function handwritingTilt(random: CounterRandom): Mapping {
  const widen = Math.max(0.45, 0.94 + 0.17 * gaussian(random));
  const slant = 0.17 + 0.2 * gaussian(random);
  // Rotation by the half-angle's tangent needs neither sine nor cosine.
  const halfTangent = 0.055 * gaussian(random);
  const cosine = (1 - halfTangent * halfTangent) / (1 + halfTangent * halfTangent);
  const sine = (2 * halfTangent) / (1 + halfTangent * halfTangent);
  return ({ x, y }) => {
    const slanted = widen * x - slant * y;
    return { x: cosine * slanted - sine * y, y: sine * slanted + cosine * y };
  };
}
