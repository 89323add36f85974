import { describe, expect, test } from 'vitest';
import { signed, spokenText, unitsOfText } from '../../demo/page/evidence-text.ts';
import type { Reply, WeightImages } from '../../demo/protocol.ts';
import { createInside, type Opened } from '../../demo/worker/inside.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { evidence, excitation, outgoingWeights } from '../../src/model/evidence.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { tensorShapes } from '../../src/model/model.ts';
import { mlp } from '../../src/model/spec.ts';
import { randomData } from '../support/random.ts';

const SHAPE = { height: 4, width: 3 };
const COUNT = 3000;
const random = randomData(3);
const samples = {
  images: random.bytes(COUNT * 12),
  labels: random.bytes(COUNT, 2),
  count: COUNT,
};
const data: Dataset = {
  name: 'clothes',
  shape: SHAPE,
  classes: 2,
  classNames: ['Trouser', 'Coat'],
  train: samples,
  test: samples,
};

function opened(hidden: readonly number[] = [6]): Opened {
  const model = initialModel(mlp({ inputs: 12, hidden, classes: 2 }), 1);
  return { model, image: SHAPE, classNames: ['Trouser', 'Coat'], network: null };
}

function started(images: Dataset | undefined = data) {
  const replies: Reply[] = [];
  const inside = createInside(
    (reply) => replies.push(reply),
    () => images,
  );
  return { inside, replies };
}

describe("the worker's look into a network", () => {
  test('shows the weights, the strongest colour for the strongest but a few', () => {
    const { inside, replies } = started();
    const network = opened();
    inside.open(7, network);
    const [reply] = replies;
    expect(reply).toMatchObject({
      kind: 'weights',
      run: 7,
      weights: { look: 1, hiddenLayers: 1, units: 6, shown: 6, classNames: ['Trouser', 'Coat'] },
    });
    const { values, scale } = (reply as Extract<Reply, { kind: 'weights' }>).weights;
    for (const [i, weight] of network.model.tensors[0]?.data.entries() ?? []) {
      const expected = Math.min(1, Math.max(-1, weight / scale));
      expect(Math.abs(((values[i] ?? 0) - 128) / 127 - expected)).toBeLessThanOrEqual(0.5 / 127 + 1e-6);
    }
  });

  test('keeps images of a bounded number of weights of a wide network', () => {
    const { inside, replies } = started();
    const spec = mlp({ inputs: 4096, hidden: [600], classes: 2 });
    const tensors = tensorShapes(spec).map(({ name, shape }) => {
      return { name, shape, data: new Float32Array(shape.reduce((product, axis) => product * axis)) };
    });
    const model = { spec, tensors };
    inside.open(1, { ...opened(), model, image: { height: 64, width: 64 } });
    const { weights } = replies[0] as Extract<Reply, { kind: 'weights' }>;
    expect(weights).toMatchObject({ units: 600, shown: 512 });
    expect(weights.values.length).toBe(512 * 4096);
  });

  test('explains the verdict on a drawing, of the network as it was looked at last', () => {
    const { inside, replies } = started();
    const { model } = opened();
    inside.open(1, opened());
    inside.open(1, opened());
    const pixels = samples.images.slice(0, 12);
    inside.explain(pixels);
    const { label, lead, inputs, hidden } = evidence(model, pixels);
    expect(replies.at(-1)).toEqual({
      kind: 'evidence',
      explanation: {
        look: 2,
        label,
        lead,
        ink: pixels,
        pixels: Float32Array.from(inputs.contributions),
        bias: inputs.bias,
        activations: Float32Array.from(hidden[0]?.values ?? []),
        units: { contributions: Float32Array.from(hidden[0]?.contributions ?? []), bias: hidden[0]?.bias },
      },
    });
  });

  test('answers also where there is no network, or one of other inputs', () => {
    const { inside, replies } = started();
    inside.explain(new Uint8Array(12));
    inside.open(1, opened());
    inside.explain(new Uint8Array(13));
    inside.close();
    inside.explain(new Uint8Array(12));
    const answers = replies.filter(({ kind }) => kind === 'evidence');
    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ kind: 'evidence', explanation: null })));
  });

  test('finds the test images that excite a unit most and least, with the names of their classes', async () => {
    const { inside, replies } = started();
    const { model } = opened();
    inside.open(1, opened());
    await inside.study({ kind: 'unit', id: 1, unit: 4, pixels: null });
    const excitations = [...excitation(model, 4, samples.images)].sort((a, b) => b - a);
    const reply = replies.at(-1);
    if (reply?.kind !== 'unit' || !reply.detail) throw new Error('There is no answer.');
    const { most, least, outgoing } = reply.detail;
    expect(most.map(({ excitation }) => excitation)).toEqual(excitations.slice(0, 5));
    expect(least.map(({ excitation }) => excitation)).toEqual(excitations.slice(-5).reverse());
    for (const { pixels, name, excitation: told } of [...most, ...least]) {
      expect(excitation(model, 4, pixels)[0]).toBe(told);
      expect(['Trouser', 'Coat']).toContain(name);
    }
    expect(outgoing).toEqual(Float32Array.from(outgoingWeights(model, 4, null) ?? []));
  });

  test('answers about the last unit only, and about none that there is not', async () => {
    const { inside, replies } = started();
    inside.open(1, opened());
    const questions = [1, 2, 3].map((id) => inside.study({ kind: 'unit', id, unit: id, pixels: null }));
    await Promise.all(questions);
    await inside.study({ kind: 'unit', id: 4, unit: 6, pixels: null });
    const answers = replies.filter((reply) => reply.kind === 'unit');
    expect(answers.at(-1)).toEqual({ kind: 'unit', id: 4, detail: null });
    expect(answers.at(-2)).toMatchObject({ id: 3, detail: { unit: 3 } });
  });

  test('knows a unit also without images, or with images of another size', async () => {
    const other = { ...data, shape: { height: 4, width: 4 } };
    for (const images of [undefined, other]) {
      const { inside, replies } = started(images);
      if (!images) inside.close();
      inside.open(1, opened([6, 5]));
      await inside.study({ kind: 'unit', id: 1, unit: 0, pixels: null });
      expect(replies.at(-1)).toMatchObject({ detail: { outgoing: null } });
      await inside.study({ kind: 'unit', id: 2, unit: 0, pixels: samples.images.slice(0, 12) });
      expect(replies.at(-1)).toMatchObject({ detail: { outgoing: { length: 2 } } });
    }
  });
});

