import { reasonOf, ShadegradError } from '../errors.ts';
import { type AdapterReport, OPTIONAL_FEATURES, reportAdapter } from './adapter.ts';

/** What is asked of an adapter, beside what WebGPU gives in any case. */
export interface DeviceNeeds {
  /** Limits that there is no use without, such as `trainerLimits` names. Default: none. */
  readonly requiredLimits?: Readonly<Record<string, number>>;
  /** Limits to ask for as far as the adapter gives them, beside `requiredLimits`, which win. Default: none. */
  readonly optionalLimits?: Readonly<Record<string, number>>;
  /** Features that there is no use without. Default: none. */
  readonly requiredFeatures?: readonly GPUFeatureName[];
  /** Features to ask for where the adapter offers them. Default: what the shaders use, `OPTIONAL_FEATURES`. */
  readonly optionalFeatures?: readonly GPUFeatureName[];
}

/** A device, the adapter that gave it, and what reports say of it. */
export interface AdapterDevice {
  /** To train and to evaluate on. `destroy` frees it. */
  readonly device: GPUDevice;
  /** The adapter that gave it, and gives no other. */
  readonly adapter: GPUAdapter;
  /** For people and for reports. */
  readonly info: AdapterReport;
}

/**
 * A device with what is needed, as far as the adapter has it.
 *
 * @param otherwise what else the user can do where the adapter gives no device
 * @param backend as {@link reportAdapter} takes it
 * @throws ShadegradError `usage` where the adapter lacks a limit or a feature, `gpu` where it gives no device
 */
export async function requestDevice(
  adapter: GPUAdapter,
  needs: DeviceNeeds,
  otherwise: string,
  backend?: string,
): Promise<AdapterDevice> {
  const {
    requiredLimits = {},
    optionalLimits = {},
    requiredFeatures = [],
    optionalFeatures = OPTIONAL_FEATURES,
  } = needs;
  const info = reportAdapter(adapter, backend);
  checkSupport(adapter, info, requiredLimits, requiredFeatures);
  try {
    const device = await adapter.requestDevice({
      requiredLimits: { ...withinReach(optionalLimits, adapter), ...requiredLimits },
      requiredFeatures: [
        ...requiredFeatures,
        ...optionalFeatures.filter((feature) => adapter.features.has(feature)),
      ],
    });
    return { device, adapter, info };
  } catch (error) {
    throw new ShadegradError(
      'gpu',
      `The adapter "${info.description}" gives no device: ${reasonOf(error).trim()}`,
      otherwise,
      error,
    );
  }
}

function limitsOf({ limits }: GPUAdapter): Readonly<Record<string, number | undefined>> {
  return limits as unknown as Readonly<Record<string, number | undefined>>;
}

function withinReach(limits: Readonly<Record<string, number>>, adapter: GPUAdapter): Record<string, number> {
  const offered = limitsOf(adapter);
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, value]) => {
      const limit = offered[name];
      return limit === undefined ? [] : [[name, Math.min(value, limit)]];
    }),
  );
}

function checkSupport(
  adapter: GPUAdapter,
  { description }: AdapterReport,
  limits: Readonly<Record<string, number>>,
  features: readonly GPUFeatureName[],
): void {
  const offered = limitsOf(adapter);
  for (const [name, value] of Object.entries(limits)) {
    const limit = offered[name];
    if (limit !== undefined && value <= limit) continue;
    throw new ShadegradError(
      'usage',
      `This needs ${name} = ${value}, and the adapter "${description}" gives ${limit ?? 'no such limit'}.`,
      'Use a smaller batch, network or dataset, or another adapter.',
    );
  }
  const missing = features.filter((feature) => !adapter.features.has(feature));
  if (missing.length > 0) {
    throw new ShadegradError(
      'usage',
      `The adapter "${description}" lacks the feature ${missing.join(', ')}.`,
      'Use another adapter, or do without.',
    );
  }
}
