import { describe, expect, test } from 'vitest';
import { CounterRandom, streams } from '../../src/data/random.ts';
import { shuffledIndices } from '../../src/data/shuffle.ts';
import { readBuffer } from '../../src/gpu/buffers.ts';
import { compile } from '../../src/gpu/pipeline.ts';
import { DeviceWatch } from '../../src/gpu/watch.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { packParameters } from '../../src/model/layout.ts';
import { denseLayers } from '../../src/model/spec.ts';
import { gather } from '../../src/reference/kernels.ts';
import { initialState, trainingStep } from '../../src/reference/training.ts';
import type { Progress } from '../../src/train/history.ts';
import { Network } from '../../src/train/network.ts';
import { trainingSteps } from '../../src/train/step.ts';
import { Trainer, type TrainerOptions } from '../../src/train/trainer.ts';
import { blobs } from '../support/blobs.ts';
import { expectClose, openTestDevice, testDevice, withoutPadding } from '../support/gpu.ts';
import { ADAM, constantRates, everyStep } from '../support/step.ts';

const data = blobs();

async function train(options: TrainerOptions, epochs: number) {
  const trainer = await Trainer.create(await testDevice(), data, options);
  for await (const _ of trainer.fit({ epochs }));
  return trainer;
}

describe('Trainer', () => {
  test('learns, and says so in its history', async () => {
    const trainer = await train(
      { hidden: [16], batchSize: 32, learningRate: 0.01, validationSplit: 0.2 },
      12,
    );
    const [first, last] = [trainer.history[0], trainer.history.at(-1)];
    expect(trainer.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(last?.loss).toBeLessThan((first?.loss ?? 0) / 2);
    expect(last?.accuracy).toBeGreaterThan(0.95);
    expect(last?.valAccuracy).toBeGreaterThan(0.9);
    expect(last?.seconds).toBeGreaterThan(0);
    const evaluation = await trainer.evaluate(data.test);
    expect(evaluation.accuracy).toBeGreaterThan(0.9);
    trainer.destroy();
  });

  test('tells in its first moments that validation does not compile, and not after an epoch', async () => {
    const { device } = await openTestDevice();
    const { createComputePipelineAsync } = device;
    // Only evaluation has this kernel.
    device.createComputePipelineAsync = (descriptor: GPUComputePipelineDescriptor) =>
      descriptor.label === 'softmax.wgsl'
        ? Promise.reject(new Error('no such luck'))
        : createComputePipelineAsync.call(device, descriptor);
    const options = { hidden: [16], batchSize: 1, validationSplit: 0.2, seed: 3 };
    const trainer = await Trainer.create(device, blobs({ train: 40_000 }), options);
    const told: number[] = [];
    const onProgress = ({ samples }: Progress) => void told.push(samples);
    const fitting = trainer.fit({ epochs: 2, onProgress }).next();
    await expect(fitting).rejects.toMatchObject({
      code: 'gpu',
      message: expect.stringContaining('softmax.wgsl'),
    });
    expect(Math.max(0, ...told)).toBeLessThan(trainer.samplesPerEpoch);
    trainer.destroy();
    device.destroy();
  });

  test('can be destroyed while its validation still compiles', async () => {
    const { device } = await openTestDevice();
    const trainer = await Trainer.create(device, data, { hidden: [16], validationSplit: 0.2 });
    trainer.destroy();
    await device.queue.onSubmittedWorkDone();
    await DeviceWatch.of(device).guard(Promise.resolve());
    device.destroy();
  });

  test.each([{ hidden: [] }, { hidden: [7] }, { hidden: [9, 4, 5] }])(
    'one epoch is what the float64 twins make of it: $hidden',
    async ({ hidden }) => {
      const settings = { hidden, batchSize: 48, learningRate: 0.003, seed: 9 };
      const trainer = await train(settings, 1);
      const expected = referenceEpoch(settings);
      expectClose('loss', [trainer.history[0]?.loss ?? Number.NaN], [expected.loss]);
      expect(trainer.history[0]?.accuracy).toBeCloseTo(expected.accuracy, 12);
      const trained = packParameters(await trainer.model());
      for (const [layer, parameters] of trained.entries()) {
        const width = expected.layers[layer]?.outputs ?? 0;
        const stride = parameters.length / ((expected.layers[layer]?.inputs ?? 0) + 1);
        const unpadded = parameters.filter((_, i) => i % stride < width);
        // 5 steps, each of which moves a weight by up to 0.003 whatever its gradient's rounding.
        expectClose(`layer ${layer}`, unpadded, expected.parameters[layer] ?? [], { absolute: 5e-6 });
      }
      trainer.destroy();
    },
  );

  test('gives the same bits for the same seed, and others for another', async () => {
    const bits = async (seed: number) => {
      const trainer = await train({ hidden: [8], seed, validationSplit: 0.1 }, 2);
      const { tensors } = await trainer.model();
      const records = trainer.history.map(({ seconds: _, ...record }) => record);
      trainer.destroy();
      return { tensors, records };
    };
    const first = await bits(3);
    expect(await bits(3)).toEqual(first);
    expect((await bits(4)).tensors).not.toEqual(first.tensors);
  });

  test('agrees between the layered and the unfused plan', async () => {
    const [layered, unfused] = [await train({ plan: 'layered' }, 2), await train({ plan: 'unfused' }, 2)];
    const [a, b] = [await layered.model(), await unfused.model()];
    for (const [i, { name, data }] of a.tensors.entries()) {
      expectClose(name, data, b.tensors[i]?.data ?? [], { absolute: 2e-5 });
    }
    layered.destroy();
    unfused.destroy();
  });

  test('trains batches larger than the dataset, and of one sample', async () => {
    for (const batchSize of [1, 199, 200, 201, 100_000]) {
      const trainer = await train({ hidden: [4], batchSize }, 1);
      expect(trainer.history[0]?.loss).toBeGreaterThan(0);
      trainer.destroy();
    }
  });

  test('goes on where it stopped: two epochs are one and one more', async () => {
    const once = await train({ hidden: [6], seed: 2 }, 2);
    const twice = await train({ hidden: [6], seed: 2 }, 1);
    for await (const record of twice.fit({ epochs: 1 })) expect(record.epoch).toBe(2);
    expect((await twice.model()).tensors).toEqual((await once.model()).tensors);
    once.destroy();
    twice.destroy();
  });

  test('evaluates as predict and the float64 twins do', async () => {
    const trainer = await train({ hidden: [16], learningRate: 0.01 }, 3);
    const { probabilities, predictions, loss, accuracy } = await trainer.evaluate(data.test);
    const predicted = await trainer.predict(data.test.images);
    expect(predicted).toEqual({ probabilities, predictions });
    const hits = predictions.filter((label, i) => label === data.test.labels[i]).length;
    expect(accuracy).toBe(hits / data.test.count);
    const losses = Array.from(data.test.labels, (label, i) => -Math.log(probabilities[3 * i + label] ?? 0));
    expect(loss).toBeCloseTo(losses.reduce((sum, value) => sum + value, 0) / data.test.count, 5);
    for (let row = 0; row < data.test.count; row++) {
      const sum = probabilities.subarray(3 * row, 3 * row + 3).reduce((total, p) => total + p, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
    const network = await Network.create(await testDevice(), await trainer.model());
    expect(await network.evaluate(data.test)).toEqual(await trainer.evaluate(data.test));
    network.destroy();
    trainer.destroy();
  });

  test('stops at a batch boundary when it is aborted, keeps what it learned, and can go on', async () => {
    const large = blobs({ train: 20_000 });
    const trainer = await Trainer.create(await testDevice(), large, { hidden: [64], batchSize: 8 });
    const controller = new AbortController();
    const seen: Progress[] = [];
    const onProgress = (progress: Progress) => {
      seen.push(progress);
      controller.abort();
    };
    const run = async () => {
      for await (const _ of trainer.fit({ epochs: 1, signal: controller.signal, onProgress }));
    };
    await expect(run()).rejects.toMatchObject({
      code: 'interrupted',
      message: expect.stringContaining('epoch 1'),
    });
    expect(seen.length).toBe(1);
    expect(seen[0]?.samples).toBeLessThan(20_000);
    expect(trainer.history).toEqual([]);
    const { accuracy } = await trainer.evaluate(large.test);
    expect(accuracy).toBeGreaterThan(0.5);
    for await (const record of trainer.fit({ epochs: 1 })) expect(record.accuracy).toBeGreaterThan(0.9);
    trainer.destroy();
  });

  test('trains nothing where it is aborted before it begins', async () => {
    const trainer = await Trainer.create(await testDevice(), data, { hidden: [4] });
    const before = await trainer.model();
    const fit = trainer.fit({ epochs: 1, signal: AbortSignal.abort() });
    await expect(fit.next()).rejects.toMatchObject({ code: 'interrupted' });
    expect(await trainer.model()).toEqual(before);
    trainer.destroy();
  });

  test('waits while onProgress does, which makes a pause that its speed does not suffer from', async () => {
    const large = blobs({ train: 20_000 });
    const trainer = await Trainer.create(await testDevice(), large, { hidden: [64], batchSize: 8 });
    let [pauses, last] = [0, 0];
    const onProgress = async ({ samples }: Progress) => {
      expect(samples).toBeGreaterThan(last);
      last = samples;
      if (pauses++ === 0) await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const started = performance.now();
    for await (const _ of trainer.fit({ epochs: 1, onProgress }));
    const seconds = (performance.now() - started) / 1000;
    expect(last).toBe(20_000);
    // Timers may fire a little early.
    expect(trainer.history[0]?.seconds).toBeLessThan(seconds - 0.29);
    trainer.destroy();
  });

  test('refuses to train twice at once', async () => {
    const trainer = await Trainer.create(await testDevice(), data, { hidden: [4] });
    const first = trainer.fit({ epochs: 2 });
    await first.next();
    await expect(trainer.fit({ epochs: 1 }).next()).rejects.toMatchObject({ code: 'usage' });
    await first.return();
    for await (const record of trainer.fit({ epochs: 1 })) expect(record.epoch).toBe(2);
    trainer.destroy();
  });

  test('names the epoch and the batch in which the loss stops being finite', async () => {
    await expect(train({ hidden: [16], learningRate: 1e30 }, 3)).rejects.toMatchObject({
      code: 'diverged',
      message: expect.stringMatching(/not finite .* epoch 1, batch \d/),
    });
  });

  test.each([
    [{ batchSize: 0 }, 'batch size'],
    [{ batchSize: 1.5 }, 'batch size'],
    [{ learningRate: 0 }, 'learning rate'],
    [{ learningRate: Number.NaN }, 'learning rate'],
    [{ learningRate: Number.POSITIVE_INFINITY }, 'learning rate'],
    [{ beta1: 1 }, 'beta1'],
    [{ beta2: -0.1 }, 'beta2'],
    [{ epsilon: 0 }, 'epsilon'],
    [{ epsilon: 1e-50 }, 'epsilon'],
    [{ learningRate: 1e300 }, 'learning rate'],
    [{ plan: 'layerd' as 'layered' }, 'plan'],
    [{ hidden: [0] }, 'hidden layer 1'],
    [{ hidden: [10, 2.5] }, 'hidden layer 2'],
    [{ seed: -1 }, 'seed'],
    [{ validationSplit: 1 }, 'validation split'],
  ] as const)('refuses %j in words', async (options, what) => {
    await expect(train(options, 1)).rejects.toMatchObject({
      name: 'ShadegradError',
      code: 'usage',
      message: expect.stringContaining(what),
    });
  });

  test('refuses more than the device can bind, before it allocates', async () => {
    await expect(train({ hidden: [10_000_000] }, 1)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('maxBufferSize'),
    });
  });

  test('refuses samples that do not fit the network', async () => {
    const trainer = await train({ hidden: [4] }, 1);
    const { images, labels, count } = data.test;
    const bad = { code: 'bad-data' };
    await expect(trainer.evaluate({ images: images.subarray(1), labels, count })).rejects.toMatchObject(bad);
    await expect(trainer.evaluate({ images, labels: labels.subarray(1), count })).rejects.toMatchObject(bad);
    await expect(trainer.evaluate({ images, labels: labels.map(() => 3), count })).rejects.toMatchObject(bad);
    await expect(trainer.predict(images.subarray(1))).rejects.toMatchObject(bad);
    await expect(trainer.predict(new Uint8Array())).rejects.toMatchObject(bad);
    for (const wrong of [Float32Array.from(images), [...images], new Uint8ClampedArray(images)]) {
      const usage = { code: 'usage', message: expect.stringContaining('bytes are wanted, in a Uint8Array') };
      // As a program without types may do it.
      const bytes = wrong as unknown as Uint8Array;
      await expect(trainer.predict(bytes)).rejects.toMatchObject(usage);
      await expect(trainer.evaluate({ ...data.test, images: bytes })).rejects.toMatchObject(usage);
      const made = Trainer.create(await testDevice(), { ...data, test: { ...data.test, labels: bytes } });
      await expect(made).rejects.toMatchObject(usage);
    }
    trainer.destroy();
  });
});

describe('what is asked for at once', () => {
  test('evaluations come out as one by one, whichever samples they are of', async () => {
    const trainer = await train({ hidden: [4] }, 1);
    // The first is the one that is still on the GPU: the second may not take it away while it is in use.
    const sets = [data.test, data.train, data.train, data.test];
    const expected = [];
    for (const samples of sets) expected.push(await trainer.evaluate(samples));
    expect(await Promise.all(sets.map((samples) => trainer.evaluate(samples)))).toEqual(expected);
    DeviceWatch.of(await testDevice()).check();
    trainer.destroy();
  });

  test('an evaluation that fails does not keep the next from its result', async () => {
    const trainer = await train({ hidden: [4] }, 1);
    const { images, labels, count } = data.test;
    const [bad, good] = await Promise.allSettled([
      trainer.evaluate({ images: images.subarray(1), labels, count }),
      trainer.evaluate(data.test),
    ]);
    expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
    trainer.destroy();
  });
});

describe('without test samples', () => {
  const untested = { ...data, test: { images: new Uint8Array(), labels: new Uint8Array(), count: 0 } };

  test('a network is trained, and only its evaluation is refused', async () => {
    const trainer = await Trainer.create(await testDevice(), untested, { hidden: [4] });
    for await (const { loss } of trainer.fit({ epochs: 1 })) expect(loss).toBeGreaterThan(0);
    await expect(trainer.evaluate(untested.test)).rejects.toMatchObject({ code: 'bad-data' });
    trainer.destroy();
  });
});

describe('where memory runs out', () => {
  /** A device whose `createBuffer` can be made to fail, and the buffers it made that still live. */
  async function failingDevice() {
    const { device } = await openTestDevice();
    const alive = new Set<GPUBuffer>();
    const createBuffer = device.createBuffer.bind(device);
    let left = Number.POSITIVE_INFINITY;
    device.createBuffer = (descriptor) => {
      if (left-- === 0) throw new RangeError('no memory');
      const buffer = createBuffer(descriptor);
      alive.add(buffer);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        alive.delete(buffer);
        return destroy();
      };
      return buffer;
    };
    const failAfter = (buffers: number) => {
      left = buffers;
    };
    return { device, alive, failAfter };
  }

  test('everything that was made until then is freed, and the error says so', async () => {
    const { device, alive, failAfter } = await failingDevice();
    let made = 0;
    for (let done = false; !done; made++) {
      failAfter(made);
      try {
        const trainer = await Trainer.create(device, data, { hidden: [4], validationSplit: 0.2 });
        trainer.destroy();
        done = true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'gpu', message: expect.stringContaining('not enough memory') });
      }
      expect([...alive].map(({ label }) => label)).toEqual([]);
      DeviceWatch.of(device).check();
    }
    // Two layers' parameters, images, labels, and the two plans' own buffers.
    expect(made).toBeGreaterThan(15);
    device.destroy();
  });
});

