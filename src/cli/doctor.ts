import type { Command } from 'commander';
import { type AdapterDiagnosis, type Diagnosis, diagnose, ShadegradError } from '../node.ts';
import { options } from './options.ts';
import { count, output } from './output.ts';

/** The limits that training runs into first. */
const TELLING_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
];

interface DoctorFlags {
  readonly json?: true;
}

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say which GPU is used and why, and what to do to get one')
    .addOption(options.json())
    .action((flags: DoctorFlags) => doctor(flags));
}

async function doctor(flags: DoctorFlags): Promise<void> {
  const diagnosis = await diagnose();
  output(flags.json === true).result(diagnosis, diagnosisText(diagnosis));
  if (!diagnosis.used) throw new ShadegradError('no-adapter', diagnosis.why, diagnosis.whatToDo);
}

function diagnosisText({
  platform,
  runtime,
  webgpu,
  hardware,
  software,
  used,
  why,
  whatToDo,
}: Diagnosis): string {
  const lines = [
    `Platform: ${platform}, ${runtime}, webgpu ${webgpu ?? 'not installed'}`,
    `Hardware: ${adapterText(hardware)}`,
    `Software: ${adapterText(software)}`,
    `Used: ${used ?? 'none'}. ${why}`,
    ...(whatToDo === '' ? [] : [`To do: ${whatToDo}`]),
  ];
  return lines.join('\n');
}

function adapterText(adapter: AdapterDiagnosis | null): string {
  if (!adapter) return 'none found';
  const { vendor, architecture, description, problem, limits, features } = adapter;
  const lines = [
    `${description} (${[vendor, architecture].filter((part) => part !== '').join(', ')})`,
    ...(problem === null ? [] : [`gives no device: ${problem}`]),
    ...TELLING_LIMITS.map((name) => `${name}: ${count(limits[name] ?? 0)}`),
    `features: ${features.join(', ')}`,
  ];
  return lines.join('\n  ');
}
