import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { epochOrder } from '../../dist/index.js';

/**
 * What the peers train: the same bytes for all, in files that both JavaScript and Python read.
 *
 * @typedef {object} WorkSizes
 * @property {number} height
 * @property {number} width
 * @property {number} inputs height x width
 * @property {number} hidden
 * @property {number} classes
 * @property {number} batchSize
 * @property {number} samples whole batches: an epoch of the work
 * @property {number} orders how many epochs have an order; later epochs begin again with the first one's
 * @property {number} seed
 * @property {{ learningRate: number, beta1: number, beta2: number, epsilon: number }} adam
 *
 * @typedef {object} WorkArrays
 * @property {Uint8Array<ArrayBuffer>} images [samples, inputs]
 * @property {Uint8Array<ArrayBuffer>} labels [samples]
 * @property {Uint32Array<ArrayBuffer>} order [orders, samples]
 * @property {Float32Array<ArrayBuffer>} parameters [hidden, inputs], [hidden], [classes, hidden], [classes]
 *
 * @typedef {WorkSizes & WorkArrays} Work
 */

const SIZES = 'work.json';

/** Keras's defaults. Epsilon is added to the root of the bias-corrected second moment. */
const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

const ORDERS = 4;

/**
 * The first `steps` batches' worth of a dataset as work.
 *
 * @param {import('../../src/node.ts').Dataset} data
 * @param {import('../../src/node.ts').Model} model with one hidden layer: the initial weights
 * @param {{ steps: number, batchSize: number, seed: number }} options
 * @returns {Work}
 */
export function makeWork({ shape, classes, train }, model, { steps, batchSize, seed }) {
  const samples = steps * batchSize;
  const { inputs, hidden } = model.spec;
  const order = new Uint32Array(ORDERS * samples);
  const all = Uint32Array.from({ length: samples }, (_, i) => i);
  for (let i = 0; i < ORDERS; i++) order.set(epochOrder(all, seed, i + 1), i * samples);
  return {
    ...shape,
    inputs,
    hidden: hidden[0] ?? 0,
    classes,
    batchSize,
    samples,
    orders: ORDERS,
    seed,
    adam,
    images: train.images.slice(0, samples * inputs),
    labels: train.labels.slice(0, samples),
    order,
    parameters: parametersOf(model),
  };
}

/**
 * A model's tensors, one after the other.
 * @param {import('../../src/node.ts').Model} model
 */
export function parametersOf({ tensors }) {
  const parameters = new Float32Array(tensors.reduce((sum, { data }) => sum + data.length, 0));
  let offset = 0;
  for (const { data } of tensors) {
    parameters.set(data, offset);
    offset += data.length;
  }
  return parameters;
}

/**
 * @param {string} folder
 * @param {Work} work
 */
export async function writeWork(folder, { images, labels, order, parameters, ...sizes }) {
  await mkdir(folder);
  await writeFile(join(folder, SIZES), JSON.stringify(sizes));
  for (const [name, array] of Object.entries({ images, labels, order, parameters }))
    await writeFile(join(folder, name), new Uint8Array(array.buffer));
}

/**
 * @param {string} folder
 * @returns {Promise<Work>}
 */
export async function readWork(folder) {
  const [sizes, images, labels, order, parameters] = await Promise.all(
    [SIZES, 'images', 'labels', 'order', 'parameters'].map((name) => readFile(join(folder, name))),
  );
  return {
    .../** @type {WorkSizes} */ (JSON.parse(String(sizes))),
    images: new Uint8Array(bytesOf(images)),
    labels: new Uint8Array(bytesOf(labels)),
    order: new Uint32Array(bytesOf(order)),
    parameters: new Float32Array(bytesOf(parameters)),
  };
}

/**
 * The bytes in an ArrayBuffer of their own: Node's small Buffers share one, at any offset.
 * @param {Buffer | undefined} buffer
 */
function bytesOf(buffer) {
  return new Uint8Array(buffer ?? []).buffer;
}

/**
 * Pixels as the network's inputs, from 0 to 1.
 * @param {Uint8Array} images
 */
export function toFloats(images) {
  const floats = new Float32Array(images.length);
  for (let i = 0; i < images.length; i++) floats[i] = (images[i] ?? 0) / 255;
  return floats;
}

/**
 * The parameters of a work's network, one array for each tensor.
 * @param {Work} work
 */
export function layersOf({ inputs, hidden, classes, parameters }) {
  const biases1 = hidden * inputs;
  const weights2 = biases1 + hidden;
  const biases2 = weights2 + classes * hidden;
  return {
    weights1: parameters.slice(0, biases1),
    biases1: parameters.slice(biases1, weights2),
    weights2: parameters.slice(weights2, biases2),
    biases2: parameters.slice(biases2),
  };
}
