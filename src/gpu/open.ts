import { ShadegradError } from '../errors.ts';
import { type AdapterDevice, type DeviceNeeds, requestDevice } from './device.ts';

const BROWSERS =
  'use a current Chrome or Edge, Safari 26 or newer, or Firefox on Windows or macOS, and see that "hardware acceleration" is on in its settings.';

/**
 * Passes where this page or program can ask for an adapter: to be called before there is anything to open.
 *
 * @throws ShadegradError `no-adapter` where the page came over an insecure connection, or there is no WebGPU
 */
export function assertWebGpu(): void {
  entryPoint();
}

function entryPoint(): GPU {
  // Undefined outside of browsers.
  if (globalThis.isSecureContext === false) {
    throw new ShadegradError(
      'no-adapter',
      'This page came over an insecure connection, and browsers give WebGPU to secure ones only.',
      'Open it over https, or from localhost.',
    );
  }
  const gpu: GPU | undefined = globalThis.navigator?.gpu;
  if (gpu) return gpu;
  throw new ShadegradError(
    'no-adapter',
    'There is no WebGPU here.',
    `In a browser: ${BROWSERS} In Node: import openDevice from "shadegrad/node".`,
  );
}

/**
 * The browser's adapter, the faster one where there are two.
 *
 * @throws ShadegradError `no-adapter` where there is none, with what to do
 */
export async function findAdapter(): Promise<GPUAdapter> {
  const adapter = await entryPoint().requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new ShadegradError(
    'no-adapter',
    'This browser has WebGPU, but finds no graphics adapter that it trusts.',
    `What may help: ${BROWSERS} The page chrome://gpu says why an adapter is not used; updating its driver often helps.`,
  );
}

/**
 * Opens a device on the browser's adapter, with the features that the shaders use: in a page or a worker, and wherever
 * else there is `navigator.gpu`. For data beyond WebGPU's default limits, or many networks side by side, pass what
 * `trainerLimits` and `populationLimits` name. An adapter gives one device, so each call asks for a new one.
 *
 * @throws ShadegradError `no-adapter` where there is none, `usage` where it lacks a limit or a feature, `gpu` where it gives
 *   no device
 *
 * @example
 * ```ts
 * import { openDevice, syntheticDigits, Trainer } from 'shadegrad';
 *
 * const { device } = await openDevice();
 * const data = syntheticDigits();
 * const trainer = await Trainer.create(device, data);
 * for await (const { epoch, accuracy } of trainer.fit({ epochs: 3 })) {
 *   document.body.append(`Epoch ${epoch}: ${accuracy}. `);
 * }
 * ```
 */
export async function openDevice(needs: DeviceNeeds = {}): Promise<AdapterDevice> {
  return requestDevice(
    await findAdapter(),
    needs,
    'Start again; if it stays, close other pages that use the GPU, or restart the browser.',
  );
}
