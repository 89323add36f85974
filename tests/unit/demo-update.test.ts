import { describe, expect, test } from 'vitest';
import { defaults, type Texts } from '../../demo/configuration.ts';
import { excess } from '../../demo/earlier.ts';
import { withRun } from '../../demo/kept.ts';
import type { DataSummary, NetworkSummary, OwnFiles, Reply, Request } from '../../demo/protocol.ts';
import {
  divergedText,
  historiesOf,
  keptText,
  NO_FILES,
  overfittingIn,
  type Shown,
  unknown,
} from '../../demo/shown.ts';
import { type Event, initialState, type KeptRun, resumable, type State } from '../../demo/state.ts';
import { begin, update } from '../../demo/update.ts';
import type { RunReport } from '../../src/report/run-report.ts';
import type { EpochRecord } from '../../src/train/history.ts';
import { trainerState } from '../support/trainer-state.ts';

const fields: Texts = {
  ...defaults,
  data: 'synthetic',
  train: '2000',
  test: '300',
  hidden: '32',
  epochs: '3',
};
const data: DataSummary = {
  name: 'synthetic',
  shape: { height: 28, width: 28 },
  classNames: [...'0123456789'],
  train: 2000,
  test: 300,
  counts: Array.from({ length: 10 }, () => 200),
  sample: new Uint8Array(),
};
const network: NetworkSummary = {
  spec: { inputs: 784, hidden: [32], classes: 10 },
  image: data.shape,
  traits: null,
  classNames: data.classNames,
  seeds: [1],
};
const files = { model: Uint8Array.of(1), models: null, best: null };

const record = (epoch: number, loss = 1): EpochRecord => ({
  epoch,
  loss,
  accuracy: 0.5,
  valLoss: null,
  valAccuracy: null,
  seconds: 1,
});

/** What the page reads of a report. */
function reportOf(accuracy = 0.9, diverged: readonly boolean[] = [false], name = 'synthetic'): RunReport {
  const history = [record(1), record(2), record(3)];
  return {
    dataset: { name, train: 2000, test: 300 },
    config: {},
    test: { accuracy, loss: 0.3, count: 300 },
    history,
    ensemble: null,
    summary: null,
    models: diverged.map((gone) => ({ history, diverged: gone ? { epoch: 3, batch: null } : null })),
  } as unknown as RunReport;
}

/** What a training can go on from after so many epochs. */
function stateAfter(epochs: number) {
  const state = trainerState();
  const history = Array.from({ length: epochs }, (_, i) => record(i + 1));
  return {
    ...state,
    networks: state.networks.slice(0, 1).map((network) => ({ ...network, history, diverged: null })),
  };
}

/** A page that is told one event after the other. */
function page(texts: Texts = fields) {
  let [state, commands] = begin(initialState(texts, 'https://host.test/folder/'));
  const requests: Request[] = [];
  const kinds: string[] = [];
  const take = (given: typeof commands) => {
    commands = given;
    for (const command of given) {
      kinds.push(command.kind);
      if (command.kind === 'send') requests.push(command.request);
    }
  };
  take(commands);
  const tell = (event: Event): State => {
    const [next, given] = update(state, event);
    state = next;
    take(given);
    return next;
  };
  const reply = (said: Reply) => tell({ kind: 'reply', reply: said });
  return {
    tell,
    reply,
    requests,
    kinds,
    press: (button: Extract<Event, { kind: 'press' }>['button']) => tell({ kind: 'press', button }),
    get state(): State {
      return state;
    },
    get last(): Request | undefined {
      return requests.at(-1);
    },
    /** The images and the network that comes with the page arrive. */
    arrive() {
      reply({ kind: 'data', id: state.imagesRequest, data, notice: '' });
      reply({ kind: 'network', run: state.run, network, device: null });
      const shipped = reportOf(0.97, [false], 'mnist');
      return reply({
        kind: 'result',
        run: state.run,
        report: shipped,
        files,
        state: null,
        stopped: false,
        notice: '',
        mistakes: [],
      });
    },
    /** A training makes progress, and one epoch. */
    trainEpoch(epoch = 1) {
      const { run } = state;
      const progress = {
        epoch,
        epochs: 3,
        samples: 2000,
        samplesPerEpoch: 2000,
        loss: 1,
        accuracy: 0.5,
        imagesPerSecond: 1000,
      };
      reply({ kind: 'network', run, network, device: { limits: {}, features: [], plan: null } });
      reply({ kind: 'progress', run, progress, point: { epoch, loss: 1, accuracy: 0.5 } });
      const accuracy = { accuracy: 0.8, summary: null };
      reply({
        kind: 'epoch',
        run,
        epoch,
        records: [record(epoch)],
        test: { ...accuracy, confusionMatrix: [[1]] },
        files,
      });
      return reply({ kind: 'snapshot', run, state: stateAfter(epoch) });
    },
    /** A training ends. */
    finish({ stopped = false, accuracy = 0.9 } = {}) {
      return reply({
        kind: 'result',
        run: state.run,
        report: reportOf(accuracy),
        files,
        state: stateAfter(3),
        stopped,
        notice: '',
        mistakes: [],
      });
    },
  };
}

