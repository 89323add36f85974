import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunReport } from '../../src/index.ts';
import { decodeModel } from '../../src/model/model-file.ts';
import { decodeModels } from '../../src/model/population-file.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { type Finished, runCli, signalledAt } from '../support/process.ts';

const RUN_FILES = [
  'checkpoint.safetensors',
  'confusion-matrix.svg',
  'history.csv',
  'model.safetensors',
  'report.json',
  'report.txt',
  'training-curves.svg',
];

let folder: string;
let data: string;
let out: string;
let trained: Finished;
let trainedAsJson: Finished;

/** By the plan that compiles in a third of the time that others take, unless the test names another. */
const train = (...args: string[]) => runCli(['train', '--data', data, '--plan', 'unfused', ...args]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  data = join(folder, 'blobs');
  out = join(folder, 'runs', 'one');
  await writeDataset(data, blobs());
  const settings = [
    '--epochs',
    '3',
    '--hidden',
    '8,6',
    '--validation-split',
    '0.25',
    '--learning-rate',
    '0.01',
    // Two processes may not take the same plan.
    '--plan',
    'layered',
  ];
  trained = await train(...settings, '--out', out);
  trainedAsJson = await train(...settings, '--json');
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe('a training run', () => {
  test('ends with 0 and nothing on stderr, which is no terminal', () => {
    expect(trained).toMatchObject({ code: 0, stderr: '' });
  });

  test('prints adapter, data, network, epochs, report, matrix and files, in this order', () => {
    const parts = [
      /^Adapter: (software, on the CPU|hardware): .+$/m,
      /^Data: blobs: 200 training and 60 test images of 5 x 4 pixels in 3 classes$/m,
      /^Network: 20-8-6-3, batch size 32, learning rate 0.01, seed 1$/m,
      /^Epoch 1\/3 {2}loss [\d.]+ {2}accuracy [\d.]+ % {2}validation loss [\d.]+ {2}accuracy [\d.]+ %/m,
      /^Epoch 3\/3 /m,
      /^Trained at [\d,]+ images\/s$/m,
      /^Test: accuracy [\d.]+ %, loss [\d.]+, 60 images$/m,
      /^ +precision +recall +f1-score +support$/m,
      /^ +predicted$/m,
      /^Written:$/m,
    ];
    const places = parts.map((part) => trained.stdout.search(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('says plainly whether the adapter is software', async () => {
    const { adapter } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as RunReport;
    expect(trained.stdout).toContain(
      `Adapter: ${adapter.software ? 'software, on the CPU' : 'hardware'}: ${adapter.description}\n`,
    );
  });

  test('writes its files and nothing else, and names them', async () => {
    expect((await readdir(out)).sort()).toEqual(RUN_FILES);
    for (const name of RUN_FILES) expect(trained.stdout).toContain(`  ${join(out, name)}\n`);
  });

  test('prints the classification report that report.txt holds', async () => {
    expect(trained.stdout).toContain(await readFile(join(out, 'report.txt'), 'utf8'));
  });

  test('has one line for each epoch in history.csv', async () => {
    expect((await readFile(join(out, 'history.csv'), 'utf8')).split('\r\n')).toHaveLength(1 + 3 + 1);
  });
});

describe('with --json', () => {
  test('stdout is one JSON object, equal to report.json but for the time', async () => {
    expect(trainedAsJson.code).toBe(0);
    const printed = JSON.parse(trainedAsJson.stdout) as RunReport;
    const written = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as RunReport;
    const timeless = ({ imagesPerSecond, history: _, models, ...rest }: RunReport) => {
      expect(imagesPerSecond).toBeGreaterThan(0);
      const networks = models.map(({ history, ...network }) => ({
        ...network,
        history: history.map((record) => ({ ...record, seconds: 0 })),
      }));
      return { ...rest, models: networks };
    };
    expect(timeless(printed)).toEqual(timeless(written));
  });

  test('the object has the promised fields', () => {
    const report = JSON.parse(trainedAsJson.stdout) as RunReport;
    const fields = Object.fromEntries(
      Object.entries(report).map(([name, value]) => [
        name,
        Object.keys((Array.isArray(value) ? value[0] : value) ?? {}),
      ]),
    );
    expect(Object.keys(fields).sort()).toEqual(
      (
        'adapter best classificationReport config confusionMatrix dataset ensemble history imagesPerSecond model models ' +
        'processor summary test toggles versions'
      ).split(' '),
    );
    expect(fields.dataset).toEqual(['name', 'train', 'test', 'shape', 'classes', 'classNames', 'sha256']);
    expect(fields.model).toEqual(['file', 'sha256', 'normalisation']);
    expect(fields.versions).toEqual(['shadegrad', 'webgpu', 'runtime']);
    expect(fields.adapter).toEqual(['vendor', 'architecture', 'description', 'software', 'backend']);
    expect(fields.history?.sort()).toEqual([
      'accuracy',
      'epoch',
      'loss',
      'seconds',
      'valAccuracy',
      'valLoss',
    ]);
    expect(fields.test).toEqual(['loss', 'accuracy', 'count']);
    expect(fields.models).toEqual([
      ...['seed', 'learningRate', 'weightDecay', 'history', 'epoch', 'stopped', 'test', 'diverged', 'sha256'],
    ]);
    expect(report).toMatchObject({ best: 0, summary: null, ensemble: null });
    expect(report.config).toEqual({
      epochs: 3,
      hidden: [8, 6],
      batchSize: 32,
      optimizer: 'adam',
      learningRate: 0.01,
      weightDecay: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      momentum: 0,
      schedule: { name: 'constant' },
      warmup: 0,
      seed: 1,
      models: 1,
      validationSplit: 0.25,
      patience: null,
      plan: 'layered',
      matrixUnits: null,
      initial: null,
      source: { data, imageSize: null },
      earlier: [],
    });
    expect(report.models[0]?.sha256).toBe(report.model.sha256);
    expect(report.processor).toEqual(report.adapter.software ? expect.any(String) : null);
    expect(report.toggles).toEqual(expect.any(Array));
    expect(report.confusionMatrix.flat().reduce((sum, count) => sum + count, 0)).toBe(60);
  });

  test('what is said about the run goes to stderr', () => {
    expect(trainedAsJson.stderr).toMatch(/^Adapter: .*\nData: .*\nNetwork: .*\nPlan: .*\nEpoch 1\/3 /);
  });
});

test('softmax regression is a network without hidden layers', async () => {
  const { code, stdout } = await train('--hidden', 'none', '--epochs', '1', '--json');
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as RunReport).config.hidden).toEqual([]);
});

test('--plan pins the plan that the report names, and one that does not fit is refused', async () => {
  const { code, stdout } = await train('--plan', 'layered', '--epochs', '1', '--json');
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as RunReport).config.plan).toBe('layered');
  const refused = await train('--plan', 'fused', '--hidden', '8,6', '--epochs', '1');
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('The plan "fused" is for one') });
});

