import { ShadegradError } from '../src/index.ts';

const BROWSERS =
  'Use a current Chrome or Edge, Safari 26 or newer, or Firefox on Windows or macOS, and see that "hardware acceleration" is on in its settings.';

/**
 * WebGPU's entry point, for the page and for its worker.
 * @throws ShadegradError `no-adapter` where there is none
 */
export function webGpu(): GPU {
  if (!globalThis.isSecureContext) {
    throw new ShadegradError(
      'no-adapter',
      'This page came over an insecure connection, and browsers give WebGPU to secure ones only.',
      'Open it over https, or from localhost.',
    );
  }
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu) throw new ShadegradError('no-adapter', 'This browser has no WebGPU.', BROWSERS);
  return gpu;
}

/** @throws ShadegradError `no-adapter` */
export async function findAdapter(): Promise<GPUAdapter> {
  const adapter = await webGpu().requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new ShadegradError(
    'no-adapter',
    'This browser has WebGPU, but finds no graphics adapter that it trusts.',
    `${BROWSERS} The page chrome://gpu says why an adapter is not used; updating its driver often helps.`,
  );
}