describe('a device that fails', () => {
  test('ends the training as device-lost when it is destroyed in the middle', async () => {
    const { device } = await openTestDevice();
    const trainer = await Trainer.create(device, blobs({ train: 20_000 }), { hidden: [64], batchSize: 8 });
    const run = async () => {
      for await (const _ of trainer.fit({ epochs: 5, onProgress: () => device.destroy() }));
    };
    await expect(run()).rejects.toMatchObject({ code: 'device-lost' });
    await expect(trainer.model()).rejects.toMatchObject({ code: 'device-lost' });
  });

  test('ends the training as gpu after an uncaptured error', async () => {
    const { device } = await openTestDevice();
    const trainer = await Trainer.create(device, data, { hidden: [4] });
    // Nothing may be copied from a buffer without COPY_SRC.
    const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE });
    await expect(readBuffer(device, buffer)).rejects.toMatchObject({ code: 'gpu' });
    const run = async () => {
      for await (const _ of trainer.fit({ epochs: 1 }));
    };
    await expect(run()).rejects.toMatchObject({ code: 'gpu' });
    expect(() => DeviceWatch.of(device).check()).toThrow('CopySrc');
    device.destroy();
  });

  test('reports a shader error with line, column and source line, and stays usable', async () => {
    const device = await testDevice();
    const code = '@compute @workgroup_size(1)\nfn main() {\n  let x: f32 = 1u;\n}\n';
    await expect(compile(device, 'broken.wgsl', code, {}, {})).rejects.toMatchObject({
      code: 'gpu',
      message: expect.stringMatching(/broken\.wgsl:3:\d+: .*\n {4}let x: f32 = 1u;\n/),
    });
    const missing = compile(device, 'missing.wgsl', '@compute @workgroup_size(1) fn other() {}', {}, {});
    await expect(missing).rejects.toMatchObject({
      code: 'gpu',
      message: expect.stringContaining('missing.wgsl'),
    });
    DeviceWatch.of(device).check();
  });
});