describe('an experiment', () => {
  const other: Texts = { ...fields, train: '500', hidden: '' };

  test('sets the fields and the address, and asks for its images', () => {
    const at = page();
    at.arrive();
    at.tell({ kind: 'experiment', texts: other });
    expect(at.state.fields).toEqual(other);
    expect(at.kinds.slice(-2)).toEqual(['address', 'send']);
    expect(at.last).toMatchObject({ kind: 'data', source: { kind: 'synthetic', train: 500 } });
  });

  test('changes nothing while a training runs', () => {
    const at = page();
    at.arrive();
    at.press('train');
    const before = at.state;
    expect(at.tell({ kind: 'experiment', texts: other })).toBe(before);
  });
});

describe('what the page knows of several networks', () => {
  test('grows by an epoch of each, and is not doubled where an epoch is told again', () => {
    const at = page({ ...fields, networks: '2' });
    at.arrive();
    at.press('train');
    const told = (epoch: number, losses: readonly number[]) =>
      at.reply({
        kind: 'epoch',
        run: at.state.run,
        epoch,
        records: losses.map((loss) => record(epoch, loss)),
        test: { accuracy: 0.5, summary: null, confusionMatrix: [[1]] },
        files,
      });
    told(1, [1, 1]);
    told(2, [1, 1]);
    const { shown } = told(2, [0.5, 1]);
    expect(historiesOf(shown)).toEqual([
      [record(1), record(2, 0.5)],
      [record(1), record(2)],
    ]);
    expect(divergedText(shown)).toBe('');
    expect(keptText(shown)).toMatch(/2 epochs/);
  });

  test('leaves out those that diverged, also in the last update, and says how many', () => {
    const at = page({ ...fields, networks: '2' });
    at.arrive();
    at.press('train');
    at.trainEpoch();
    expect(divergedText(at.state.shown)).toBe('; 1 of 2 networks diverged');
    const { shown } = at.reply({
      kind: 'result',
      run: at.state.run,
      report: reportOf(0.9, [true, true, false]),
      files,
      state: null,
      stopped: false,
      notice: '',
      mistakes: [],
    });
    expect(divergedText(shown)).toBe('; 2 of 3 networks diverged');
  });
});

describe('at the start', () => {
  test('the images and the network that comes with the page are asked for at once', () => {
    expect(page().requests.map(({ kind }) => kind)).toEqual(['load-shipped', 'data']);
  });

  test('where a field is wrong, the network is there all the same', () => {
    const at = page({ ...fields, hidden: '128 64' });
    expect(at.requests.map(({ kind }) => kind)).toEqual(['load-shipped']);
    expect(at.state.status).toBe('Correct the marked fields to begin');
  });

  test('without WebGPU the network answers, and no training is taken', () => {
    const at = page();
    at.tell({ kind: 'no-webgpu', problem: { code: 'no-adapter', message: 'No.', nextStep: 'Try.' } });
    at.arrive();
    expect(at.state).toMatchObject({
      phase: 'error',
      isBroken: true,
      shown: { onProcessor: true, summary: network },
    });
    at.press('train');
    expect(at.requests.some(({ kind }) => kind === 'train')).toBe(false);
  });
});

