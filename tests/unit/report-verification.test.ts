import { describe, expect, test } from 'vitest';
import { printableError, verdictText, verificationText } from '../../src/cli/verify-text.ts';
import { initialModel } from '../../src/model/initialise.ts';
import type { Model } from '../../src/model/model.ts';
import { type RunReport, runReport, type Trained } from '../../src/report/run-report.ts';
import { readRunReport } from '../../src/report/stored-report.ts';
import { type KeptModels, mayDiffer, verification } from '../../src/report/verification.ts';
import { populationEvaluation } from '../../src/train/ensemble.ts';
import type { Evaluation, NetworkRecord } from '../../src/train/history.ts';
import { trainerSettings } from '../../src/train/settings.ts';
import { blobs } from '../support/blobs.ts';
import { failure } from '../support/failure.ts';

const data = blobs({ train: 100, test: 60 });
const { labels } = data.test;
const ADAPTER = {
  vendor: 'maker',
  architecture: 'kind',
  description: 'a GPU, driver 1',
  software: false,
  backend: 'vulkan',
};
const spec = { inputs: 20, hidden: [7], classes: 3 };

/** An evaluation whose first `wrong` samples are wrong, all by the same probabilities. */
function evaluation(wrong: number, loss = 0.25): Evaluation {
  const rows = Array.from(labels, (label, i) => {
    const predicted = i < wrong ? (label + 1) % 3 : label;
    return [0, 1, 2].map((c) => (c === predicted ? 0.8 : 0.1));
  });
  return {
    loss,
    accuracy: (labels.length - wrong) / labels.length,
    count: labels.length,
    probabilities: Float32Array.from(rows.flat()),
    predictions: Uint8Array.from(rows, (row) => row.indexOf(0.8)),
  };
}

function network(seed: number, loss = 0.5, changes: Partial<NetworkRecord> = {}): NetworkRecord {
  const epoch = (number: number, share: number) => ({
    epoch: number,
    loss: loss / number,
    accuracy: share,
    valLoss: 0.3,
    valAccuracy: 0.9,
    seconds: Math.random(),
  });
  const settings = { seed, learningRate: 0.001, weightDecay: 0 };
  return {
    ...settings,
    history: [epoch(1, 0.7), epoch(2, 0.8)],
    diverged: null,
    epoch: 2,
    stopped: false,
    ...changes,
  };
}

interface Ran {
  readonly plan?: string;
  readonly networks?: readonly NetworkRecord[];
  readonly models?: readonly (Model | null)[];
  readonly wrong?: readonly (number | null)[];
  readonly loss?: number;
  readonly changes?: Partial<Pick<Trained, 'processor' | 'toggles' | 'versions' | 'adapter'>>;
}

async function ran({ plan = 'fused', networks = [network(1)], models, wrong, loss, changes }: Ran = {}) {
  const settings = trainerSettings({ hidden: [7], validationSplit: 0.2, models: networks.length });
  const each = networks.map((_, i) => {
    const mistakes = wrong ? (wrong[i] ?? null) : 3;
    return mistakes === null ? null : evaluation(mistakes, loss);
  });
  const all = populationEvaluation(each, labels, 3);
  const report = await runReport({
    data,
    adapter: ADAPTER,
    processor: null,
    toggles: [],
    versions: { shadegrad: '1.2.3', webgpu: '0.6.2', runtime: 'a test' },
    config: { epochs: 2, ...settings, plan, matrixUnits: null, initial: null, source: null, earlier: [] },
    networks,
    models: models ?? networks.map(({ seed, diverged }) => (diverged ? null : initialModel(spec, seed))),
    evaluation: all,
    samples: 160,
    seconds: 1,
    ...changes,
  });
  return { report, evaluation: all };
}

const NOTHING: KeptModels = { model: null, models: null };
const OTHER = { models: [initialModel(spec, 9)] };

function stored(report: unknown) {
  return readRunReport('report.json', JSON.stringify(report));
}

