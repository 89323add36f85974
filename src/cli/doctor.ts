import type { Command } from 'commander';
import { type AdapterDiagnosis, diagnose, ShadegradError } from '../node.ts';
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
  const out = output(flags.json === true);
  const diagnosis = await diagnose();
  const { hardware, software, used, why, whatToDo } = diagnosis;
  out.json(diagnosis);
  if (flags.json !== true) {
    out.say(
      `Platform: ${diagnosis.platform}, Node ${diagnosis.node}, webgpu ${diagnosis.webgpu ?? 'not installed'}`,
    );
    out.say(`Hardware: ${adapterText(hardware)}`);
    out.say(`Software: ${adapterText(software)}`);
    out.say(`Used: ${used ?? 'none'}. ${why}`);
    if (used && whatToDo !== '') out.say(`To do: ${whatToDo}`);
  }
  if (!used) throw new ShadegradError('no-adapter', why, whatToDo);
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
