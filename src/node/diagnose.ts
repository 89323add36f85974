import { type AdapterReport, reportAdapter } from '../gpu/adapter.ts';
import { platform, runtime } from './environment.ts';
import { findHardware, findSoftware } from './gpu.ts';
import { hardwareSteps, noAdapter } from './install-steps.ts';
import { webgpuVersion } from './versions.ts';

/** What is known of one adapter. */
export interface AdapterDiagnosis extends AdapterReport {
  /** In alphabetical order. */
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
  /** Why it gives no device; null where it does. */
  readonly problem: string | null;
}

/** What this machine offers, what `--adapter auto` will use of it and why, and what to do. */
export interface Diagnosis {
  /** E.g. "linux-x64". */
  readonly platform: string;
  /** E.g. "Node v20.20.2". */
  readonly runtime: string;
  /** Version of the npm package "webgpu", which holds Dawn; null where it is not installed. */
  readonly webgpu: string | null;
  readonly hardware: AdapterDiagnosis | null;
  readonly software: AdapterDiagnosis | null;
  readonly used: 'hardware' | 'software' | null;
  readonly why: string;
  /** Empty where nothing need be done. */
  readonly whatToDo: string;
}

/** Looks for adapters and opens a device on each. Never throws: what goes wrong is part of the answer. */
export async function diagnose(): Promise<Diagnosis> {
  const hardware = await examine(findHardware);
  const software = await examine(findSoftware);
  const problems = [hardware, software].flatMap((found) => (found instanceof Error ? [String(found)] : []));
  const [hard, soft] = [hardware, software].map((found) => (found instanceof Error ? null : found));
  return {
    platform: platform(),
    runtime: runtime(),
    webgpu: await webgpuVersion(),
    hardware: hard ?? null,
    software: soft ?? null,
    ...(await verdict(hard ?? null, soft ?? null, problems)),
  };
}

async function verdict(
  hardware: AdapterDiagnosis | null,
  software: AdapterDiagnosis | null,
  problems: readonly string[],
): Promise<Pick<Diagnosis, 'used' | 'why' | 'whatToDo'>> {
  const chosen = hardware ?? software;
  if (!chosen) {
    const { message, nextStep } = await noAdapter('auto');
    return { used: null, why: [message, ...new Set(problems)].join(' '), whatToDo: nextStep };
  }
  const used = hardware ? 'hardware' : 'software';
  const why = {
    hardware: 'A hardware adapter was found, and hardware comes first.',
    software: 'No hardware adapter was found; the software adapter does the work on the CPU, slower.',
  }[used];
  if (chosen.problem !== null) {
    return { used, why, whatToDo: `It gives no device: ${chosen.problem} Update its driver.` };
  }
  return { used, why, whatToDo: hardware ? '' : hardwareSteps() };
}

async function examine(find: () => Promise<GPUAdapter | null>): Promise<AdapterDiagnosis | Error | null> {
  try {
    const adapter = await find();
    return adapter && (await describe(adapter));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function describe(adapter: GPUAdapter): Promise<AdapterDiagnosis> {
  const limits: Record<string, number> = {};
  for (const name in adapter.limits) {
    const value: unknown = Reflect.get(adapter.limits, name);
    if (typeof value === 'number') limits[name] = value;
  }
  const problem = await adapter.requestDevice().then(
    (device) => {
      device.destroy();
      return null;
    },
    (error: unknown) => String(error),
  );
  return { ...reportAdapter(adapter), features: [...adapter.features].sort(), limits, problem };
}
