import { type AdapterReport, OPTIONAL_FEATURES } from '../gpu/adapter.ts';
import { MATRIX_FEATURES } from '../gpu/matrix-units.ts';
import type { Versions } from '../versions.ts';
import type { TimingMethod } from './timing.ts';

/** What a benchmark measures. */
export interface BenchSubject {
  /** What the work is done on. */
  readonly device: GPUDevice;
  /** The adapter that gave the device. */
  readonly adapter: AdapterReport;
  /** The Dawn toggles that were set, as `openDevice` names them; empty in a browser. */
  readonly toggles: readonly string[];
  /** Of the software that measures. */
  readonly versions: Versions;
}

/**
 * Features that a device should be opened with if the adapter offers them: a clock, and those that shaders can use.
 * Adapters offer matrix units only with Dawn's toggle `allow_unsafe_apis`.
 */
export const BENCH_FEATURES: readonly GPUFeatureName[] = [
  ...new Set<GPUFeatureName>(['timestamp-query', ...OPTIONAL_FEATURES, ...MATRIX_FEATURES]),
];

/** Everything that the figures depend on. */
export interface BenchEnvironment {
  /** Its description includes the driver. */
  readonly adapter: AdapterReport;
  /** As {@link BenchSubject.toggles}. */
  readonly toggles: readonly string[];
  /** Of the software that measured. */
  readonly versions: Versions;
  /** The device's features: those that were requested and those that it always has. */
  readonly features: readonly string[];
  /** The device's limits, by WebGPU's names for them. */
  readonly limits: Readonly<Record<string, number>>;
  /** How durations were measured. */
  readonly timing: TimingMethod;
  /** When the benchmark began, as ISO 8601. */
  readonly date: string;
}

export function benchEnvironment(
  { device, adapter, toggles, versions }: BenchSubject,
  timing: TimingMethod,
): BenchEnvironment {
  const limits: Record<string, number> = {};
  for (const name in device.limits) {
    const value: unknown = Reflect.get(device.limits, name);
    if (typeof value === 'number') limits[name] = value;
  }
  const features = [...device.features].sort();
  return { adapter, toggles, versions, features, limits, timing, date: new Date().toISOString() };
}