describe('a training', () => {
  test('replaces the network that came with the page, and has its name', () => {
    const at = page();
    at.arrive();
    at.press('train');
    expect(at.last).toMatchObject({ kind: 'train', epochs: 3, from: null, settings: { hidden: [32] } });
    expect(at.state.shown).toMatchObject({
      origin: { kind: 'trained' },
      summary: undefined,
      report: undefined,
    });
  });

  test('is not renamed by fields that are changed after it', () => {
    const at = page();
    at.arrive();
    at.press('train');
    at.trainEpoch();
    at.finish();
    const { shown } = at.tell({
      kind: 'fields',
      texts: { ...fields, hidden: '64', epochs: '30' },
      settled: true,
    });
    expect(shown.texts?.hidden).toBe('32');
    expect(shown.epochs).toBe(3);
    expect(at.state.phase).toBe('done');
  });

  test('answers of an earlier one are ignored', () => {
    const at = page();
    at.arrive();
    at.press('train');
    const { run } = at.state;
    at.trainEpoch();
    at.press('reset');
    const { state } = at;
    expect(at.reply({ kind: 'paused', run })).toBe(state);
  });

  test('goes on to its epochs after a stop, and by ten more at its end, with its own settings', () => {
    const at = page();
    at.arrive();
    at.press('train');
    at.trainEpoch();
    at.finish({ stopped: true });
    at.tell({ kind: 'fields', texts: { ...fields, lr: '5' }, settled: true });
    at.press('continue');
    expect(at.last).toMatchObject({ kind: 'train', epochs: 3, settings: { learningRate: 0.001 } });
    expect(at.last).toHaveProperty('from.spec');
    at.finish();
    at.press('more');
    expect(at.last).toMatchObject({ kind: 'train', epochs: 13 });
    expect(at.state.shown.networks[0]?.history).toHaveLength(3);
  });

  test('does not go on with other images', () => {
    const at = page();
    at.arrive();
    at.press('train');
    at.trainEpoch();
    at.finish();
    at.tell({ kind: 'fields', texts: { ...fields, data: 'mnist' }, settled: true });
    at.reply({ kind: 'data', id: at.state.imagesRequest, data: { ...data, name: 'mnist' }, notice: '' });
    const before = at.requests.length;
    at.press('more');
    expect(at.requests).toHaveLength(before);
  });

  test('that was begun with other images does not go on, and all is as before', () => {
    const at = page();
    at.arrive();
    at.press('train');
    at.trainEpoch();
    const { shown } = at.finish({ stopped: true });
    at.press('continue');
    expect(at.state.shown.report).toBeUndefined();
    const asked = at.requests.length;
    at.reply({ kind: 'other-images', run: at.state.run });
    expect(at.state.shown).toEqual(shown);
    expect(at.state.phase).toBe('stopped');
    expect(at.state.imagesNote).toEqual({
      message:
        'The images of synthetic digits are not those that this training was begun with, so it does not go on.',
      nextStep: 'Give the page those images to go on, or press "Start again" to train on these.',
      manner: 'wrong',
    });
    expect(at.requests, 'its network still answers').toHaveLength(asked);
    at.press('continue');
    expect(at.last).toHaveProperty('from.spec');
  });

  describe('that a reload interrupted, of other images than are here', () => {
    const interrupted = () => {
      const first = page();
      first.arrive();
      first.press('train');
      return first.trainEpoch().shown;
    };
    const reloaded = (shown: Shown) => {
      const at = page();
      at.tell({
        kind: 'found',
        kept: [],
        unfinished: { version: 5, tab: '', texts: fields, shown },
        ownFiles: undefined,
      });
      at.reply({ kind: 'data', id: at.state.imagesRequest, data, notice: '' });
      at.reply({ kind: 'other-images', run: at.state.run });
      return at;
    };

    test('is shown as it was, its network is loaded, and it can go on once they are here', () => {
      const shown = interrupted();
      const at = reloaded(shown);
      expect(at.state).toMatchObject({ phase: 'stopped', imagesNote: { manner: 'wrong' } });
      expect(historiesOf(at.state.shown)).toEqual(historiesOf(shown));
      expect(at.last).toMatchObject({ kind: 'load', bytes: files.model });
      const { run } = at.state;
      at.reply({ kind: 'network', run, network, device: null });
      const loaded = { ...{ report: null, files, state: null, stopped: false }, notice: '', mistakes: [] };
      at.reply({ kind: 'result', run, ...loaded });
      expect(at.state.phase).toBe('stopped');
      expect(at.kinds).not.toContain('keep-unfinished');
      at.tell({ kind: 'fields', texts: { ...fields, train: '500' }, settled: true });
      at.reply({ kind: 'data', id: at.state.imagesRequest, data: { ...data, train: 500 }, notice: '' });
      expect(resumable(at.state), 'of other images').toBeNull();
      at.tell({ kind: 'fields', texts: fields, settled: true });
      at.reply({ kind: 'data', id: at.state.imagesRequest, data, notice: '' });
      expect(at.state.phase).toBe('ready');
      at.press('continue');
      expect(at.last).toMatchObject({ kind: 'train', epochs: 3, from: shown.state });
    });

    test('and before its first epoch was over, is left to the next reload', () => {
      const at = reloaded({ ...interrupted(), files: NO_FILES });
      expect(at.last).toMatchObject({ kind: 'load-shipped', run: at.state.run });
      expect(at.state.shown.origin.kind).toBe('shipped');
      expect(at.state.imagesNote.nextStep).toMatch(/and reload it, or press "Train"/);
      expect(at.kinds).not.toContain('keep-unfinished');
    });
  });

  test('that a reload interrupted goes on from its last snapshot, with its curves', () => {
    const first = page();
    first.arrive();
    first.press('train');
    const { shown } = first.trainEpoch();
    expect(first.kinds).toContain('keep-unfinished');
    const second = page({ ...fields, hidden: '64' });
    second.tell({
      kind: 'found',
      kept: [],
      unfinished: { version: 5, tab: '', texts: fields, shown },
      ownFiles: undefined,
    });
    expect(second.state).toMatchObject({ phase: 'training', fields: { hidden: '32' } });
    expect(second.last).toMatchObject({ kind: 'train', epochs: 3 });
    expect(second.state.shown.running).toEqual(shown.running);
    // The snapshot may come before what is told of its epoch.
    const early = page();
    const before = { ...shown, networks: [{ history: [], diverged: false }] };
    early.tell({
      kind: 'found',
      kept: [],
      unfinished: { version: 5, tab: '', texts: fields, shown: before },
      ownFiles: undefined,
    });
    expect(historiesOf(early.state.shown)).toEqual([[record(1)]]);
  });
});