test('a reader of stdout that goes away early is no error', async () => {
  const finished = await runCli(['train', '--data', data, '--epochs', '3', '--out', join(folder, 'unread')], {
    onStdout: (_, child) => child.stdout?.destroy(),
  });
  expect(finished).toMatchObject({ code: 0, stderr: '' });
  expect((await readdir(join(folder, 'unread'))).sort()).toEqual(RUN_FILES);
});

test('optimizer, schedule and early stopping are told, and reported', async () => {
  const args = ['--optimizer', 'sgd', '--momentum', '0.9', '--schedule', 'cosine', '--warmup', '0.5'];
  const early = ['--validation-split', '0.25', '--patience', '2', '--epochs', '4', '--json'];
  const { code, stdout, stderr } = await train(...args, ...early, '--hidden', '8');
  expect(code).toBe(0);
  expect(stderr).toContain(
    'Network: 20-8-3, batch size 32, sgd, momentum 0.9, learning rate 0.01, cosine schedule, warm-up 0.5 epochs, seed 1\n',
  );
  expect((JSON.parse(stdout) as RunReport).config).toMatchObject({
    optimizer: 'sgd',
    learningRate: 0.01,
    momentum: 0.9,
    schedule: { name: 'cosine', epochs: 4 },
    warmup: 0.5,
    patience: 2,
  });
  const step = await train('--schedule', 'step', '--epochs', '4', '--optimizer', 'adamw', '--json');
  expect((JSON.parse(step.stdout) as RunReport).config).toMatchObject({
    optimizer: 'adamw',
    weightDecay: 0.004,
    schedule: { name: 'step', epochs: 2, factor: 0.1 },
  });
});

