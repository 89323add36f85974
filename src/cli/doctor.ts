import type { Command } from 'commander';
import { shapesInWords } from '../gpu/matrix-units.ts';
import { type Diagnosis, diagnose, type ListedAdapter, ShadegradError } from '../node.ts';
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
    .description('list the adapters of this machine, say which is used and why, and what to do to get a GPU')
    .addOption(options.json())
    .action((flags: DoctorFlags) => doctor(flags));
}

async function doctor(flags: DoctorFlags): Promise<void> {
  const diagnosis = await diagnose();
  output(flags.json === true).result(diagnosis, diagnosisText(diagnosis));
  if (diagnosis.used === null) throw new ShadegradError('no-adapter', diagnosis.why, diagnosis.whatToDo);
}

function diagnosisText(diagnosis: Diagnosis): string {
  const { platform, tested, runtime, webgpu, adapters, used, why, problems, whatToDo } = diagnosis;
  const lines = [
    `Platform: ${platform}, ${runtime}, webgpu ${webgpu ?? 'not installed'}. Tested: ${tested}`,
    ...adapters.map(adapterText),
    ...problems.map((problem) => `Problem: ${problem}`),
    `Used: ${used ?? 'none'}. ${why}`,
    ...(whatToDo === '' ? [] : [`To do: ${whatToDo}`]),
  ];
  return lines.join('\n');
}

function adapterText(adapter: ListedAdapter): string {
  const { software, name, driver, backend, manifest, subgroupSizes, matrices, limits, features } = adapter;
  const [least, most] = subgroupSizes;
  const lines = [
    `${software ? 'Software' : 'Hardware'}: ${name}`,
    `driver: ${driver}${manifest === null ? '' : ` (${manifest})`}`,
    `backend: ${backend}`,
    ...(adapter.problem === null ? [] : [`gives no device: ${adapter.problem}`]),
    ...(adapter.alike === 1
      ? []
      : [`${adapter.alike} adapters that Dawn cannot tell apart: it takes the first`]),
    ...adapter.hides.map((hidden) => `not within reach: ${hidden}, in whose place Dawn gives this one`),
    `subgroups: ${least === most ? most : `${least} to ${most}`} wide`,
    `matrix units: ${shapesInWords(matrices)}`,
    ...TELLING_LIMITS.map((limit) => `${limit}: ${count(limits[limit] ?? 0)}`),
    `features: ${features.join(', ')}`,
  ];
  return lines.join('\n  ');
}