/** The report as it is after a careless or wicked edit: `path` like `models.0.seed`. */
function edited(report: RunReport, path: string, value: unknown): unknown {
  const copy = JSON.parse(JSON.stringify(report));
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce((found, name) => found[name], copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

async function verified(before: unknown, after: Ran = {}, kept = NOTHING) {
  const again = await ran(after);
  const samples = { train: 80, validation: 20 };
  const loss = again.report.models[0]?.history[0]?.loss ?? Number.NaN;
  const copies = [{ network: 0, losses: [loss + 1e-7, loss - 2e-7, loss + 1e-7] }];
  return verification(stored(before), { ...again, labels, samples, copies }, kept);
}

describe('a run that was repeated', () => {
  test('is the same where all bits are, whatever the times, the place of the data and the conditions', async () => {
    const { report } = await ran();
    expect(await verified(report)).toMatchObject({ verdict: 'same-bits', expected: 'same-bits' });
    const elsewhere = { ...report, dataset: { ...report.dataset, name: 'moved' }, imagesPerSecond: null };
    expect(await verified(elsewhere)).toMatchObject({ verdict: 'same-bits' });
    const other = await verified(report, { plan: 'layered' });
    expect(other).toMatchObject({ verdict: 'same-bits', expected: 'within-tolerance', tolerances: [] });
  });

  test('differs where a bit does under the same conditions', async () => {
    const { report } = await ran();
    const found = await verified(report, OTHER);
    expect(found).toMatchObject({ verdict: 'differs', expected: 'same-bits', tolerances: [] });
    expect(found.bits.filter(({ agrees }) => !agrees).map(({ what }) => what)).toEqual([
      'weights',
      'model.sha256',
      'models.0.sha256',
    ]);
    expect(await verified(report, { wrong: [4] })).toMatchObject({ verdict: 'differs' });
  });

  test.each([
    ['adapter', { adapter: { ...ADAPTER, description: 'a GPU, driver 2' } }],
    ['processor', { processor: 'another' }],
    ['backend', { adapter: { ...ADAPTER, backend: 'metal' } }],
    ['toggles', { toggles: ['skip_validation'] }],
    ['shadegrad', { versions: { shadegrad: '1.2.4', webgpu: '0.6.2', runtime: 'a test' } }],
    ['webgpu', { versions: { shadegrad: '1.2.3', webgpu: '0.6.3', runtime: 'a test' } }],
  ] as const)('is judged by tolerance where its %s is another', async (what, changes) => {
    const { report } = await ran();
    const found = await verified(report, { ...OTHER, changes });
    expect(found).toMatchObject({ verdict: 'within-tolerance', expected: 'within-tolerance' });
    expect(found.conditions.filter(({ same }) => !same).map((condition) => condition.what)).toEqual([what]);
    const again = await ran({ ...OTHER, changes });
    expect(mayDiffer(stored(report), again.report)).toBe(true);
    expect(mayDiffer(stored(report), report)).toBe(false);
  });

  test('is judged by tolerance where it was gone on with under another plan', async () => {
    const { report } = await ran();
    const earlier = [{ plan: 'layered', adapter: 'a GPU, driver 1', versions: report.versions }];
    const found = await verified(edited(report, 'config.earlier', earlier), OTHER);
    expect(found.verdict).toBe('within-tolerance');
    expect(found.conditions.find(({ same }) => !same)).toMatchObject({
      what: 'before',
      reported: 'layered on a GPU, driver 1, shadegrad 1.2.3',
      here: null,
    });
  });

  test('by tolerance: the first epoch by rounding, every epoch and the test by what samples can tell', async () => {
    const { report } = await ran();
    const found = await verified(report, { ...OTHER, plan: 'layered' });
    expect(found.rounding.map(({ what }) => what)).toEqual(['training loss by rounding, epoch 1']);
    const ofEpoch = (epoch: number) =>
      ['training loss', 'training accuracy', 'validation loss', 'validation accuracy'].map(
        (what) => `${what}, epoch ${epoch}`,
      );
    expect(found.tolerances.map(({ what }) => what)).toEqual([
      ...ofEpoch(1),
      ...ofEpoch(2),
      'test accuracy',
      'test loss',
      ...[0, 1, 2].map((label) => `test accuracy on class ${label}`),
    ]);
    expect([...found.rounding, ...found.tolerances].every(({ agrees }) => agrees)).toBe(true);
    const differing = async (after: Ran) => {
      const { verdict, rounding, tolerances } = await verified(report, {
        ...OTHER,
        plan: 'layered',
        ...after,
      });
      expect(verdict).toBe('differs');
      return [...rounding, ...tolerances].filter(({ agrees }) => !agrees).map(({ what }) => what);
    };
    expect(await differing({ networks: [network(1, 0.5 + 1e-4)] })).toEqual([
      'training loss by rounding, epoch 1',
    ]);
    expect(await differing({ wrong: [40] })).toEqual(['test accuracy']);
    expect(await differing({ loss: 3 })).toEqual(['test loss']);
    expect(await differing({ loss: Number.MAX_VALUE })).toEqual(['test loss']);
  });

  test('says of a verdict how often it comes by chance, where that is known', async () => {
    const { report } = await ran();
    const text = async (after: Ran) => verdictText(await verified(report, { ...OTHER, ...after }));
    expect(await text({})).toMatch(/under these conditions the bits must be the same\.$/);
    expect(await text({ plan: 'layered' })).toMatch(
      /^The same within tolerance\. The bits are others.*: plan\. /,
    );
    expect(await text({ plan: 'layered', networks: [network(1, 0.5 + 1e-4)] })).toMatch(
      /in the first epoch.*by chance is not known\.$/,
    );
    expect(await text({ plan: 'layered', wrong: [40] })).toMatch(/by chance once in 1000 times\.$/);
  });

  test('of an early stop elsewhere is compared in the last epoch that both have', async () => {
    const { report } = await ran();
    const { history } = network(1);
    const sooner = network(1, 0.5, { history: history.slice(0, 1), epoch: 1, stopped: true });
    const found = await verified(report, { ...OTHER, plan: 'layered', networks: [sooner] });
    expect(found.tolerances.map(({ what }) => what)).toContain('training accuracy, epoch 1');
    expect(found.verdict).toBe('within-tolerance');
  });
});

/** Both places that have the best network's epochs. */
function editedEpoch(report: RunReport, index: number, changes: object): unknown {
  const at = ['history', 'models.0.history'].map((path) => `${path}.${index}`);
  return at.reduce<unknown>(
    (copy, path) => edited(copy as RunReport, path, { ...report.history[index], ...changes }),
    report,
  );
}

describe('a report', () => {
  test.each([
    ['history.1.loss', 0.1],
    ['models.0.seed', 2],
    ['models.0.sha256', '0'.repeat(64)],
    ['test.loss', 0.2],
    ['test.count', 61],
    ['confusionMatrix.0.0', 1000],
    ['confusionMatrix.0', [1, 2]],
    ['classificationReport.classes.0.precision', 0.5],
    ['classificationReport.accuracy', 1],
    ['dataset.test', 7],
    ['dataset.classNames', ['a', 'b', 'c']],
    ['models.0.epoch', 1],
    ['models.0.stopped', true],
    ['summary', {}],
  ])('that was edited at %s differs from itself, whatever the conditions', async (path, value) => {
    const { report } = await ran();
    const found = await verified(edited(report, path, value), { plan: 'layered' });
    expect(found.verdict).toBe('differs');
    expect(found.kept.some(({ agrees }) => !agrees)).toBe(true);
  });

  test.each([
    ['a loss below what its mistakes cost', { loss: 1e-9 }, 'training, epoch 2: least loss'],
    ['a share that is of no whole samples', { accuracy: 0.801 }, 'training, epoch 2: accuracy'],
    ['validation losses below the same', { valLoss: 0.06 }, 'validation, epoch 2: least loss'],
    ['no validation', { valLoss: null, valAccuracy: null }, 'validation, epoch 2'],
    ['another number', { epoch: 3 }, 'number of an epoch'],
  ])('with %s in an epoch cannot be, whatever the conditions', async (_, changes, what) => {
    const { report } = await ran();
    const found = await verified(editedEpoch(report, 1, changes), { plan: 'layered' });
    expect(found.verdict).toBe('differs');
    expect(found.kept.filter(({ agrees }) => !agrees).map((one) => one.what)).toEqual([what]);
  });

  test.each([
    ['training loss', { loss: 2.5 }],
    ['training accuracy', { accuracy: 0.3, loss: 0.49 }],
    ['validation loss', { valLoss: 12 }],
    ['validation accuracy', { valAccuracy: 0.05, valLoss: 0.7 }],
  ])('is held to the repetition in its later epochs too: %s', async (what, changes) => {
    const { report } = await ran();
    const found = await verified(editedEpoch(report, 1, changes), { plan: 'layered', ...OTHER });
    expect(found.verdict).toBe('differs');
    expect(found.tolerances.filter(({ agrees }) => !agrees).map((one) => one.what)).toEqual([
      `${what}, epoch 2`,
    ]);
  });

  test('must be that of the models beside it', async () => {
    const { report } = await ran();
    const { sha256 } = report.model;
    const beside = (model: string) => verified(report, { plan: 'layered' }, { model, models: null });
    expect((await beside(sha256)).verdict).toBe('same-bits');
    expect((await beside('0'.repeat(64))).verdict).toBe('differs');
  });

  test('of an older version is compared in what it has', async () => {
    const { report } = await ran();
    const versions = { shadegrad: '1.0.0', webgpu: '0.6.2', runtime: 'a test' };
    const lacking = ['models.0.sha256', 'dataset.classNames', 'adapter.backend', 'summary'];
    const older = lacking.reduce<unknown>((copy, path) => edited(copy as RunReport, path, undefined), {
      ...report,
      versions,
    });
    const same = await verified(older);
    expect(same).toMatchObject({ verdict: 'same-bits', expected: 'within-tolerance' });
    expect(same.conditions.map(({ what }) => what)).not.toContain('backend');
    expect(same.notCompared.map(({ what }) => what)).toEqual([
      'backend',
      'dataset.classNames',
      'summary',
      'model.safetensors',
    ]);
    expect((await verified(older, OTHER)).verdict).toBe('within-tolerance');
    const other = { model: '0'.repeat(64), models: null };
    expect((await verified(older, OTHER, other)).verdict).toBe('differs');
    const text = verificationText(await verified(older, OTHER), report.models);
    expect(text).toMatch(/\nNot compared:\n {2}backend: the report does not have it\n/);
  });

  test('without checksums of the weights is judged by tolerance, and says so', async () => {
    const { report } = await ran();
    const versions = { shadegrad: '1.0.0', webgpu: '0.6.2', runtime: 'a test' };
    const older = edited({ ...report, versions }, 'models.0.sha256', undefined);
    const found = await verified(edited(older as RunReport, 'model.sha256', undefined));
    expect(found.verdict).toBe('within-tolerance');
    expect(found.notCompared.map(({ what }) => what)).toContain('weights');
    expect(verdictText(found)).toMatch(/it does not tell the weights\./);
  });

  test('of this version lacks nothing', async () => {
    const { report } = await ran();
    for (const path of ['models.0.sha256', 'classificationReport', 'dataset.classNames']) {
      expect((await verified(edited(report, path, undefined))).verdict).toBe('differs');
    }
  });

  test.each([
    ['config', undefined, /is not the report of a training/],
    ['config.halving', 3, /has a setting that this version does not know: "halving"/],
    ['config.batchSize', 'many', /is not a whole report of a training: its config.batchSize is "many"/],
    ['best', 7, /its best network is none of its networks/],
    ['models.0.history', [], /was stopped after 0 of 2 epochs/],
  ])('with %s changed to %s is refused', async (path, value, message) => {
    const { report } = await ran();
    const error = failure(() => stored(edited(report, path, value)));
    expect(error).toMatchObject({ code: 'bad-data' });
    expect(String(error)).toMatch(message);
  });

  test('that is no JSON is refused', () => {
    expect(failure(() => readRunReport('report.json', '{'))).toMatchObject({ code: 'bad-data' });
  });
});

describe('several networks', () => {
  const gone = network(3, 0.5, { diverged: { epoch: 2, batch: 4 } });
  const networks = [network(1), network(2), gone];
  const wrong = [3, 5, null];

  test('are the same where each is, one that diverged too', async () => {
    const { report } = await ran({ networks, wrong });
    const sums = report.models.flatMap(({ sha256 }) => sha256 ?? []);
    const kept = { model: report.model.sha256, models: sums };
    const found = await verified(report, { networks, wrong }, kept);
    expect(found.verdict).toBe('same-bits');
    expect(found.kept.filter(({ what }) => what === 'models.safetensors').map(({ network: i }) => i)).toEqual(
      [0, 1],
    );
    const swapped = await verified(report, { networks, wrong }, { ...kept, models: sums.toReversed() });
    expect(swapped.verdict).toBe('differs');
  });

  test.each([
    ['summary.accuracy.mean', 1],
    ['summary.loss.interval', null],
    ['ensemble.classificationReport.weightedAvg.recall', 1],
    ['ensemble.test.accuracy', 1],
    ['ensemble', null],
    ['best', 1],
    ['models.2.test', { loss: 0.2, accuracy: 0.9 }],
  ])('with %s changed differ from themselves, whatever the conditions', async (path, value) => {
    const { report } = await ran({ networks, wrong });
    const found = await verified(edited(report, path, value), { networks, wrong, plan: 'layered' });
    expect(found.verdict).toBe('differs');
    expect(found.kept.some(({ agrees }) => !agrees)).toBe(true);
  });

  test('of which another is said to be the best, consistently, differ from their losses', async () => {
    const better = [
      network(1),
      network(2, 0.4, { history: network(2).history.map((e) => ({ ...e, valLoss: 0.25 })) }),
    ];
    const { report } = await ran({ networks: better, wrong: [3, 5] });
    expect(report.best).toBe(1);
    const { report: alone } = await ran({ networks: better.slice(0, 1), wrong: [3] });
    const { history, test, confusionMatrix, classificationReport, model } = alone;
    const forged = { ...report, best: 0, history, test, confusionMatrix, classificationReport, model };
    const found = await verified(forged, { networks: better, wrong: [3, 5], plan: 'layered' });
    expect(found.kept.filter(({ agrees }) => !agrees)).toMatchObject([
      { what: 'best network', reported: 0, here: 1 },
    ]);
  });

  test('are judged one by one and together', async () => {
    const { report } = await ran({ networks, wrong });
    const other = { plan: 'layered', models: [8, 9, 10].map((seed) => initialModel(spec, seed)) };
    const models = [...other.models.slice(0, 2), null];
    const found = await verified(report, { ...other, models, networks, wrong });
    expect(found.verdict).toBe('within-tolerance');
    expect(found.tolerances.filter(({ network: i }) => i === null).map(({ what }) => what)).toEqual([
      'all together: test accuracy',
      'all together: test loss',
      ...[0, 1, 2].map((label) => `all together: test accuracy on class ${label}`),
    ]);
    const survived = [network(1), network(2), network(3)];
    const unlike = await verified(report, { ...other, networks: survived, wrong: [3, 5, 3] });
    expect(unlike.verdict).toBe('differs');
    expect(unlike.tolerances.find(({ agrees }) => !agrees)).toMatchObject({
      what: 'diverged in epoch',
      network: 2,
    });
  });
});

test('what a report says is printed without what controls a terminal, in errors too', () => {
  const error = failure(() => readRunReport('report\u001b[2J.json', '{'));
  expect(String(error)).toContain('\u001b');
  const printable = printableError(error);
  expect(printable).toMatchObject({ code: 'bad-data', cause: error });
  expect(String(printable)).toMatch(/^report\ufffd\[2J\.json is not a whole report/);
  const other = new Error('a bug');
  expect(printableError(other)).toBe(other);
});