describe('many networks', () => {
  const settings = ['--epochs', '3', '--hidden', '8', '--models', '2', '--learning-rate', '0.01,1e30'];
  let many: Finished;

  beforeAll(async () => {
    many = await train(...settings, '--out', join(folder, 'many'));
  });

  test('are told of as one: how they spread, the best one and all together', async () => {
    expect(many.code).toBe(0);
    expect(many.stdout).toMatch(
      /^4 networks: 20-8-3, batch size 32, learning rate 0.01, 1e\+30, seeds 1 to 2$/m,
    );
    expect(many.stdout).toMatch(/^Epoch 1\/3 {2}mean of 2: {2}loss [\d.]+ /m);
    const test =
      /^Test of 2 networks: accuracy [\d.]+ % \(95 % interval .* to .*\), from [\d.]+ % to [\d.]+ %$/m;
    expect(many.stdout).toMatch(test);
    const place = '\\(epoch 1, batch \\d\\)';
    expect(many.stdout).toMatch(
      new RegExp(`^Diverged: seed 1, learning rate 1e\\+30 ${place}; seed 2, .* ${place}$`, 'm'),
    );
    expect(many.stdout).toMatch(/^Best by training loss: seed [12], learning rate 0.01: accuracy [\d.]+ %/m);
    expect(many.stdout).toMatch(
      /^All together, and in detail below: accuracy [\d.]+ %, loss [\d.]+, 60 images$/m,
    );
  });

  test('those that diverge are named on stderr when it happens, and the others go on', () => {
    expect(many.stderr).toMatch(
      /^(Notice: A network diverged, and the others go on: seed [12], learning rate 1e\+30 \(epoch 1, batch \d\)\.\n){2}$/,
    );
  });

  test('have a report, files and a checkpoint; each is bitwise what it is alone', async () => {
    const out = join(folder, 'many');
    expect((await readdir(out)).sort()).toEqual(
      [...RUN_FILES, 'accuracies.svg', 'models.safetensors'].sort(),
    );
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as RunReport;
    expect(report.models.map(({ diverged }) => diverged?.epoch ?? null)).toEqual([null, null, 1, 1]);
    expect(report.summary?.accuracy.count).toBe(2);
    const { models } = decodeModels(await readFile(join(out, 'models.safetensors')));
    for (const [i, seed] of ['1', '2'].entries()) {
      const alone = join(folder, `alone-${seed}`);
      const args = ['--epochs', '3', '--hidden', '8', '--learning-rate', '0.01', '--seed', seed];
      await train(...args, '--plan', report.config.plan, '--out', alone);
      const file = await readFile(join(alone, 'model.safetensors'));
      expect(models[i]).toEqual(decodeModel(file).model);
      if (report.best === i) expect(await readFile(join(out, 'model.safetensors'))).toEqual(file);
    }
  });

  test('leave no file behind among those of one network in the same folder', async () => {
    const both = join(folder, 'both');
    const once = ['--epochs', '1', '--hidden', '8', '--out', both];
    await train(...once, '--models', '2');
    const { code, stderr } = await train(...once);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Notice: .* moves to .*\.\n$/);
    const several = ['models.safetensors', 'accuracies.svg'];
    expect(await readdir(join(both, 'previous'))).toEqual(expect.arrayContaining(several));
    for (const name of several) expect(await readdir(both)).not.toContain(name);
  });

  test('are tested without one that its very last update ruined', async () => {
    const args = ['--epochs', '1', '--hidden', '8', '--batch-size', '1000', '--learning-rate', '1e30,0.01'];
    const { code, stdout, stderr } = await train(...args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Best by training loss: seed 1, learning rate 0.01: accuracy /m);
    expect(stderr).toMatch(
      /others go on: seed 1, learning rate 1e\+30 \(after the last update of epoch 1\)\.\n$/,
    );
  });

  test('end with 5 only if all diverge, with nothing written', async () => {
    const out = join(folder, 'all-diverged');
    const { code, stdout, stderr } = await train('--models', '2', '--learning-rate', '1e30', '--out', out);
    expect(code).toBe(5);
    expect(stdout).not.toContain('Test');
    expect(stderr).toMatch(
      /^shadegrad: No network's loss is finite: .* in epoch 1, batch \d\. Use a learning/,
    );
    expect(await readdir(folder)).not.toContain('all-diverged');
  });
});

