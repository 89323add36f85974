import { layersOf, toFloats } from '../work.mjs';
import { checkWebGpu, describeDevice, provideWebGpu } from './gpu.mjs';
import { processorName } from './processor.mjs';
import { serve } from './serve.mjs';
import { versionOf } from './version.mjs';

/** @typedef {import('@jax-js/jax').numpy.Array} Floats */
/** @typedef {{ parameters: Floats[], moments1: Floats[], moments2: Floats[], power1: Floats, power2: Floats }} State */

const device = /** @type {import('@jax-js/jax').Device} */ (process.argv[2] ?? '');
const adapter = /** @type {import('./gpu.mjs').AdapterChoice} */ (process.argv[3] ?? 'auto');

/** As in Shadegrad: jax-js's results are right without the bounds checks too, and faster. */
const ROBUSTNESS = false;

await serve(async () => {
  const toggles = device === 'webgpu' ? await provideWebGpu(adapter, ROBUSTNESS) : [];
  const jax = await import('@jax-js/jax');
  const version = await versionOf('../package.json', import.meta.resolve('@jax-js/jax'));
  const { numpy: np, nn, tree, jit, grad, blockUntilReady } = jax;
  const started = await jax.init(device);
  if (!started.includes(device)) throw new Error(`jax-js starts ${started.join(', ')}, and not ${device}`);
  jax.defaultDevice(device);
  if (jax.defaultDevice() !== device)
    throw new Error(`jax-js runs on ${jax.defaultDevice()}, not on ${device}`);

  /** Steps between two waits: queued work slows jax-js down, on WebAssembly after only a few steps; but a GPU must
   * not idle. */
  const waitEvery = device === 'webgpu' ? 64 : 1;

  /** @type {State | undefined} */
  let state;
  /** @type {(before: State) => State} */
  let step = (before) => before;

  return {
    hello: { library: `jax-js ${version}`, ...describe() },

    async prepare(work) {
      const { inputs, hidden, classes, batchSize, samples, orders, adam } = work;
      const layers = layersOf(work);
      const images = np.array(toFloats(work.images)).reshape([samples, inputs]);
      const labels = nn.oneHot(np.array(Int32Array.from(work.labels)), classes).astype(np.float32);
      const batches = Array.from({ length: (orders * samples) / batchSize }, (_, i) =>
        np.array(Int32Array.from(work.order.subarray(i * batchSize, (i + 1) * batchSize))),
      );

      /** @type {(parameters: Floats[], x: Floats, y: Floats) => Floats} */
      const loss = ([weights1, bias1, weights2, bias2], x, y) => {
        if (!weights1 || !bias1 || !weights2 || !bias2) throw new RangeError('four parameters');
        const h = nn.relu(np.dot(x, weights1).add(bias1));
        const logits = np.dot(h, weights2).add(bias2);
        return nn
          .logSoftmax(logits)
          .mul(y)
          .sum()
          .mul(-1 / batchSize);
      };

      const update = jit((/** @type {State} */ before, /** @type {Floats} */ x, /** @type {Floats} */ y) => {
        const gradients = grad(loss)(tree.ref(before.parameters), x, y);
        return adamUpdate(np, adam, before, gradients);
      });

      /** @type {(x: Floats, y: Floats, indices: Floats) => Floats[]} */
      const gather = (x, y, indices) => [x.slice(indices.ref), y.slice(indices)];
      const gathered = device === 'wasm' ? jit(gather) : gather;

      let next = 0;
      step = (before) => {
        const indices = batches[next++ % batches.length];
        if (!indices) throw new RangeError('no batch');
        const [x, y] = gathered(images.ref, labels.ref, indices.ref);
        if (!x || !y) throw new RangeError('two arrays');
        return update(before, x, y);
      };

      const shapes = [[inputs, hidden], [hidden], [hidden, classes], [classes]];
      state = {
        parameters: [
          np.array(layers.weights1).reshape([hidden, inputs]).transpose(),
          np.array(layers.biases1),
          np.array(layers.weights2).reshape([classes, hidden]).transpose(),
          np.array(layers.biases2),
        ],
        moments1: shapes.map((shape) => np.zeros(shape)),
        moments2: shapes.map((shape) => np.zeros(shape)),
        power1: np.ones([]),
        power2: np.ones([]),
      };
      await blockUntilReady([images, labels, batches, state]);
      return '';
    },

    async train(steps) {
      for (let i = 1; i <= steps; i++) {
        if (!state) throw new Error('There is nothing to train yet.');
        state = step(state);
        if (i % waitEvery === 0 || i === steps) await blockUntilReady(state);
      }
    },

    async parameters() {
      const parts = await Promise.all((state?.parameters ?? []).map((array) => array.ref.transpose().data()));
      return Float32Array.from(parts.flatMap((part) => [...part]));
    },
  };

  function describe() {
    return device === 'webgpu'
      ? describeDevice(jax.getWebGPUDevice(), toggles)
      : { backend: `${device}, one thread`, device: processorName() };
  }
}, checkWebGpu);

/**
 * Adam as in docs/numerics.md: the npm package of jax-js has no optimizers. The powers of beta stay on the device.
 *
 * @param {typeof import('@jax-js/jax').numpy} np
 * @param {import('../work.mjs').Work['adam']} adam
 * @param {State} before
 * @param {Floats[]} gradients
 * @returns {State}
 */
function adamUpdate(np, { learningRate, beta1, beta2, epsilon }, before, gradients) {
  const power1 = before.power1.mul(beta1);
  const power2 = before.power2.mul(beta2);
  const stepSize = np.divide(learningRate, np.subtract(1, power1.ref));
  const root = np.sqrt(np.subtract(1, power2.ref));
  const layers = before.parameters.map((parameters, i) => {
    const [gradient, m, v] = [gradients[i], before.moments1[i], before.moments2[i]];
    if (!gradient || !m || !v) throw new RangeError(`nothing for parameter ${i}`);
    const moments1 = m.mul(beta1).add(gradient.ref.mul(1 - beta1));
    const moments2 = v.mul(beta2).add(np.square(gradient).mul(1 - beta2));
    const denominator = np.sqrt(moments2.ref).div(root.ref).add(epsilon);
    return {
      parameters: parameters.sub(moments1.ref.mul(stepSize.ref).div(denominator)),
      moments1,
      moments2,
    };
  });
  stepSize.dispose();
  root.dispose();
  return {
    parameters: layers.map(({ parameters }) => parameters),
    moments1: layers.map(({ moments1 }) => moments1),
    moments2: layers.map(({ moments2 }) => moments2),
    power1,
    power2,
  };
}
