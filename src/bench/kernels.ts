import { ShadegradError } from '../errors.ts';
import { KERNELS, type KernelName } from '../gpu/kernels.ts';
import { type Target, targetOf } from '../gpu/target.ts';
import type { KernelCase } from './cases/case.ts';
import { kernelCases } from './cases/index.ts';
import type { BenchEnvironment, BenchSubject } from './environment.ts';
import { type BenchOptions, type Floor, floorSteps, measureFloor } from './floor.ts';
import { type FloorShare, floorOf, shareOf } from './roofline.ts';
import { type MeasuredCase, nameOf, runCase, type TimelessCase } from './run-case.ts';
import { PassTimer } from './timing.ts';

/** Which kernels are measured, and how long. */
export interface KernelsOptions extends BenchOptions {
  /** Kernels ("dense") or kernels at a size ("matmul/1024^3"). Default: all at all sizes. */
  readonly only?: readonly string[] | undefined;
  /** Whether to measure kernels in other workgroups too, where they can run so. Default false. */
  readonly sweep?: boolean | undefined;
}

/** A kernel with its time, or why it has none. */
export type KernelResult = (MeasuredCase & FloorShare) | TimelessCase;

/** Kernels of an adapter, as shares of what it could do. */
export interface KernelsReport {
  /** What this is a report of. */
  readonly bench: 'kernels';
  /** What all of it was measured in. */
  readonly environment: BenchEnvironment;
  /** What the shares are of. */
  readonly floor: Floor;
  /** In the order in which they were measured. */
  readonly kernels: readonly KernelResult[];
}

/** Dispatches longer than this even at the floor are skipped: really they take many times as long, and watchdogs bite. */
const LONGEST_MICROSECONDS = 250_000;

/** The kernels that `benchKernels` measures by default; those of the floor are measured in any case. */
export function benchKernelNames(): KernelName[] {
  return (Object.keys(KERNELS) as KernelName[]).filter((kernel) => !kernel.startsWith('floor_'));
}

/**
 * Measures the floor, and then the kernels of `shaders/`, each after it has computed what its float64 twin computes.
 *
 * @param subject what is measured
 * @param options which kernels, and for how long
 * @throws ShadegradError `usage` if `only` names no kernel, `gpu`, `device-lost` or `interrupted`
 */
export async function benchKernels(
  subject: BenchSubject,
  { only, sweep = false, ...options }: KernelsOptions = {},
): Promise<KernelsReport> {
  const runs = chooseCases(only, targetOf(subject.device)).flatMap((kernelCase) =>
    [null, ...(sweep ? Object.keys(kernelCase.variants ?? {}) : [])].map((variant) => ({
      kernelCase,
      variant,
    })),
  );
  const before = floorSteps();
  const total = before + runs.length;
  const timer = await PassTimer.create(subject.device, options.signal);
  try {
    const { floor, environment } = await measureFloor(subject, timer, options, total);
    const kernels: KernelResult[] = [];
    for (const [i, { kernelCase, variant }] of runs.entries()) {
      const label = [
        kernelCase.dispatch.kernel,
        kernelCase.size,
        ...(variant === null ? [] : [variant]),
      ].join(', ');
      options.onProgress?.({ label, done: before + i, total });
      kernels.push(await runKernel(timer, floor, kernelCase, variant, options));
    }
    return { bench: 'kernels', environment, floor, kernels };
  } finally {
    timer.destroy();
  }
}

/**
 * Passes where {@link benchKernels} knows all names: to be called before there is a device.
 * @throws ShadegradError `usage` if a name in `only` is not a kernel's; it lists the names
 */
export function checkKernelNames(only: readonly string[]): void {
  chooseCases(only);
}

function chooseCases(only: readonly string[] | undefined, target?: Target): KernelCase[] {
  const cases = kernelCases(target);
  const all = Object.values(cases).flat();
  if (!only) return benchKernelNames().flatMap((kernel) => cases[kernel]);
  const chosen = only.flatMap((name) => {
    const named = all.filter(({ dispatch, size }) =>
      [dispatch.kernel, `${dispatch.kernel}/${size}`].includes(name),
    );
    if (named.length > 0) return named;
    const kernel = Object.entries(cases).find(([known]) => name.startsWith(`${known}/`));
    throw new ShadegradError(
      'usage',
      `There is no kernel "${name}" to measure.`,
      kernel
        ? `Sizes of ${kernel[0]}: ${kernel[1].map(({ size }) => size).join(', ')}.`
        : `Kernels: ${Object.keys(cases).join(', ')}; with a size, e.g. matmul/1024^3.`,
    );
  });
  return [...new Set(chosen)];
}

async function runKernel(
  timer: PassTimer,
  floor: Floor,
  kernelCase: KernelCase,
  variant: string | null,
  options: BenchOptions,
): Promise<KernelResult> {
  const { flops, bytes } = kernelCase;
  const { microseconds } = floorOf(floor, { flops, bytes, workingSet: bytes });
  if (microseconds > LONGEST_MICROSECONDS) {
    const reason = `a dispatch would take ${(microseconds / 1e6).toFixed(1)} s or more on this device`;
    return { ...nameOf(kernelCase, variant), status: 'skipped', reason };
  }
  const result = await runCase(timer, kernelCase, options, variant);
  return result.status === 'measured' ? { ...result, ...shareOf(floor, result) } : result;
}
