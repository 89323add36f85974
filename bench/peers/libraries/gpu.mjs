import { shadegrad } from './shadegrad.mjs';

/** @typedef {import('../../../src/node.ts').AdapterChoice} AdapterChoice */

/** @type {string | undefined} */
let failure;

/** Throws the first error that a device from {@link provideWebGpu} reported outside of any call. */
export function checkWebGpu() {
  if (failure !== undefined) throw new Error(failure);
}

/**
 * Defines `navigator.gpu` for libraries made for browsers. They get the same adapter and Dawn as Shadegrad, because
 * Shadegrad's own `openDevice` opens their devices.
 *
 * @param {AdapterChoice} adapter
 * @param {boolean} robustness as in `openDevice`
 * @returns {Promise<readonly string[]>} Dawn's toggles that are set
 */
export async function provideWebGpu(adapter, robustness) {
  const { device, adapter: real, toggles } = await shadegrad.openDevice({ adapter, robustness });
  device.destroy();
  const offered = new Proxy(real, {
    get(target, name) {
      if (name === 'requestDevice')
        return (/** @type {GPUDeviceDescriptor} */ wanted) => openFor(adapter, robustness, wanted);
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const { userAgent, hardwareConcurrency } = globalThis.navigator ?? { userAgent: 'Node.js' };
  Object.defineProperty(globalThis, 'navigator', {
    value: { userAgent, hardwareConcurrency, gpu: { requestAdapter: async () => offered } },
    configurable: true,
  });
  return toggles;
}

/**
 * @param {AdapterChoice} adapter
 * @param {boolean} robustness
 * @param {GPUDeviceDescriptor} [wanted]
 */
async function openFor(adapter, robustness, { requiredLimits = {}, requiredFeatures = [] } = {}) {
  const { device } = await shadegrad.openDevice({
    adapter,
    robustness,
    requiredLimits: /** @type {Record<string, number>} */ (requiredLimits),
    requiredFeatures: [...requiredFeatures],
  });
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    failure ??= `The GPU reported an error: ${event.error.message}`;
  });
  void device.lost.then(({ message }) => {
    failure ??= `The GPU was lost: ${message}`;
  });
  return device;
}

/**
 * What the report says about a device. The adapter is the one that the device really is on.
 *
 * @param {GPUDevice} device
 * @param {readonly string[]} toggles
 */
export function describeDevice({ adapterInfo }, toggles) {
  const adapter = shadegrad.reportAdapter(/** @type {GPUAdapter} */ ({ info: adapterInfo }));
  return { backend: ['webgpu', ...toggles].join(', '), device: adapter.description };
}
