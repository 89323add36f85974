import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Job } from 'kubernetes-types/batch/v1';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseSweepFile } from '../../src/sweep/file.ts';
import { runNode } from '../support/process.ts';
import { madeSweep } from '../support/sweeps.ts';

const read = (name: string) => readFile(resolve('examples', name), 'utf8');
const job = async (name: string) => parse(await read(name)) as Job;

test('the sweep file is one, of 48 networks in a task for each of eight shards', async () => {
  const text = await read('sweep.json');
  expect(parseSweepFile('sweep.json', text).objective).toBe('validationAccuracy');
  const { tasks } = await madeSweep(JSON.parse(text) as object);
  expect(tasks.map(({ networks }) => networks.length)).toEqual(new Array(8).fill(6));
});

/**
 * What TypeScript finds wrong with values as Jobs, by the types that npm's kubernetes-types makes of Kubernetes's OpenAPI.
 * @returns [values]; empty where nothing is wrong
 */
async function faultsOf(values: readonly unknown[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  const types = JSON.stringify(resolve('node_modules/kubernetes-types/batch/v1'));
  const files = values.map((_, i) => join(folder, `job-${i}.ts`));
  for (const [i, file] of files.entries()) {
    const value = JSON.stringify(values[i]);
    await writeFile(file, `import type { Job } from ${types};\nexport const job: Job = ${value};\n`);
  }
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--types', ''];
  const { stdout } = await runNode([tsc, ...options, ...files]);
  await rm(folder, { recursive: true });
  return files.map((file) =>
    stdout
      .split('\n')
      .filter((line) => line.includes(basename(file)))
      .join('\n'),
  );
}

const JOBS = ['kubernetes-job.yaml', 'kubernetes-job-software.yaml'];

describe('the Kubernetes jobs', () => {
  test('are as Kubernetes has them, and would be found out if they were not', async () => {
    const [hardware, software] = [
      await job('kubernetes-job.yaml'),
      await job('kubernetes-job-software.yaml'),
    ];
    const { spec, ...rest } = hardware;
    expect(
      await faultsOf([
        hardware,
        software,
        { ...rest, spec: { ...spec, backoffLimitPerIndexes: 5 } },
        { ...rest, spec: { completions: 8 } },
        { ...rest, spec: { ...spec, completions: '8' } },
      ]),
    ).toEqual([
      '',
      '',
      expect.stringContaining("does not exist in type 'JobSpec'"),
      expect.stringContaining("Property 'template' is missing"),
      expect.stringContaining("'string' is not assignable to type 'number'"),
    ]);
  });

  test.each(JOBS)('%s keeps the rules that types do not tell', async (name) => {
    const { spec } = await job(name);
    expect(spec).toMatchObject({
      completionMode: 'Indexed',
      backoffLimitPerIndex: expect.any(Number),
      template: { spec: { restartPolicy: 'Never' } },
    });
    const containers = spec?.template.spec?.containers ?? [];
    const [container] = containers;
    // --shards is the number of indexes.
    const command = container?.command ?? [];
    expect(command[command.indexOf('--shards') + 1]).toBe(String(spec?.completions));
    const codes = spec?.podFailurePolicy?.rules.map(({ action, onExitCodes }) => {
      if (onExitCodes) {
        expect(onExitCodes.containerName).toBe(container?.name);
        expect(onExitCodes.operator).toBe('In');
        expect(onExitCodes.values).toEqual([...new Set(onExitCodes.values)].sort((a, b) => a - b));
      }
      return [action, onExitCodes?.values ?? []];
    });
    expect(codes).toEqual([
      ['Ignore', []],
      ['Ignore', [7, 130, 143]],
      ['FailIndex', [2, 4, 5]],
    ]);
  });

  test('differ in nothing but name, adapter and resources', async () => {
    const alike = async (name: string) => {
      const { spec, ...rest } = await job(name);
      const [container] = spec?.template.spec?.containers ?? [];
      const { resources: _, env: __, command, ...others } = container ?? { name: '' };
      return [
        { ...rest, metadata: {} },
        { ...spec, template: { ...spec?.template, spec: { ...spec?.template.spec, containers: [] } } },
        { ...others, command: command?.slice(0, -1) },
      ];
    };
    expect(await alike('kubernetes-job-software.yaml')).toEqual(await alike('kubernetes-job.yaml'));
    const [software, hardware] = [
      await job('kubernetes-job-software.yaml'),
      await job('kubernetes-job.yaml'),
    ];
    const of = ({ spec }: Job) => spec?.template.spec?.containers[0];
    expect(of(software)?.command?.at(-1)).toBe('software');
    expect(of(hardware)?.command?.at(-1)).toBe('hardware');
    expect(of(hardware)?.resources?.limits).toHaveProperty(['nvidia.com/gpu']);
  });
});
