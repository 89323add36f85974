import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  matrixUnitsOf,
  modelNotes,
  nodeVersions,
  openDevice,
  processorName,
  type RunReport,
  rateChangesIn,
  runFiles,
  runReport,
  Trainer,
  type Verification,
  writeFiles,
} from '../../src/node.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { runCli, signalledAt } from '../support/process.ts';

let folder: string;
let data: string;
/** A network trained for three epochs with some wrong labels, and several with all that a training can have. */
let single: string;
let several: string;

const path = (name: string) => join(folder, name);
/** On one adapter and with one plan wherever the tests run: what several processes do is compared to the bit. */
const train = (...args: string[]) =>
  runCli(['train', '--data', data, '--adapter', 'software', '--hidden', '8', ...args]);
/** Without a search for the adapter that the report names, which takes as long as all the rest. */
const verify = (...args: string[]) => runCli(['verify', '--adapter', 'software', ...args]);

async function copyOf(source: string, name: string): Promise<string> {
  await cp(source, path(name), { recursive: true });
  return path(name);
}

async function edit(of: string, change: (report: RunReport) => unknown): Promise<void> {
  const file = join(of, 'report.json');
  await writeFile(file, JSON.stringify(change(JSON.parse(await readFile(file, 'utf8')))));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  [data, single, several] = [path('blobs'), path('single'), path('several')];
  await writeDataset(data, blobs());
  const all = ['--models', '2', '--optimizer', 'adamw', '--schedule', 'cosine', '--warmup', '0.5'];
  const early = ['--validation-split', '0.2', '--patience', '1', '--weight-decay', '0,0.01'];
  const noise = ['--label-noise', '0.1'];
  await Promise.all([
    train('--epochs', '3', ...noise, '--out', single),
    train('--epochs', '6', ...all, ...early, '--learning-rate', '0.1', '--out', several),
  ]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

test('0, the same bits: of one network, of several with all settings, and of one that was gone on with', async () => {
  const resumed = await copyOf(single, 'resumed');
  await runCli(['train', '--resume', resumed, '--epochs', '5']);
  for (const of of [single, several, resumed]) {
    const { code, stdout, stderr } = await runCli(['verify', of]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\n {2}adapter +the same: /);
    expect(stdout).toMatch(/The same: every weight and every result has the same bits\.\n$/);
  }
});

test('a learning rate that was changed while the run went on is changed at the same steps', async () => {
  const source = blobs();
  const opened = await openDevice({ adapter: 'software', robustness: false });
  const { device, info: adapter, toggles } = opened;
  const trainer = await Trainer.create(device, source, { hidden: [8], plan: 'layered-quads' });
  const onProgress = () => {
    if (trainer.epochs === 0 && trainer.place.done === 3) trainer.changeLearningRate(0.02);
  };
  for await (const { epoch } of trainer.fit({ epochs: 3, pace: () => 1, onProgress })) {
    if (epoch === 2) trainer.changeLearningRate(0.001);
  }
  const models = await trainer.models();
  const { plan } = trainer;
  const report = await runReport({
    config: {
      ...trainer.settings,
      epochs: 3,
      plan: plan.name,
      matrixUnits: matrixUnitsOf(plan),
      initial: null,
      source: { data, imageSize: null },
      earlier: [],
    },
    data: source,
    networks: trainer.networks,
    models,
    evaluation: await trainer.evaluateAll(source.test),
    ...trainer.trained,
    adapter,
    toggles,
    processor: processorName(),
    versions: await nodeVersions(),
  });
  device.destroy();
  expect(rateChangesIn(report)).toEqual([
    { step: 4, epoch: 3 / 7, before: 0.001, after: 0.02 },
    { step: 15, epoch: 2, before: 0.02, after: 0.001 },
  ]);
  const changed = path('changed');
  await writeFiles(changed, await runFiles(report, models, modelNotes(source)));
  const same = await verify(changed);
  expect({ code: same.code, stderr: same.stderr }).toEqual({ code: 0, stderr: '' });
  expect(same.stdout).toMatch(/learning rate 0\.001 \(0\.02 from step 4 on\) \(0\.001 from step 15 on\)/);
  expect(same.stdout).toMatch(/The same: every weight and every result has the same bits\.\n$/);
  await edit(changed, ({ config: { rateChanges: _, ...config }, ...rest }) => ({ ...rest, config }));
  expect((await verify(changed)).code).toBe(1);
});

test('0, within tolerance: under another plan, and where a part was trained under another', async () => {
  const mixed = await copyOf(single, 'mixed');
  await runCli(['train', '--resume', mixed, '--epochs', '4', '--plan', 'unfused']);
  const [other, gone] = await Promise.all([
    verify(several, '--plan', 'unfused', '--json'),
    verify(mixed, '--json'),
  ]);
  for (const { code, stdout } of [other, gone]) {
    expect(code).toBe(0);
    const found: Verification = JSON.parse(stdout);
    expect(found).toMatchObject({ verdict: 'within-tolerance', expected: 'within-tolerance' });
    expect(found.rounding.map(({ what }) => what)).toContain('training loss by rounding, epoch 1');
    expect(found.tolerances.map(({ what }) => what)).toContain('training loss, epoch 2');
  }
  expect(JSON.parse(gone.stdout).conditions).toContainEqual(
    expect.objectContaining({ what: 'before', here: null, same: false }),
  );
});

test('1: a report, or weights, that are not those of the run', async () => {
  const [accuracy, seed, weights] = await Promise.all(
    ['accuracy', 'seed', 'weights'].map((name) => copyOf(single, name)),
  );
  if (!accuracy || !seed || !weights) throw new Error('No copies.');
  await edit(accuracy, (report) => ({ ...report, test: { ...report.test, accuracy: 1 } }));
  // Consistent in itself: only the training tells.
  await edit(seed, (report) => ({
    ...report,
    config: { ...report.config, seed: 2 },
    models: report.models.map((model) => ({ ...model, seed: 2 })),
  }));
  await cp(join(several, 'model.safetensors'), join(weights, 'model.safetensors'));
  const found = await Promise.all([
    verify(accuracy),
    verify(seed),
    verify(seed, '--plan', 'unfused'),
    verify(weights),
  ]);
  expect(found.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
  expect(found.map(({ stderr }) => stderr)).toEqual([
    expect.stringMatching(/^shadegrad: The report differs from itself, /),
    expect.stringMatching(/^shadegrad: The run differs from its report: under these conditions /),
    expect.stringMatching(
      /^shadegrad: The run differs from its report in the first epoch, by more than rounding/,
    ),
    expect.stringMatching(
      /^shadegrad: The report differs from itself, from the data, or from the models beside it/,
    ),
  ]);
  expect(found[2]?.stdout).toMatch(/training loss by rounding, epoch 1: .*: too much\n/);
});

test('4, and what to do: no report, no data, other data, no model to start from', async () => {
  const begun = path('begun');
  const start = join(single, 'model.safetensors');
  const from = path('start.safetensors');
  await cp(start, from);
  await train('--epochs', '1', '--init', from, '--out', begun);
  await rm(from);
  const [nothing, noModel, again] = await Promise.all([
    verify(path('nowhere')),
    verify(begun),
    verify(begun, '--init', start),
  ]);
  expect(nothing).toMatchObject({ code: 4, stdout: '' });
  expect(nothing.stderr).toMatch(
    /^shadegrad: There is no report of a training: .*report\.json cannot be read: it is not there\. Name the folder/,
  );
  expect(noModel).toMatchObject({ code: 4, stdout: '' });
  expect(noModel.stderr).toMatch(
    /start\.safetensors, which is not there\. Name the model file with --init\.\n$/,
  );
  expect(again.code).toBe(0);

  const moved = path('moved');
  await rename(data, moved);
  try {
    const [gone, named, other] = await Promise.all([
      verify(single),
      verify(single, '--data', moved),
      verify(single, '--data', 'synthetic'),
    ]);
    expect(gone).toMatchObject({ code: 4, stdout: '' });
    expect(gone.stderr).toMatch(/If the data are elsewhere now, name where with --data\.\n$/);
    expect(named).toMatchObject({ code: 0, stderr: '' });
    expect(other).toMatchObject({ code: 4, stdout: '' });
    expect(other.stderr).toMatch(/The data of synthetic are not those that the run was trained on: /);
  } finally {
    await rename(moved, data);
  }
});

test('4, and what to do: a run that is not finished, and a sweep', async () => {
  const unfinished = await copyOf(single, 'unfinished');
  await rm(join(unfinished, 'report.json'));
  const named = [
    ['sweep.json', path('sweep')],
    ['result.json', path('task')],
  ] as const;
  for (const [name, of] of named) {
    await mkdir(of);
    await writeFile(join(of, name), '{}');
  }
  const merged = path('merged');
  await mkdir(merged);
  await writeFile(join(merged, 'report.json'), JSON.stringify({ format: 1, file: {}, networks: [] }));
  const found = await Promise.all([unfinished, path('sweep'), path('task'), merged].map((of) => verify(of)));
  expect(found.map(({ code, stdout }) => [code, stdout])).toEqual(found.map(() => [4, '']));
  const [begun, ...sweeps] = found.map(({ stderr }) => stderr);
  expect(begun).toMatch(/is not finished: .* npx shadegrad train --resume \S+unfinished\n$/);
  for (const stderr of sweeps) expect(stderr).toMatch(/ of a sweep.*npx shadegrad merge/);
});

test('130: interrupted, with nothing compared', async () => {
  const endless = await copyOf(single, 'endless');
  await edit(endless, (report) => ({
    ...report,
    config: { ...report.config, epochs: 1_000_000 },
    models: report.models.map((model) => ({ ...model, stopped: true })),
  }));
  const { code, stderr } = await signalledAt('Epoch ', ['verify', endless, '--adapter', 'software']);
  expect(code).toBe(130);
  expect(stderr).toMatch(/^shadegrad: Training was interrupted .* Nothing was compared\.\n$/);
});
