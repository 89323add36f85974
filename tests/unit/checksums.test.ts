import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { datasetChecksum } from '../../src/data/checksum.ts';
import { modelChecksum } from '../../src/model/checksum.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { encodeModel } from '../../src/model/model-file.ts';
import { blobs } from '../support/blobs.ts';

const hash = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
const data = blobs({ train: 20, test: 6 });
const { train, test: tested } = data;

test("a dataset's checksum is that of the text that its documentation shows", async () => {
  const text = `4 5 3
20 ${hash(train.images)} ${hash(train.labels)}
6 ${hash(tested.images)} ${hash(tested.labels)}
`;
  expect(await datasetChecksum(data)).toBe(hash(text));
});

test('a dataset keeps its checksum under another name, and as a view of shared memory', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(train.images.length + 3)).subarray(3);
  shared.set(train.images);
  const other = { ...data, name: 'x', classNames: ['a', 'b', 'c'], train: { ...train, images: shared } };
  expect(await datasetChecksum(other)).toBe(await datasetChecksum(data));
});

test.each([
  ['a pixel', { ...data, train: { ...train, images: train.images.with(7, 1 + (train.images[7] ?? 0)) } }],
  ['a test label', { ...data, test: { ...tested, labels: tested.labels.map((label) => (label + 1) % 3) } }],
  ['the sets changed about', { ...data, train: tested, test: train }],
  ['the image turned', { ...data, shape: { height: 5, width: 4 } }],
  ['one class more', { ...data, classes: 4 }],
])('%s makes another checksum', async (_, other) => {
  expect(await datasetChecksum(other)).not.toBe(await datasetChecksum(data));
});

test("a model's checksum is that of its file behind the header", async () => {
  const model = initialModel({ inputs: 20, hidden: [7, 5], classes: 3 }, 1);
  const file = encodeModel(model, { image: { height: 4, width: 5 } });
  const header = Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(await modelChecksum(model)).toBe(hash(file.subarray(8 + header)));
  expect(await modelChecksum(initialModel(model.spec, 2))).not.toBe(await modelChecksum(model));
});