describe('what the page says of units', () => {
  test('names those that spoke, the loudest first, and leaves out whispers', () => {
    const says = (...contributions: number[]) => spokenText(Float32Array.from(contributions), 'Coat');
    expect(says(0, 3, 1, 5, 0.1, 2)).toBe('Units 4, 2 and 6 spoke for Coat; none of weight against it.');
    expect(says(1, -2, 0)).toBe('Unit 1 spoke for Coat; unit 2 spoke against it.');
    expect(says(1, -2, -3)).toBe('Unit 1 spoke for Coat; units 3 and 2 spoke against it.');
    expect(says(0, 0)).toBe('No unit of weight spoke for Coat; none of weight against it.');
  });

  test('writes signs, but none before zero', () => {
    expect([1.254, -0.4, 0.004, -0.004].map((value) => signed(value))).toEqual([
      '+1.25',
      '−0.40',
      '0.00',
      '0.00',
    ]);
  });

  test('says which units of which network they are', () => {
    const weights = { units: 100, shown: 100, hiddenLayers: 1, network: null } as WeightImages;
    const network = { index: 2, of: 4, best: true };
    expect(unitsOfText(weights)).toBe('All 100 units');
    expect(unitsOfText({ ...weights, network })).toBe('All 100 units of network 3, the best of 4');
    expect(unitsOfText({ ...weights, network: { ...network, best: false } })).toBe(
      'All 100 units of network 3 of 4',
    );
    expect(unitsOfText({ ...weights, units: 9000, hiddenLayers: 2 })).toBe(
      'The first 100 of 9,000 units of the first of 2 hidden layers',
    );
    expect(unitsOfText({ ...weights, units: 10, shown: 10, hiddenLayers: 0 })).toBe('All 10 templates');
  });
});