describe('what was on the page before', () => {
  const reset = () => {
    const at = page();
    at.arrive();
    at.press('train');
    at.trainEpoch();
    at.finish();
    return at;
  };

  test.each(['reset', 'train'] as const)('comes back after %s', (button) => {
    const at = reset();
    const { report } = at.state.shown;
    at.press(button);
    if (button === 'train') {
      at.trainEpoch();
      at.finish({ accuracy: 0.5 });
    }
    at.press('undo');
    expect(at.last).toMatchObject({ kind: 'load', bytes: files.model });
    at.reply({
      kind: 'network',
      run: at.state.run,
      network,
      device: { limits: {}, features: [], plan: null },
    });
    at.finish();
    expect(at.state.shown.report).toBe(report);
    expect(at.state).toMatchObject({ phase: 'done', status: 'Restored: 90.00 % of 300 test images right' });
  });

  test('and can go on then', () => {
    const at = reset();
    at.press('reset');
    at.press('undo');
    at.reply({
      kind: 'network',
      run: at.state.run,
      network,
      device: { limits: {}, features: [], plan: null },
    });
    at.finish();
    at.press('more');
    expect(at.last).toMatchObject({ kind: 'train', epochs: 13 });
  });

  test('a file that is no model changes nothing but a line', () => {
    const at = reset();
    const { shown } = at.state;
    at.tell({ kind: 'model', name: 'cat.png', bytes: Uint8Array.of(7) });
    const problem = { code: 'bad-model' as const, message: 'This is no model.', nextStep: 'Choose one.' };
    at.reply({ kind: 'problem', run: at.state.run, problem });
    expect(at.state.shown).toBe(shown);
    expect(at.state.fileTrouble).toBe(problem);
  });
});