/** One epoch on `data` by the float64 twins, with the trainer's initial weights, order and batches. */
function referenceEpoch({
  hidden,
  batchSize,
  learningRate,
  seed,
}: {
  readonly hidden: readonly number[];
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
}) {
  const { train: samples, classes, shape } = data;
  const inputs = shape.height * shape.width;
  const spec = { inputs, hidden, classes };
  const layers = denseLayers(spec);
  let state = initialState(
    ADAM,
    packParameters(initialModel(spec, seed)).map((packed, i) =>
      withoutPadding(packed, layers[i]?.outputs ?? 0),
    ),
  );
  const order = shuffledIndices(samples.count, new CounterRandom(seed, streams.epochOrder(1)));
  let [loss, hits] = [0, 0];
  for (const step of everyStep(
    trainingSteps(samples.count, batchSize, 0, ADAM, constantRates(1, learningRate)),
  )) {
    const picked = order.subarray(step.offset, step.offset + step.count);
    const sizes = { models: 1, batch: step.count, inputs, orderLength: samples.count };
    const x = gather(sizes, step, samples.images, order);
    const stepped = trainingStep(
      spec,
      ADAM,
      step,
      x,
      Uint8Array.from(picked, (i) => samples.labels[i] ?? 0),
      state,
    );
    loss += stepped.loss;
    hits += stepped.hits;
    state = stepped.state;
  }
  const parameters = state.map((layer) => layer.parameters);
  return { loss: loss / samples.count, accuracy: hits / samples.count, parameters, layers };
}
