import type { StepFloor } from './floor.ts';
import type { MeasuredCase } from './run-case.ts';

/** What limits a kernel's speed: the gap between dispatches, the arithmetic, or the memory. */
export type Bound = 'dispatch' | 'arithmetic' | 'memory';

/** Bytes of the buffers of each copy that is measured: some fit into caches, and some into few caches only. */
export const COPY_BYTES: readonly number[] = [1, 16, 128].map((mebibytes) => mebibytes * 2 ** 20);

/** Bytes of the smallest copy of so large a working set, or of the largest copy. */
export function copyFor(workingSet: number): number {
  return COPY_BYTES.find((bytes) => bytes >= workingSet) ?? Math.max(...COPY_BYTES);
}

/** How near a kernel is to the best that the device could do. */
export interface FloorShare {
  /** Microseconds that no kernel with the same work can beat on this device, going by the measured floor. */
  readonly floorMicroseconds: number;
  /** What the floor is made of. */
  readonly boundBy: Bound;
  /** `floorMicroseconds` over the median: 1 is perfect. Above 1, the floor was measured in a slower moment. */
  readonly share: number;
}

/**
 * The roofline model (Williams, Waterman, Patterson, 2009): a kernel's rate is at most min(arithmetic rate, intensity x
 * bandwidth). Here as times: the floor is the greatest of the arithmetic's, the memory's and that of empty dispatches.
 * The rates are those of the best samples.
 *
 * @param work floating-point operations, bytes, the bytes of the buffers, and dispatches, 1 by default
 */
export function floorOf(
  { dispatch, fma, copies }: StepFloor,
  work: {
    readonly flops: number;
    readonly bytes: number;
    readonly workingSet: number;
    readonly dispatches?: number;
  },
): { readonly microseconds: number; readonly boundBy: Bound } {
  const times: readonly (readonly [Bound, number])[] = [
    ['dispatch', dispatch.min * (work.dispatches ?? 1)],
    ['arithmetic', work.flops / (peak(fma, fma.flops) * 1000)],
    ['memory', work.bytes / (bandwidth(copies, work.workingSet) * 1000)],
  ];
  const [boundBy, microseconds] = times.reduce((most, next) => (next[1] > most[1] ? next : most));
  return { microseconds, boundBy };
}

export function shareOf(floor: StepFloor, measured: MeasuredCase): FloorShare {
  const work = { ...measured, workingSet: measured.rotation.bytes };
  const { microseconds, boundBy } = floorOf(floor, work);
  return { floorMicroseconds: microseconds, boundBy, share: microseconds / measured.time.median };
}

/** GB/s of copies of at least `workingSet` bytes, or of the largest: smaller ones may have been in a faster cache. */
export function bandwidth(copies: readonly MeasuredCase[], workingSet: number): number {
  const largest = Math.max(...copies.map(({ rotation }) => rotation.bytes));
  const similar = copies.filter(({ rotation }) => rotation.bytes >= Math.min(workingSet, largest));
  return Math.max(...similar.map((copy) => peak(copy, copy.bytes)));
}

/** GFLOP/s or GB/s of the best sample. */
export function peak({ time }: MeasuredCase, amount: number): number {
  return amount / time.min / 1000;
}