describe('networks that still answer after others were refused', () => {
  const lost = { code: 'device-lost' as const, message: 'The device was lost.', nextStep: '' };
  const refuse = (at: ReturnType<typeof page>) => {
    at.tell({ kind: 'model', name: 'cat.png', bytes: Uint8Array.of(7) });
    const problem = { code: 'bad-model' as const, message: 'This is no model.', nextStep: 'Choose one.' };
    at.reply({ kind: 'problem', run: at.state.run, problem });
  };

  test('tell that their device is lost: after a bad file, and after a training on other images', () => {
    for (const refusal of ['bad file', 'other images']) {
      const at = page();
      at.arrive();
      at.press('train');
      const { run } = at.state;
      at.trainEpoch();
      at.finish({ stopped: true });
      if (refusal === 'bad file') {
        refuse(at);
      } else {
        at.press('continue');
        at.reply({ kind: 'other-images', run: at.state.run });
      }
      expect(at.reply({ kind: 'problem', run, problem: lost }).isBroken, refusal).toBe(true);
    }
  });

  test('show their mistakes, and those on their way are those that come with the page', () => {
    const at = page();
    refuse(at);
    const { shown, run } = at.arrive();
    expect(shown).toMatchObject({ origin: { kind: 'shipped' }, summary: network });
    refuse(at);
    expect(at.reply({ kind: 'mistakes', run, mistakes: [{} as never] }).shown.mistakes).toHaveLength(1);
  });

  test('have a number that no later training has', () => {
    const at = page();
    at.arrive();
    refuse(at);
    const { runs } = at.state;
    expect(at.press('train').run).toBe(runs + 1);
  });
});

test('a run with wrong labels that comes back is tested again on the images that are here', () => {
  const restored = (name: string, texts: Texts) => {
    const at = page();
    at.arrive();
    const share = Number(texts.noise);
    const report = { ...reportOf(), dataset: { name, train: 2000, test: 300 } };
    const config = share > 0 ? { labelNoise: { share, seed: 1 } } : {};
    const shown = {
      ...unknown({ kind: 'trained', at: null }, 3, 1),
      report: { ...report, config } as RunReport,
      files,
    };
    at.tell({
      kind: 'restore',
      run: { version: 5, id: '1', at: new Date(1), texts, shown, stopped: false },
    });
    return at.requests.find(({ kind }) => kind === 'load');
  };
  const noisy = 'synthetic, 20 % of training labels wrong';
  expect(restored(noisy, { ...fields, noise: '0.2' })).toMatchObject({ evaluate: true });
  expect(restored('synthetic', fields)).toMatchObject({ evaluate: true });
  expect(restored('mnist', { ...fields, data: 'mnist' }), 'on its way').toMatchObject({ evaluate: true });
  expect(restored('letters', { ...fields, data: 'files' })).toMatchObject({ evaluate: false });
});

test('what a step has its share of is measured again by a new worker where it could not be', () => {
  const at = page();
  at.arrive();
  expect(at.reply({ kind: 'floor', floor: null, failed: true }).machine.floor).toBeNull();
  expect(at.press('restart').machine.floor).toBeUndefined();
});

test('the worst mistakes of the network that comes with the page come after it, and are no others', () => {
  const at = page();
  at.arrive();
  const { run } = at.state;
  const mistake = {
    pixels: new Uint8Array(),
    label: 4,
    predicted: 9,
    probability: 0.9,
    trueProbability: 0.1,
  };
  expect(at.reply({ kind: 'mistakes', run, mistakes: [mistake] }).shown.mistakes).toEqual([mistake]);
  at.press('train');
  expect(at.reply({ kind: 'mistakes', run, mistakes: [mistake] }).shown.mistakes).toEqual([]);
});

test('overfitting is told where all networks do, and since when all of them do', () => {
  const overfitted = (from: number) =>
    Array.from({ length: 12 }, (_, i) => ({
      ...record(i + 1, 1 / (i + 1)),
      valLoss: i + 1 < from ? 2 - i / 10 : 1 + (i + 1 - from) / 10,
    }));
  const learning = overfitted(13);
  expect(overfittingIn([overfitted(4), overfitted(6)])).toMatch(
    /^Overfitting: since epoch 6 the validation loss rises/,
  );
  expect(overfittingIn([overfitted(4), learning])).toBe('');
  expect(overfittingIn([])).toBe('');
});

