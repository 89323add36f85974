/** What {@link AdapterChoice} means whatever the machine has. */
export const ADAPTER_CHOICES = ['auto', 'hardware', 'software'] as const;

/**
 * Which adapter to use: `auto` takes hardware where there is any, else software. Anything else is a part of an adapter's
 * name or driver, in small or capital letters, and pins the one that has it.
 */
export type AdapterChoice = AdapterKind | (string & {});
/** Any adapter, hardware only, or software only. */
export type AdapterKind = (typeof ADAPTER_CHOICES)[number];

/** The adapter as reports name it. */
export interface AdapterReport {
  /** As WebGPU names it, e.g. "nvidia"; may be empty. */
  readonly vendor: string;
  /** As WebGPU names it, e.g. "ampere"; may be empty. */
  readonly architecture: string;
  /** The device's name and its driver's. */
  readonly description: string;
  /** True if the CPU does the work. */
  readonly software: boolean;
  /** What WebGPU runs on: "vulkan", "d3d12" or "metal"; "webgpu" in a browser, which does not tell. */
  readonly backend: string;
}

/** Features that the shaders use where an adapter offers them. `openDevice` always asks for them. */
export const OPTIONAL_FEATURES: readonly GPUFeatureName[] = ['subgroups'];

/** What is read of a `GPUAdapter`. */
export interface NamedAdapter {
  /** What WebGPU tells of it. */
  readonly info: Pick<
    GPUAdapterInfo,
    'vendor' | 'architecture' | 'device' | 'description' | 'isFallbackAdapter'
  >;
}

/**
 * Describes an adapter for reports and `doctor`.
 * @param adapter one of WebGPU's, or whatever else has its `info`
 * @param backend where it is known what WebGPU runs on
 */
export function reportAdapter({ info }: NamedAdapter, backend = 'webgpu'): AdapterReport {
  const { vendor, architecture } = info;
  const name = info.device.replaceAll('-', ' ').trim();
  const description = [name, info.description].filter((part) => part !== '').join(', ');
  return {
    vendor,
    architecture,
    description: description || `${vendor} ${architecture}`.trim() || 'unnamed adapter',
    software: info.isFallbackAdapter,
    backend,
  };
}