describe('--init', () => {
  const model = () => join(out, 'model.safetensors');

  test('starts from the weights of a model file, with its widths, and names it, also when it is gone on with', async () => {
    const made = join(folder, 'from-model');
    const { code, stdout, stderr } = await train(
      ...['--init', model(), '--epochs', '1', '--learning-rate', '1e-30', '--json', '--out', made],
    );
    expect(code).toBe(0);
    expect(stderr).toContain(`\nWeights: those of ${model()} to start from\n`);
    const { config, model: ended } = JSON.parse(stdout) as RunReport;
    expect(config.hidden).toEqual([8, 6]);
    // With steps of next to nothing the weights stay what they were.
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as RunReport;
    expect(ended.sha256).toBe(report.model.sha256);
    expect(config.initial).toEqual({ file: model(), sha256: report.model.sha256 });
    const resumed = await runCli(['train', '--resume', made, '--epochs', '2', '--json']);
    expect((JSON.parse(resumed.stdout) as RunReport).config.initial).toEqual(config.initial);
  });

  test.each<[string, () => Promise<string[]>, number, RegExp]>([
    [
      'other widths',
      async () => [model(), '--hidden', '9'],
      4,
      /a network 20-8-6-3, and 20-9-3 is to be trained/,
    ],
    [
      'images of another shape',
      async () => {
        await writeDataset(join(folder, 'turned'), blobs({ height: 5, width: 4 }));
        return [model(), '--data', join(folder, 'turned')];
      },
      4,
      /have 4 x 5 pixels, but the model takes images of 5 x 4 pixels/,
    ],
    ['many networks', async () => [join(folder, 'many', 'models.safetensors')], 4, /it holds 2 of them/],
    ['a checkpoint', async () => [join(out, 'checkpoint.safetensors')], 4, /train --resume/],
    ['no file', async () => [join(folder, 'nowhere')], 4, /cannot be read/],
  ])('%s: refused, in words', async (_, args, exitCode, message) => {
    const { code, stdout, stderr } = await train('--init', ...(await args()));
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('what ends a run', () => {
  /** Trains on and on until a signal after the first epoch. */
  const interrupt = (signal: 'SIGINT' | 'SIGTERM', args: readonly string[]) => {
    const endless = ['train', '--data', data, '--epochs', '1000000', '--hidden', '8', ...args];
    return signalledAt('Epoch ', endless, signal);
  };

  const INTERRUPTED =
    /^shadegrad: Training was interrupted (?:in epoch \d+ of 1000000, after \d of its 7 batches|after epoch \d+ of 1000000)\. (.*)\n$/;

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: %i at the next batch, with a checkpoint to go on from', async (signal, exitCode) => {
    const made = join(folder, signal, 'run');
    const finished = await interrupt(signal, ['--out', made]);
    expect(finished.code).toBe(exitCode);
    const [, next] = INTERRUPTED.exec(finished.stderr) ?? [];
    expect(next).toBe(`Go on with: npx shadegrad train --resume ${made}`);
    expect(await readdir(made)).toEqual(['checkpoint.safetensors']);
    const { state } = decodeCheckpoint(await readFile(join(made, 'checkpoint.safetensors')));
    const [, running, complete] = /in epoch (\d+)|after epoch (\d+)/.exec(finished.stderr) ?? [];
    expect(state.epoch).toBe(running ? Number(running) : Number(complete) + 1);
  });

  test('without --out it says that nothing was kept', async () => {
    const { code, stderr } = await interrupt('SIGINT', []);
    expect(code).toBe(130);
    expect(INTERRUPTED.exec(stderr)?.[1]).toBe('Nothing was kept, since there was no --out.');
  });

  test('during the test after the training: the training is kept', async () => {
    const made = join(folder, 'tested', 'run');
    const long = join(folder, 'long-test');
    await writeDataset(long, blobs({ train: 20, test: 30_000 }));
    const settings = ['--data', long, '--epochs', '2', '--hidden', '300', '--out', made];
    const finished = await signalledAt('Epoch 2/2', ['train', ...settings]);
    expect(finished.code).toBe(130);
    expect(finished.stderr).toBe(
      `shadegrad: The test after the training was interrupted. Go on with: npx shadegrad train --resume ${made}\n`,
    );
    const resumed = await runCli(['train', '--resume', made]);
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('Going on after 2 epochs\n') });
  });

  test('a loss that is not finite: 5, with epoch and batch, and nothing written', async () => {
    const made = join(folder, 'diverged', 'run');
    const { code, stderr } = await train('--learning-rate', '1e30', '--out', made);
    expect(code).toBe(5);
    expect(stderr).toMatch(/^shadegrad: The loss is not finite in epoch 1, batch \d+\./);
    expect(await readdir(folder)).not.toContain('diverged');
  });

  test('a folder lost while it trained: 2, but the results are printed', async () => {
    const lost = join(folder, 'lost');
    let removed: Promise<void> | undefined;
    const finished = await runCli(['train', '--data', data, '--epochs', '200', '--out', lost], {
      onStdout: () => {
        removed ??= rm(lost, { recursive: true, force: true }).then(() => writeFile(lost, ''));
      },
    });
    await removed;
    expect(finished.code).toBe(2);
    expect(finished.stdout).toContain('weighted avg');
    expect(finished.stderr).toContain('could not be written');
  });
});