describe('a loaded network', () => {
  test('has the name of its file', () => {
    const at = page();
    at.arrive();
    at.tell({ kind: 'model', name: 'mine.safetensors', bytes: Uint8Array.of(7) });
    at.reply({
      kind: 'network',
      run: at.state.run,
      network,
      device: { limits: {}, features: [], plan: null },
    });
    expect(at.state.shown).toMatchObject({
      origin: { kind: 'file', name: 'mine.safetensors' },
      report: undefined,
      files: NO_FILES,
    });
  });

  test('is not taken in the middle of a training', () => {
    const at = page();
    at.arrive();
    at.press('train');
    const before = at.requests.length;
    at.tell({ kind: 'model', name: 'mine.safetensors', bytes: Uint8Array.of(7) });
    expect(at.requests).toHaveLength(before);
    expect(at.state.fileTrouble).toEqual({ message: 'Stop the training first.', nextStep: '' });
  });
});

describe('images', () => {
  test('that are none leave those that were there', () => {
    const at = page();
    at.arrive();
    at.tell({ kind: 'files', own: { kind: 'idx', name: 'your files', files: [] } });
    const problem = { code: 'bad-data' as const, message: 'No dataset.', nextStep: 'Choose four files.' };
    at.reply({ kind: 'no-data', id: at.state.imagesRequest, problem });
    expect(at.state.images?.data).toBe(data);
    expect(at.state.fields.data).toBe('synthetic');
    expect(at.state.imagesNote).toEqual({ ...problem, manner: 'wrong' });
  });

  test('`?epochs=30` is where the axis ends, before the first training too', () => {
    expect(initialState({ ...fields, epochs: '30' }, 'https://host.test/folder/').shown.epochs).toBe(30);
    const at = page();
    expect(at.tell({ kind: 'fields', texts: { ...fields, epochs: '40' }, settled: false }).shown.epochs).toBe(
      40,
    );
  });
});

describe('the runs that are kept', () => {
  const run = (id: number, accuracy: number): KeptRun => {
    const shown: Shown = {
      ...unknown({ kind: 'trained', at: null }, 3, 1),
      report: reportOf(accuracy),
      files,
    };
    return { version: 5, id: String(id), at: new Date(id), texts: fields, shown, stopped: false };
  };

  test('are the last ten, and the best one however old it is', () => {
    let kept: readonly KeptRun[] = [];
    for (let i = 0; i < 15; i++) kept = withRun(kept, run(i, i === 2 ? 0.99 : 0.5));
    expect(kept.map(({ id }) => id)).toEqual(['14', '13', '12', '11', '10', '9', '8', '7', '6', '2']);
  });

  test('take no more room than they may', () => {
    const heavy = (id: number): KeptRun => {
      const one = run(id, 0.5);
      return { ...one, shown: { ...one.shown, files: { ...files, model: new Uint8Array(50 * 2 ** 20) } } };
    };
    let kept: readonly KeptRun[] = [];
    for (let i = 0; i < 5; i++) kept = withRun(kept, heavy(i));
    expect(kept.map(({ id }) => id)).toEqual(['4', '3']);
  });

  test('end with the run that ended last', () => {
    const at = page();
    at.arrive();
    at.press('train');
    at.trainEpoch();
    expect(at.state.kept).toHaveLength(0);
    at.finish();
    expect(at.state.kept).toHaveLength(1);
    expect(at.kinds.slice(-2)).toEqual(['keep', 'keep-unfinished']);
  });
});

describe('files with which the page can do nothing', () => {
  test('are named and change nothing else; taking others, or closing the line, ends that', () => {
    const it = page();
    const before = it.arrive();
    const asked = it.requests.length;
    const trouble = { message: 'cat.pdf is a PDF.', nextStep: '' };
    expect(it.tell({ kind: 'refused', trouble })).toEqual({ ...before, refusal: trouble });
    expect(it.requests).toHaveLength(asked);
    expect(it.tell({ kind: 'refused', trouble: undefined })).toEqual(before);

    it.tell({ kind: 'refused', trouble });
    expect(
      it.tell({ kind: 'model', name: 'net.safetensors', bytes: Uint8Array.of(1) }).refusal,
    ).toBeUndefined();
    it.tell({ kind: 'refused', trouble });
    expect(
      it.tell({ kind: 'files', own: { kind: 'idx', name: 'your files', files: [] } }).refusal,
    ).toBeUndefined();
  });
});

