import { describe, expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { floats } from '../../src/model/floats.ts';
import { initialModel } from '../../src/model/initialise.ts';
import type { Tensor } from '../../src/model/model.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/model/safetensors.ts';
import {
  type Checkpoint,
  type CheckpointNotes,
  decodeCheckpoint,
  encodeCheckpoint,
} from '../../src/train/checkpoint.ts';
import type { TrainerState } from '../../src/train/state.ts';
import { failure } from '../support/failure.ts';
import { CHECKPOINT_NOTES, trainerState } from '../support/trainer-state.ts';

const STATE = trainerState();
const WHOLE = encodeCheckpoint(STATE, CHECKPOINT_NOTES);
const NOTE = 'shadegrad.checkpoint';

/** Its JSON, to be parsed and changed, and its tensors. */
const { JSON_TEXT, TENSORS } = (() => {
  const { tensors, metadata } = decodeSafetensors(WHOLE);
  return { JSON_TEXT: metadata[NOTE] ?? '', TENSORS: tensors.map(floats) };
})();

function file(json: unknown, tensors: readonly Tensor[] = TENSORS): Uint8Array<ArrayBuffer> {
  return encodeSafetensors({ tensors, metadata: { [NOTE]: JSON.stringify(json) } });
}

/** The place of a value in parsed JSON: its object, as one whose fields can be set, and its field. */
type Place = readonly [parent: Record<string, unknown>, name: string];

/** All places in parsed JSON, of the outermost first. */
function places(json: unknown): Place[] {
  if (typeof json !== 'object' || json === null) return [];
  const parent = json as Record<string, unknown>;
  return Object.keys(parent).flatMap((name): Place[] => [[parent, name], ...places(parent[name])]);
}

/** The checkpoint with the value at `path`, such as `networks.0.seed`, replaced. */
function changed(path: string, value: unknown): Uint8Array<ArrayBuffer> {
  const json: unknown = JSON.parse(JSON_TEXT);
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce(
    (found, name) => found[name] as Record<string, unknown>,
    json as Record<string, unknown>,
  );
  expect(parent).toHaveProperty([last]);
  parent[last] = value;
  return file(json);
}

describe('a checkpoint', () => {
  test('of an older version, which does not tell what trained before, is read', () => {
    const json = JSON.parse(JSON_TEXT);
    delete json.notes.earlier;
    expect(decodeCheckpoint(file(json)).notes).toEqual({ ...CHECKPOINT_NOTES, earlier: [] });
  });

  test('with changes of the learning rate keeps them, and is of a format that older versions refuse', () => {
    const settings = { ...STATE.settings, rateChanges: [{ step: 17, learningRate: 1 / 3 }] };
    const bytes = encodeCheckpoint({ ...STATE, settings }, CHECKPOINT_NOTES);
    expect(decodeCheckpoint(bytes).state.settings).toStrictEqual(settings);
    const formats = [bytes, WHOLE].map(
      (each) => JSON.parse(decodeSafetensors(each).metadata[NOTE] ?? '').format,
    );
    expect(formats).toEqual([2, 1]);
  });

  test.each(['adam', 'adamw', 'sgd'] as const)(
    'of %s gives back the state and the notes to the bit',
    (optimizer) => {
      const state = trainerState({ optimizer });
      const bytes = encodeCheckpoint(state, CHECKPOINT_NOTES);
      // toStrictEqual tells -0 from 0, and numbers apart that differ in their last bit.
      expect(decodeCheckpoint(bytes)).toStrictEqual({ state, notes: CHECKPOINT_NOTES });
      expect(encodeCheckpoint(state, CHECKPOINT_NOTES)).toEqual(bytes);
    },
  );

  test('keeps every bit of weights: NaNs with their payloads, -0, infinities', () => {
    const words = Uint32Array.of(
      0x7fc00001,
      0xffc12345,
      0x7f800001,
      0x80000000,
      0x7f800000,
      0xff800000,
      1,
      0,
    );
    const [round, ...others] = STATE.rounds;
    const filled = (layers: readonly Float32Array[]) =>
      layers.map(({ length }) => {
        const bits = Uint32Array.from({ length }, (_, i) => words[i % words.length] ?? 0);
        return new Float32Array(bits.buffer);
      });
    if (!round) throw new Error('the state has no round');
    const state: TrainerState = {
      ...STATE,
      rounds: [{ ...round, parameters: filled(round.parameters), moments: filled(round.moments) }, ...others],
    };
    const bits = ({ rounds }: TrainerState) =>
      rounds
        .flatMap((run) => [...run.parameters, ...run.moments])
        .map(({ buffer }) => new Uint32Array(buffer));
    const bytes = encodeCheckpoint(state, CHECKPOINT_NOTES);
    // As Node reads it: a Buffer that begins at an odd place of a larger one.
    const larger = Buffer.alloc(bytes.length + 3);
    larger.set(bytes, 3);
    expect(bits(decodeCheckpoint(larger.subarray(3)).state)).toEqual(bits(state));
  });

  test('has the tensors under the names and shapes that the format states', () => {
    const shapes = decodeSafetensors(WHOLE).tensors.map(({ name, shape }) => `${name} [${shape}]`);
    expect(shapes).toEqual([
      ...[0, 1].flatMap((round) => [
        `rounds.${round}.parameters.0 [3,3,4]`,
        `rounds.${round}.parameters.1 [3,4,4]`,
        `rounds.${round}.moments.0 [2,3,3,4]`,
        `rounds.${round}.moments.1 [2,3,4,4]`,
      ]),
      'best.0.parameters.0 [3,4]',
      'best.0.parameters.1 [4,4]',
    ]);
  });

  test.each([
    { name: 'constant' },
    { name: 'cosine', epochs: 20 },
    { name: 'step', epochs: 3, factor: 0.5 },
  ] as const)('keeps the schedule $name', (schedule) => {
    const state = { ...STATE, settings: { ...STATE.settings, schedule } };
    expect(decodeCheckpoint(encodeCheckpoint(state, CHECKPOINT_NOTES)).state.settings).toStrictEqual(
      state.settings,
    );
  });

  test('before the first step, of one network, without what is optional', () => {
    const [network] = STATE.networks;
    const [round] = trainerState({ spec: { inputs: 3, hidden: [], classes: 2 } }).rounds;
    if (!network || !round) throw new Error('the state is empty');
    const third = (layers: readonly Float32Array<ArrayBuffer>[]) =>
      layers.map((layer) => layer.slice(0, layer.length / 3));
    const state: TrainerState = {
      ...STATE,
      spec: { inputs: 3, hidden: [], classes: 2 },
      settings: {
        ...STATE.settings,
        hidden: [],
        learningRate: 1e-3,
        patience: null,
        validationSplit: 0,
        models: 1,
      },
      epoch: 0,
      rounds: [
        {
          t: 0,
          place: 0,
          sums: [{ loss: 0, hits: 0, diverged: null }],
          seconds: 0,
          parameters: third(round.parameters),
          moments: third(round.moments),
        },
      ],
      networks: [{ ...network, history: [], best: null }],
    };
    const notes: CheckpointNotes = { ...CHECKPOINT_NOTES, imageSize: null, initial: null };
    expect(decodeCheckpoint(encodeCheckpoint(state, notes))).toStrictEqual({ state, notes });
  });
});

describe('what could not be read is not written', () => {
  const [round, second] = STATE.rounds;
  const [network] = STATE.networks;
  if (!round || !second || !network) throw new Error('the state is empty');
  const nan = [{ epoch: 1, loss: Number.NaN, accuracy: 0, valLoss: null, valAccuracy: null, seconds: 0 }];
  test.each<[string, TrainerState, RegExp]>([
    ['a loss of NaN', { ...STATE, networks: [{ ...network, history: nan }] }, /history\[0\]\.loss is NaN,/],
    [
      'a patience of NaN, which is not taken for none',
      { ...STATE, settings: { ...STATE.settings, patience: Number.NaN } },
      /patience is NaN,/,
    ],
    [
      'an infinite sum',
      {
        ...STATE,
        rounds: [{ ...round, sums: [{ loss: Number.NEGATIVE_INFINITY, hits: 0, diverged: null }] }],
      },
      /loss is -Infinity,/,
    ],
    ['no round', { ...STATE, rounds: [] }, /rounds is a list of 0/],
    [
      'a layer too few',
      { ...STATE, rounds: [{ ...round, moments: round.moments.slice(1) }, second] },
      /rounds\.0\.moments has 1 layers, and the network 2/,
    ],
    [
      'a layer too long',
      { ...STATE, rounds: [round, { ...second, parameters: second.parameters.toReversed() }] },
      /rounds\.1\.parameters\.0/,
    ],
  ])('%s', (_, state, message) => {
    expect(failure(() => encodeCheckpoint(state, CHECKPOINT_NOTES)).message).toMatch(message);
  });
});

describe('a file that is no checkpoint says what it is', () => {
  const model = encodeModel(initialModel({ inputs: 4, hidden: [3], classes: 2 }, 1), {
    image: { height: 2, width: 2 },
  });
  test.each([
    ['a model of this package', model, /^This is a model, and not/],
    ['an empty file', new Uint8Array(0), /^This is not a whole checkpoint: it is only 0 bytes long\.$/],
    [
      'a model of PyTorch',
      encodeSafetensors({
        tensors: decodeSafetensors(model).tensors.map(floats),
        metadata: { format: 'pt' },
      }),
      /^This is a file of tensors, such as a model, and not/,
    ],
    [
      'a zip archive',
      Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0),
      /^This is not a whole.*zip archive/,
    ],
    [
      'a cut checkpoint',
      WHOLE.subarray(0, -1),
      /^This is not a whole checkpoint: its tensors need \d+ bytes, but it holds \d+\.$/,
    ],
  ])('%s', (_, bytes, message) => {
    const error = failure(() => decodeCheckpoint(bytes));
    expect(error).toMatchObject({ code: 'bad-model', nextStep: expect.stringMatching(/checkpoint/) });
    expect(error.message).toMatch(message);
  });

  test('and no model either: a checkpoint that is read as one', () => {
    const error = failure(() => decodeModel(WHOLE));
    expect(error.code).toBe('bad-model');
    expect(`${error}`).toMatch(/^This is the checkpoint of a training, and not a model\. Go on/);
  });

  test('what is no bytes', () => {
    expect(failure(() => decodeCheckpoint(new Float32Array(3) as unknown as Uint8Array)).code).toBe('usage');
  });
});

