import { ShadegradError } from '../errors.ts';
import type { KernelName } from '../gpu/kernels.ts';
import type { Dispatch } from '../train/plan.ts';
import type { KernelCase } from './cases/case.ts';
import { missingFeature } from './features.ts';
import { type DispatchTime, type MeasureOptions, measure } from './measure.ts';
import { checkInterrupted, type PassTimer } from './timing.ts';
import { coverage, findWrong, verify } from './verify.ts';
import { Workload } from './workload.ts';

/** Bytes of all copies of a case's buffers that are cycled through: more than most caches have. */
export const ROTATED_BYTES = 256 * 2 ** 20;

/** The kernel and the way that it was run. */
interface CaseName {
  /** The shader, `shaders/KERNEL.wgsl`. */
  readonly kernel: KernelName;
  /** E.g. "784-100@32": of its inputs and outputs, and of the batch. */
  readonly size: string;
  /** In a sweep, what is different from the way that training runs it; else null. */
  readonly variant: string | null;
  /** Values of the shader's `override` constants. */
  readonly constants: Readonly<Record<string, number>>;
  /** How many workgroups run, along x, y and z. */
  readonly workgroups: readonly [number, number, number];
}

/** A kernel that computed what its float64 twin computes, and how long it took. */
export interface MeasuredCase extends CaseName, DispatchTime {
  /** It has a time. */
  readonly status: 'measured';
  /** Floating-point operations of a dispatch; a multiply-add is two. */
  readonly flops: number;
  /** Bytes that a dispatch has to read and to write, each counted once. */
  readonly bytes: number;
  /** 10^9 floating-point operations a second, at the median time. */
  readonly gflops: number;
  /** 10^9 bytes a second, at the median time. */
  readonly gigabytesPerSecond: number;
  /** The copies of the buffers that were used in turn, so that caches do not hold them. */
  readonly rotation: {
    /** How many there are. */
    readonly copies: number;
    /** Of all of them. */
    readonly bytes: number;
  };
  /** What was held against the twin. */
  readonly checked: {
    /** How many values were compared. */
    readonly values: number;
    /** How many values the kernel writes. */
    readonly of: number;
  };
}

/** A kernel without a time: it computed something else (`void`), or was not run (`skipped`). */
export interface TimelessCase extends CaseName {
  /** Whether it was wrong or not run. */
  readonly status: 'void' | 'skipped';
  /** The same in a sentence. */
  readonly reason: string;
}

/** A kernel with its time, or why it has none. */
export type CaseResult = MeasuredCase | TimelessCase;

/**
 * Checks a case against its float64 twin and, if it is right, times it on the buffers that were checked.
 *
 * @param variant one of the case's; its own dispatch by default
 * @throws ShadegradError `gpu`, `device-lost` or `interrupted`: a broken device gives no result
 */
export async function runCase(
  timer: PassTimer,
  kernelCase: KernelCase,
  options: MeasureOptions,
  variant: string | null = null,
): Promise<CaseResult> {
  const { step, lanes = 1, flops, bytes, rotate = false } = kernelCase;
  const dispatch = dispatchOf(kernelCase, variant);
  const name = nameOf(kernelCase, variant);
  const missing = await missingFeature(timer.device, [dispatch]);
  if (missing) return { ...name, status: 'skipped', reason: `this device lacks ${missing}` };
  if (timer.device.adapterInfo.subgroupMinSize < lanes) {
    return { ...name, status: 'skipped', reason: `this device's subgroups may be narrower than ${lanes}` };
  }
  const { data, checks, after } = kernelCase.prepare();
  checkInterrupted(options.signal);
  const set = Object.values(data).reduce((sum, { byteLength }) => sum + byteLength, 0);
  const copies = rotate ? Math.max(1, Math.ceil(ROTATED_BYTES / set)) : 1;
  const workload = await create(timer.device, dispatch, data, { step, copies });
  if (workload instanceof ShadegradError) return { ...name, status: 'skipped', reason: workload.message };
  try {
    const wrong = await verify(timer, workload, checks, options.signal);
    if (wrong !== undefined) return { ...name, status: 'void', reason: wrong };
    const measured = await measure(timer, workload, options);
    const late = after && (await findWrong(workload, after(workload.recorded), options.signal));
    if (late !== undefined) return { ...name, status: 'void', reason: late };
    const seconds = measured.time.median / 1e6;
    return {
      ...name,
      status: 'measured',
      ...measured,
      flops,
      bytes,
      gflops: flops / seconds / 1e9,
      gigabytesPerSecond: bytes / seconds / 1e9,
      rotation: { copies, bytes: copies * set },
      checked: coverage(checks),
    };
  } finally {
    workload.destroy();
  }
}

/** @throws RangeError if the case has no such variant */
function dispatchOf({ dispatch, variants = {} }: KernelCase, variant: string | null): Dispatch {
  const chosen = variant === null ? dispatch : variants[variant];
  if (!chosen) throw new RangeError(`${dispatch.kernel} has no variant "${variant}"`);
  return chosen;
}

export function nameOf(kernelCase: KernelCase, variant: string | null): CaseName {
  const { kernel, constants, workgroups } = dispatchOf(kernelCase, variant);
  return { kernel, size: kernelCase.size, variant, constants, workgroups };
}

/** Returns, and does not throw, the error for a case that is too large for the device. */
async function create(...parameters: Parameters<typeof Workload.create>): Promise<Workload | ShadegradError> {
  try {
    return await Workload.create(...parameters);
  } catch (error) {
    if (error instanceof ShadegradError && error.code === 'usage') return error;
    throw error;
  }
}