describe("the user's files", () => {
  const own: OwnFiles = {
    kind: 'pictures',
    name: 'letters',
    files: [{ path: 'letters/a/1.png', file: new File(['1'], '1.png') }],
  };
  const letters: DataSummary = { ...data, name: 'letters', classNames: ['a', 'b'] };

  test('are kept once they are a dataset, and not before', () => {
    const at = page();
    at.arrive();
    at.tell({ kind: 'files', own });
    expect(at.kinds).not.toContain('keep-files');
    at.reply({ kind: 'data', id: at.state.imagesRequest, data: letters, notice: 'Divided.' });
    expect(at.kinds).toContain('keep-files');
    expect(at.state.fields.data).toBe('files');
    const { imagesNote } = at.tell({ kind: 'files-not-kept', failure: 'there is no room' });
    expect(imagesNote.message).toBe(
      'Divided. Your files are not kept for your next visit: there is no room.',
    );
    at.tell({ kind: 'files', own: { ...own } });
    at.reply({ kind: 'data', id: at.state.imagesRequest, data: letters, notice: '' });
    expect(at.tell({ kind: 'files-not-kept', failure: 'there is no room' }).imagesNote).toEqual({
      message: 'Your files are not kept for your next visit: there is no room.',
      nextStep: '',
      manner: 'hint',
    });
  });

  test('are taken again after a reload, without asking for MNIST, and are not kept again', () => {
    const at = page({ ...fields, data: 'files' });
    expect(at.requests.map(({ kind }) => kind)).toEqual(['load-shipped']);
    expect(at.state.status).toBe('Reading files');
    at.tell({ kind: 'found', kept: [], unfinished: undefined, ownFiles: own });
    expect(at.last).toMatchObject({ kind: 'data', source: { kind: 'files', own } });
    at.reply({ kind: 'data', id: at.state.imagesRequest, data: letters, notice: '' });
    expect(at.state).toMatchObject({ images: { data: letters }, fields: { data: 'files' } });
    expect(at.kinds).not.toContain('keep-files');
  });

  test('are replaced by MNIST where they can no longer be read', () => {
    const at = page({ ...fields, data: 'files' });
    at.tell({ kind: 'found', kept: [], unfinished: undefined, ownFiles: own });
    const problem = { code: 'bad-data' as const, message: 'Gone.', nextStep: 'Choose them again.' };
    at.reply({ kind: 'no-data', id: at.state.imagesRequest, problem });
    expect(at.last).toMatchObject({ kind: 'data', source: { kind: 'mnist' } });
    expect(at.state).toMatchObject({
      fields: { data: 'mnist' },
      imagesNote: { message: 'Gone.', nextStep: 'Choose them again.' },
    });
  });

  test('are replaced by MNIST where the browser no longer has them', () => {
    const at = page({ ...fields, data: 'files' });
    at.tell({ kind: 'found', kept: [], unfinished: undefined, ownFiles: undefined });
    expect(at.last).toMatchObject({ kind: 'data', source: { kind: 'mnist' } });
  });

  test('come back for a training that a reload interrupted; without them it does not go on', () => {
    const first = page();
    first.arrive();
    first.press('train');
    const { shown } = first.trainEpoch();
    const texts = { ...fields, data: 'files' };
    const unfinished = { version: 5, tab: '', texts, shown } as const;
    const second = page(texts);
    second.tell({ kind: 'found', kept: [], unfinished, ownFiles: own });
    expect(second.requests.map(({ kind }) => kind)).toEqual(['load-shipped', 'data', 'train']);
    const third = page(texts);
    third.tell({ kind: 'found', kept: [], unfinished, ownFiles: undefined });
    expect(third.requests.map(({ kind }) => kind)).toEqual(['load-shipped', 'data']);
  });

  test('are kept only where they are few and small enough', () => {
    const of = (size: number, count: number): OwnFiles => ({
      ...own,
      files: Array.from({ length: count }, () => ({ path: '', file: { size } as File })),
    });
    expect(excess(of(2 ** 20, 128))).toBe('');
    expect(excess(of(2 ** 20, 129))).toMatch(/128 MiB/);
    expect(excess(of(1, 20_001))).toMatch(/20000/);
  });
});