describe('a checkpoint that cannot be is a bad-model error', () => {
  const json: unknown = JSON.parse(JSON_TEXT);
  const tensors = TENSORS;
  const other = (index: number, change: Partial<Tensor>) =>
    tensors.map((tensor, i) => (i === index ? { ...tensor, ...change } : tensor));

  test('changed back it is whole', () => {
    expect(decodeCheckpoint(changed('epoch', 3)).state).toStrictEqual(STATE);
    expect(decodeCheckpoint(file(json, tensors.toReversed())).state).toStrictEqual(STATE);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['a later format', changed('format', 3), /^This checkpoint is of format 3, which a later version/],
    ['no format', changed('format', undefined), /its format is missing, and not a number/],
    ['a format of nought', changed('format', 0), /its format is 0/],
    ['JSON that is no object', file(7), /its format is missing/],
    [
      'changes of the learning rate out of order',
      changed('settings', {
        ...STATE.settings,
        rateChanges: [5, 5].map((step) => ({ step, learningRate: 1 })),
      }),
      /settings\.rateChanges\[1\]\.step is not after the one before/,
    ],
    [
      'no JSON',
      encodeSafetensors({ tensors, metadata: { [NOTE]: '{' } }),
      /whole checkpoint: its state is not JSON\.$/,
    ],
    ['no data source', changed('notes.data', null), /its state\.notes\.data is null, and not the text/],
    ['an image without a width', changed('notes.imageSize', { height: 2 }), /imageSize\.width is missing/],
    ['no epochs', changed('notes.epochs', 0), /notes\.epochs is 0/],
    ['weights of no file', changed('notes.initial.file', 1), /initial\.file is 1, and not the text/],
    ['weights without a checksum', changed('notes.initial.sha256', 'f0'), /initial\.sha256 is "f0"/],
    ['no adapter', changed('notes.adapter', null), /adapter is null, and not an object/],
    ['no choice of an adapter', changed('notes.adapter.choice', ''), /the text that belongs there/],
    ['a list as versions', changed('notes.versions', []), /versions\.shadegrad is missing/],
    ['too many classes', changed('spec.classes', 257), /257 classes are too many\.$/],
    ['a width that is no number', changed('spec.hidden', [Number.NaN]), /hidden\[0\] is null/],
    ['settings of another network', changed('settings.hidden', [4]), /those of another network/],
    [
      'an unknown optimizer',
      changed('settings.optimizer', 'lion\u009b'),
      /"lion\ufffd", and not one of adam, /,
    ],
    ['an unknown plan', changed('settings.plan', 'fused-9'), /"fused-9", and not one of fused, /],
    ['a plan that is yet to be chosen', changed('settings.plan', 'auto'), /"auto", and not one of/],
    ['no learning rate', changed('settings.learningRate', []), /a list of 0, and not a list of 1 or more/],
    [
      'a learning rate of 0',
      changed('settings.learningRate', [1, 0]),
      /learningRate\[1\] is 0, and not a number from 1e-30/,
    ],
    ['a negative decay', changed('networks.4.weightDecay', -1), /networks\[4\]\.weightDecay is -1/],
    ['a beta of 1', changed('settings.beta2', 1), /beta2: 1 is out of range\.$/],
    ['an epsilon of 0', changed('settings.epsilon', 0), /epsilon: 0 is out of range/],
    ['an unknown schedule', changed('settings.schedule', { name: 'warm' }), /schedule\.name is "warm"/],
    ['a schedule without its numbers', changed('settings.schedule.factor', undefined), /factor is missing/],
    ['no schedule', changed('settings.schedule', null), /schedule\.name is missing/],
    ['a seed that is not whole', changed('settings.seed', 0.5), /seed is 0\.5, and not a whole number/],
    ['a seed beyond 2^53', changed('networks.0.seed', 2 ** 53), /seed is 9007199254740992/],
    ['a validation split of 2', changed('settings.validationSplit', 2), /validationSplit is 2/],
    ['a patience of 0', changed('settings.patience', 0), /patience is 0/],
    ['another checksum', changed('dataset', 'ABC'), /dataset is "ABC"/],
    ['a negative epoch', changed('epoch', -1), /epoch is -1/],
    [
      'a number that overflows to infinity',
      encodeSafetensors({
        tensors,
        metadata: { [NOTE]: JSON_TEXT.replace(/"loss":[^,]+/, '"loss":1e999') },
      }),
      /sums\[0\]\.loss is Infinity, and not a number/,
    ],
    ['a wrong text', changed('networks.0.stopped', 'false'), /stopped is "false", and not true or false/],
    ['an accuracy of 2', changed('networks.0.history.1.accuracy', 2), /history\[1\]\.accuracy is 2/],
    [
      'a weight decay of 2',
      changed('networks.0.weightDecay', 2),
      /weightDecay is 2, and not a number from 0 to 1/,
    ],
    ['one in the settings', changed('settings.weightDecay', 2), /settings\.weightDecay is 2/],
    ['no networks', changed('networks', []), /networks is a list of 0/],
    [
      'too few networks',
      changed('networks', STATE.networks.slice(0, 3)),
      /its 3 networks do not fill 2 rounds of 3/,
    ],
    [
      'rounds of different sizes',
      changed('rounds.1.sums', [{ loss: 0, hits: 0, diverged: null }]),
      /of different sizes/,
    ],
    [
      'a place after more steps than were trained',
      changed('rounds.1.place', 19),
      /at step 19 of epoch 3 after 18 steps/,
    ],
    ['steps before the first epoch', changed('epoch', 0), /at step 4 of epoch 0 after 18 steps/],
    ['too many steps for the first epoch', changed('epoch', 1), /at step 4 of epoch 1 after 18 steps/],
    ['too few steps for the epoch', changed('epoch', 20), /at step 4 of epoch 20 after 18 steps/],
    ['too many hits', changed('rounds.0.sums.0.hits', 129), /more than the 4 steps/],
    ['a divergence after the last step', changed('rounds.0.sums.2.diverged', 5), /more than the 4 steps/],
    [
      'epochs that are yet to come',
      changed(
        'networks.0.history',
        [1, 2, 3, 4].map((epoch) => ({ ...STATE.networks[0]?.history[0], epoch })),
      ),
      /network 1 contradicts/,
    ],
    ['epochs that are missing', changed('networks.4.history', []), /network 5 contradicts/],
    ['epochs out of order', changed('networks.1.history.0.epoch', 2), /network 2 contradicts/],
    ['half a validation', changed('networks.0.history.0.valLoss', null), /network 1 contradicts/],
    ['a divergence in an epoch to come', changed('networks.1.diverged.epoch', 4), /network 2 contradicts/],
    ['a best epoch that is not in the history', changed('networks.0.best.epoch', 3), /network 1 contradicts/],
    [
      'a best loss that is not in the history',
      changed('networks.0.best.valLoss', 1),
      /network 1 contradicts/,
    ],
    ['early stopping without patience', changed('settings.patience', null), /network 1 contradicts/],
    [
      'a missing tensor',
      file(json, tensors.slice(1)),
      /no tensor rounds\.0\.parameters\.0 of float32 and shape \[3, 3, 4\]/,
    ],
    [
      'another tensor',
      file(json, [...tensors, { name: 'x', shape: [1], data: new Float32Array(1) }]),
      /1 tensors that do not belong/,
    ],
    ['another shape', file(json, other(3, { shape: [3, 2, 4, 4] })), /no tensor rounds\.0\.moments\.1/],
    [
      'the moments of another optimizer',
      changed('settings.optimizer', 'sgd'),
      /moments\.0 of float32 and shape \[1, 3, 3, 4\]/,
    ],
    ['best weights that are missing', file(json, tensors.slice(0, -1)), /no tensor best\.0\.parameters\.1/],
    ['best weights of nobody', changed('networks.0.best', null), /2 tensors that do not belong/],
    [
      'numbers of another type',
      retyped(WHOLE, 'rounds.1.moments.0', 'I32'),
      /no tensor rounds\.1\.moments\.0 of float32/,
    ],
  ])('%s', (_, bytes, message) => {
    const error = failure(() => decodeCheckpoint(bytes));
    expect(error).toMatchObject({ code: 'bad-model', nextStep: expect.stringMatching(/./) });
    expect(error.message).toMatch(message);
  });
});

