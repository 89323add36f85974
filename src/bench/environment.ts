import { type AdapterReport, OPTIONAL_FEATURES } from '../gpu/adapter.ts';
import { MATRIX_FEATURES } from '../gpu/matrix-units.ts';
import type { Versions } from '../report/run-report.ts';
import type { TimingMethod } from './timing.ts';

/** What a benchmark measures. */
export interface BenchSubject {
  readonly device: GPUDevice;
  readonly adapter: AdapterReport;
  /** Dawn's toggles that were set, as `openDevice` names them; empty in a browser. */
  readonly toggles: readonly string[];
  readonly versions: Versions;
}

/**
 * What a device should be opened with where the adapter offers it: a clock, and what shaders can use. Matrix units are
 * offered with Dawn's toggle `allow_unsafe_apis` only.
 */
export const BENCH_FEATURES: readonly GPUFeatureName[] = [
  ...new Set<GPUFeatureName>(['timestamp-query', ...OPTIONAL_FEATURES, ...MATRIX_FEATURES]),
];

/** What every figure depends on. */
export interface BenchEnvironment {
  /** With the driver, in its description. */
  readonly adapter: AdapterReport;
  readonly toggles: readonly string[];
  readonly versions: Versions;
  /** Of the device: those asked for, and those that come without asking. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  readonly timing: TimingMethod;
  /** When it began, as ISO 8601. */
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
