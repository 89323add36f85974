import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Reply } from '../../demo/protocol.ts';
import { createEpochs, type KeptEpoch, thinned } from '../../demo/worker/epochs.ts';
import { createGate } from '../../demo/worker/gate.ts';
import type { Opened } from '../../demo/worker/inside.ts';
import { createWheel } from '../../demo/worker/wheel.ts';
import { refuse } from '../../src/errors.ts';
import { predictOnCpu, type RateChange, type Trainer } from '../../src/index.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { blobs } from '../support/blobs.ts';

/** Promises that are kept by now have told it. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('the gate of a training', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  /** A training that comes to the gate after each batch, and how often it did and found it closed. */
  function training() {
    const gate = createGate();
    const count = { batches: 0, closed: 0 };
    let ended = false;
    const run = (async () => {
      while (!ended) {
        count.batches += 1;
        await gate.pass(() => {
          count.closed += 1;
        });
        await settled();
      }
    })();
    const end = async () => {
      ended = true;
      gate.open();
      gate.slow(false);
      await vi.advanceTimersByTimeAsync(200);
      await run;
    };
    return { gate, count, end };
  }

  test('is open at first, and training at full speed', async () => {
    const { gate, count, end } = training();
    for (let i = 0; i < 10; i++) await settled();
    expect(gate.pace()).toBe(Number.POSITIVE_INFINITY);
    expect(count.batches).toBeGreaterThan(3);
    expect(count.closed).toBe(0);
    await end();
  });

  test('lets one batch through for each step, and all once it is open', async () => {
    const { gate, count, end } = training();
    gate.close();
    expect(gate.pace()).toBe(1);
    for (let i = 0; i < 5; i++) await settled();
    const { batches } = count;
    expect(count.closed).toBe(1);
    for (let i = 1; i <= 3; i++) {
      gate.step();
      for (let j = 0; j < 5; j++) await settled();
      expect(count).toEqual({ batches: batches + i, closed: 1 + i });
    }
    gate.open();
    for (let i = 0; i < 10; i++) await settled();
    expect(gate.pace()).toBe(Number.POSITIVE_INFINITY);
    expect(count.batches).toBeGreaterThan(batches + 4);
    expect(count.closed).toBe(4);
    // Of a gate that is open there is no step.
    gate.step();
    expect(gate.pace()).toBe(Number.POSITIVE_INFINITY);
    await end();
  });

  test('lets ten batches a second through in slow motion, and is closed and opened in between', async () => {
    const { gate, count, end } = training();
    gate.slow(true);
    expect(gate.pace()).toBe(1);
    await vi.advanceTimersByTimeAsync(100);
    await settled();
    const { batches } = count;
    for (let i = 0; i < 10; i++) {
      await vi.advanceTimersByTimeAsync(100);
      for (let j = 0; j < 3; j++) await settled();
    }
    expect(count.batches - batches).toBeGreaterThanOrEqual(9);
    expect(count.batches - batches).toBeLessThanOrEqual(11);
    gate.close();
    for (let i = 0; i < 3; i++) {
      await vi.advanceTimersByTimeAsync(100);
      await settled();
    }
    expect(count.closed).toBe(1);
    const before = count.batches;
    await vi.advanceTimersByTimeAsync(1000);
    expect(count.batches).toBe(before);
    gate.open();
    await vi.advanceTimersByTimeAsync(100);
    expect(gate.pace()).toBe(1);
    await end();
  });
});

describe('the wheel of a training', () => {
  /** A trainer at a step. */
  function fakeTrainer(rateChanges: readonly RateChange[], step: number): Trainer {
    let changes = rateChanges;
    return {
      get settings() {
        return { rateChanges: changes };
      },
      get rateChanges() {
        return changes.map(({ learningRate }) => ({ step, epoch: 0, before: null, after: learningRate }));
      },
      changeLearningRate(learningRate: number) {
        if (learningRate <= 0) refuse('learning rate', learningRate, 'a number above 0');
        changes = [...changes, { step, learningRate }];
      },
    } as unknown as Trainer;
  }

  test('keeps what was changed, and what is to be changed, from one device to the next', () => {
    const told: Reply[] = [];
    const wheel = createWheel(7, (reply) => told.push(reply));
    expect(wheel.changes).toBeUndefined();
    // While the device is being opened.
    wheel.turn(0.5);
    expect(told).toEqual([]);
    wheel.take(fakeTrainer([], 1));
    expect(wheel.changes).toEqual([{ step: 1, learningRate: 0.5 }]);
    wheel.turn(0.25);
    const changes = [
      { step: 1, learningRate: 0.5 },
      { step: 1, learningRate: 0.25 },
    ];
    expect(wheel.changes).toEqual(changes);
    wheel.take(fakeTrainer(wheel.changes ?? [], 3));
    expect(wheel.changes).toEqual(changes);
    expect(told.map((reply) => 'changes' in reply && reply.changes.length)).toEqual([1, 2, 2]);
    expect(told.at(-1)).toMatchObject({ kind: 'rate', run: 7, problem: null });
  });

  test('says why a rate cannot be, and changes nothing', () => {
    const told: Reply[] = [];
    const wheel = createWheel(7, (reply) => told.push(reply));
    wheel.take(fakeTrainer([], 1));
    wheel.turn(-1);
    expect(wheel.changes).toEqual([]);
    expect(told.at(-1)).toMatchObject({ kind: 'rate', changes: [], problem: { code: 'usage' } });
  });
});