/** A file whose header says of a tensor that its numbers are of another type, of a name as long. */
function retyped(bytes: Uint8Array, name: string, type: string): Uint8Array {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  const text = header.replace(`"${name}":{"dtype":"F32"`, `"${name}":{"dtype":"${type}"`);
  const changed = bytes.slice();
  changed.set(new TextEncoder().encode(text), 8);
  return changed;
}

describe('damage', () => {
  // A linear congruential generator (Numerical Recipes), so that a failure can be repeated.
  let random = 1;
  const next = (below: number) => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return Math.floor((random / 2 ** 32) * below);
  };
  const pick = <T>(items: readonly T[]): T => items[next(items.length)] as T;
  // As JSON, so that each is one of its own.
  const ODD =
    'null true false 0 -0 -1 1 2 3 0.5 1e-300 1e308 9007199254740992 "" "-0" "NaN" "1" [] {} [[]] [0]';
  const odd = (): unknown => JSON.parse(pick(ODD.split(' ')));

  const damages: Readonly<Record<string, () => Uint8Array>> = {
    'flipped bytes': () => {
      const bytes = WHOLE.slice();
      for (let flips = 1 + next(3); flips > 0; flips--) bytes[next(bytes.length)] = next(256);
      return bytes;
    },
    'a flipped byte of the header': () => {
      const bytes = WHOLE.slice();
      bytes[next(8 + Number(new DataView(WHOLE.buffer).getBigUint64(0, true)))] = next(256);
      return bytes;
    },
    'a cut': () => WHOLE.subarray(0, next(WHOLE.length)),
    'parts that changed places': () => {
      const bytes = WHOLE.slice();
      const length = 1 + next(bytes.length / 4);
      const [from, to] = [next(bytes.length - length), next(bytes.length - length)];
      bytes.set(WHOLE.subarray(from, from + length), to);
      bytes.set(WHOLE.subarray(to, to + length), from);
      return bytes;
    },
    'a field that is missing, another or elsewhere': () => {
      const json: unknown = JSON.parse(JSON_TEXT);
      const all = places(json);
      const [parent, name] = pick(all);
      const [other, otherName] = pick(all);
      const kind = next(4);
      if (kind === 0) delete parent[name];
      else if (kind === 1) parent[name] = structuredClone(other[otherName]);
      else if (kind === 2 && typeof parent[name] === 'number') parent[name] += pick([-1, 1, 0.1, 1e9]);
      else parent[name] = odd();
      return file(json);
    },
    'tensors of another shape or name': () => {
      const damaged = TENSORS.map((tensor) => {
        if (next(4) > 0) return tensor;
        const shape = pick([
          tensor.shape.toReversed(),
          [tensor.data.length],
          [1, ...tensor.shape],
          tensor.shape,
        ]);
        return { ...tensor, shape, name: next(4) > 0 ? tensor.name : `${tensor.name}${next(3)}` };
      });
      if (next(3) === 0) damaged.splice(next(damaged.length), 1);
      return file(JSON.parse(JSON_TEXT), [
        ...new Map(damaged.map((tensor) => [tensor.name, tensor])).values(),
      ]);
    },
  };

  // 20,000 in all; a file that is cut says no more when it is cut more often.
  test.each(Object.entries(damages))(
    '%s: a state that can be written again, or a bad-model error',
    (kind, damage) => {
      let read = 0;
      let refused = 0;
      for (let i = kind === 'a cut' ? 1000 : 3800; i > 0; i--) {
        const bytes = damage();
        let found: Checkpoint;
        try {
          found = decodeCheckpoint(bytes);
        } catch (error) {
          if (!(error instanceof ShadegradError) || error.code !== 'bad-model') throw error;
          refused += 1;
          continue;
        }
        const written = encodeCheckpoint(found.state, found.notes);
        const again = decodeCheckpoint(written);
        expect(Buffer.compare(encodeCheckpoint(again.state, again.notes), written)).toBe(0);
        read += 1;
      }
      expect(refused).toBeGreaterThan(500);
      if (kind !== 'a cut') expect(read).toBeGreaterThan(20);
    },
  );
});
