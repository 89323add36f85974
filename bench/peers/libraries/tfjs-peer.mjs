import { layersOf, toFloats } from '../work.mjs';
import { checkWebGpu, describeDevice, provideWebGpu } from './gpu.mjs';
import { processorName } from './processor.mjs';
import { serve } from './serve.mjs';

const backend = process.argv[2] ?? '';
const adapter = /** @type {import('./gpu.mjs').AdapterChoice} */ (process.argv[3] ?? 'auto');

/** Its shaders count on Dawn's bounds checks: without them its loss is NaN. */
const ROBUSTNESS = true;

await serve(async () => {
  const toggles = backend === 'webgpu' ? await provideWebGpu(adapter, ROBUSTNESS) : [];
  const tf = await import('@tensorflow/tfjs');
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm');
  tf.enableProdMode();
  await tf.setBackend(backend);
  // If a backend does not start, tensorflow.js silently takes another.
  if (tf.getBackend() !== backend)
    throw new Error(`tensorflow.js runs on ${tf.getBackend()}, not on ${backend}`);

  /** @type {() => void} */
  let step = () => undefined;
  /** @type {import('@tensorflow/tfjs').Variable[]} */
  let variables = [];
  /** @type {import('@tensorflow/tfjs').Tensor[]} */
  let resident = [];

  return {
    hello: { library: `tensorflow.js ${tf.version.tfjs}`, ...describe(tf, toggles) },

    async prepare(work) {
      const { inputs, hidden, classes, batchSize, samples, orders } = work;
      const layers = layersOf(work);
      tf.disposeVariables();
      tf.dispose(resident);
      const [weights1, bias1, weights2, bias2] = [
        tf.variable(tf.tensor2d(layers.weights1, [hidden, inputs]).transpose()),
        tf.variable(tf.tensor1d(layers.biases1)),
        tf.variable(tf.tensor2d(layers.weights2, [classes, hidden]).transpose()),
        tf.variable(tf.tensor1d(layers.biases2)),
      ];
      variables = [weights1, bias1, weights2, bias2];
      const images = tf.tensor2d(toFloats(work.images), [samples, inputs]);
      const labels = tf.oneHot(tf.tensor1d(Int32Array.from(work.labels), 'int32'), classes).toFloat();
      const order = tf.tensor1d(Int32Array.from(work.order), 'int32');
      const batches = tf.split(order, (orders * samples) / batchSize);
      resident = [images, labels, ...batches];

      // Its epsilon stands outside the bias-corrected root, as Shadegrad's does.
      const { learningRate, beta1, beta2, epsilon } = work.adam;
      const optimizer = tf.train.adam(learningRate, beta1, beta2, epsilon);
      let next = 0;
      step = () =>
        tf.tidy(() => {
          const indices = batches[next++ % batches.length];
          if (!indices) throw new RangeError('no batch');
          const x = tf.gather(images, indices);
          const y = tf.gather(labels, indices);
          const loss = () => {
            const h = tf.fused.matMul({ a: x, b: weights1, bias: bias1, activation: 'relu' });
            const logits = tf.fused.matMul({ a: h, b: weights2, bias: bias2 });
            return tf.losses.softmaxCrossEntropy(y, logits, undefined, 0, tf.Reduction.MEAN).asScalar();
          };
          optimizer.minimize(loss, false, variables);
        });
      return '';
    },

    async train(steps) {
      for (let i = 0; i < steps; i++) step();
      await variables[3]?.data();
    },

    async parameters() {
      const flat = tf.tidy(() => tf.concat(variables.map((variable) => variable.transpose().flatten())));
      return /** @type {Float32Array} */ (await flat.data());
    },
  };
}, checkWebGpu);

/**
 * @param {typeof import('@tensorflow/tfjs')} tf
 * @param {readonly string[]} toggles
 */
function describe(tf, toggles) {
  if (backend === 'webgpu') {
    const { device } = /** @type {import('@tensorflow/tfjs-backend-webgpu').WebGPUBackend} */ (tf.backend());
    return describeDevice(device, toggles);
  }
  const simd =
    backend === 'wasm' && tf.env().getBool('WASM_HAS_SIMD_SUPPORT') ? ' with SIMD, one thread' : '';
  return { backend: `${backend}${simd}`, device: processorName() };
}