describe('the epochs that are kept', () => {
  const data = blobs({ test: 8 });
  const { labels } = data.test;
  const spec = { inputs: 20, hidden: [4], classes: 3 };
  const BYTES = 4 * (20 * 4 + 4 + 4 * 3 + 3) + 4 * 8 * 3 + 8;

  /** All images are taken for `epoch % 3`. */
  const networksAfter = (epoch: number): KeptEpoch => {
    const model = initialModel(spec, epoch);
    const probabilities = new Float32Array(8 * 3).map((_, i) => (i % 3 === epoch % 3 ? 0.8 : 0.1));
    const predictions = new Uint8Array(8).fill(epoch % 3);
    return {
      epoch,
      models: [model, null],
      shown: { model, image: data.shape, classNames: ['0', '1', '2'], network: null },
      verdict: { data, evaluation: { count: 8, probabilities, predictions } },
      test: { accuracy: epoch / 100, summary: null, confusionMatrix: [] },
    };
  };

  function store(mostBytes?: number) {
    const told: Reply[] = [];
    const drawn: Opened[] = [];
    const epochs = createEpochs(
      (reply) => told.push(reply),
      (_, shown) => drawn.push(shown),
      mostBytes,
    );
    return { epochs, told, drawn };
  }

  test('are all where there is room, then the first, the last, and every second, fourth, eighth', () => {
    expect(thinned(1, 6, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(thinned(1, 7, 6)).toEqual([1, 2, 4, 6, 7]);
    expect(thinned(1, 9, 5)).toEqual([1, 4, 8, 9]);
    expect(thinned(3, 9, 4)).toEqual([3, 4, 8, 9]);
    expect(thinned(1, 9, 2)).toEqual([1, 9]);
    for (const room of [1, 0]) expect(thinned(1, 9, room)).toEqual([9]);
    expect(thinned(3, 3, 4)).toEqual([3]);
    for (const room of [2, 3, 5, 8]) {
      for (let last = 2; last <= 40; last++) {
        const kept = thinned(1, last, room);
        expect(kept.length).toBeLessThanOrEqual(room);
        // What it needs was there before.
        expect([...thinned(1, last - 1, room), last]).toEqual(expect.arrayContaining(kept));
      }
    }
  });

  test('take no more memory than they may', () => {
    const { epochs, told } = store(5 * BYTES);
    for (let epoch = 1; epoch <= 12; epoch++) epochs.keep(1, networksAfter(epoch));
    expect(told.at(-1)).toEqual({ kind: 'kept-epochs', run: 1, epochs: [1, 4, 8, 12] });
    expect(told.map((reply) => 'epochs' in reply && reply.epochs.length)).toEqual([
      1, 2, 3, 4, 5, 4, 5, 5, 4, 4, 4, 4,
    ]);
  });

  test('are viewed with their weights, answers and mistakes, while the training goes on unseen', () => {
    const { epochs, told, drawn } = store();
    for (const epoch of [1, 2, 3]) {
      const kept = networksAfter(epoch);
      if (kept.shown) epochs.show(1, kept.shown);
      epochs.keep(1, kept);
    }
    const image = data.test.images.subarray(0, 20);
    expect(epochs.answer(image)).toBeUndefined();
    expect(epochs.verdict).toBeUndefined();

    epochs.view(1, 2);
    expect(drawn.at(-1)).toEqual(networksAfter(2).shown);
    expect(told.at(-1)).toMatchObject({ kind: 'epoch-view', run: 1, epoch: 2, test: { accuracy: 0.02 } });
    const mistakes = told.flatMap((reply) => (reply.kind === 'epoch-view' ? reply.mistakes : []));
    expect(mistakes.length).toBe(labels.filter((label) => label !== 2).length);
    expect(mistakes.every(({ predicted }) => predicted === 2)).toBe(true);
    const { probabilities } = predictOnCpu(initialModel(spec, 2), image);
    expect(epochs.answer(image)).toMatchObject({ probabilities, votes: [{}, null] });
    expect(epochs.verdict?.evaluation.predictions[0]).toBe(2);

    const now = {
      model: initialModel(spec, 9),
      image: data.shape,
      classNames: ['0', '1', '2'],
      network: null,
    };
    epochs.show(1, now);
    epochs.keep(1, networksAfter(4));
    expect(drawn.at(-1)).toEqual(networksAfter(2).shown);
    epochs.view(1, null);
    expect(drawn.at(-1)).toEqual(now);
    expect(told.at(-1)).toEqual({ kind: 'epoch-view', run: 1, epoch: null, test: null, mistakes: [] });
    expect(epochs.answer(image)).toBeUndefined();
  });

  test('one that is not kept is the one before it', () => {
    const { epochs, told } = store(5 * BYTES);
    for (let epoch = 1; epoch <= 12; epoch++) epochs.keep(1, networksAfter(epoch));
    for (const [asked, found] of [
      [7, 4],
      [8, 8],
      [100, 12],
      [0, 1],
    ] as const) {
      epochs.view(1, asked);
      expect(told.at(-1)).toMatchObject({ kind: 'epoch-view', epoch: found });
    }
  });

  test('are forgotten from where a training goes on', () => {
    const { epochs, told } = store();
    for (let epoch = 1; epoch <= 4; epoch++) epochs.keep(1, networksAfter(epoch));
    epochs.view(1, 4);
    epochs.goOn(2, 2);
    expect(told.at(-1)).toEqual({ kind: 'kept-epochs', run: 2, epochs: [1, 2] });
    expect(epochs.verdict).toBeUndefined();
    // An epoch that is told again after a lost device takes its own place.
    epochs.keep(2, networksAfter(3));
    epochs.keep(2, networksAfter(3));
    expect(told.at(-1)).toEqual({ kind: 'kept-epochs', run: 2, epochs: [1, 2, 3] });
  });
});
