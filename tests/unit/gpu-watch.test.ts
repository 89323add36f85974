import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readBuffers, upload } from '../../src/gpu/buffers.ts';
import { DeviceWatch } from '../../src/gpu/watch.ts';

// A device that is lost unmaps its buffers at once, and says only later that it is lost. What it does between a buffer's
// mapping and its reading cannot be timed with a real one.

beforeAll(() => {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 1, COPY_DST: 2, COPY_SRC: 4, MAP_READ: 8 });
  afterAll(() => {
    vi.unstubAllGlobals();
  });
  vi.stubGlobal('GPUMapMode', { READ: 1 });
});
afterAll(() => vi.unstubAllGlobals());

class UnmappedBuffer {
  readonly size = 4;
  mapAsync(): Promise<void> {
    return Promise.resolve();
  }
  getMappedRange(): never {
    throw new DOMException('getMappedRange failed', 'OperationError');
  }
  unmap(): void {}
  destroy(): void {}
}

/** A device whose buffers are never mapped when they are read; `lose` tells its loss. */
function lostDevice() {
  let lose: (info: { reason: string; message: string }) => void = () => undefined;
  const device = {
    lost: new Promise((resolve) => {
      lose = resolve;
    }),
    addEventListener: () => undefined,
    pushErrorScope: () => undefined,
    popErrorScope: async () => null,
    createBuffer: () => new UnmappedBuffer(),
    createCommandEncoder: () => ({ copyBufferToBuffer: () => undefined, finish: () => ({}) }),
    queue: { submit: () => undefined, onSubmittedWorkDone: async () => undefined },
  };
  return { device: device as unknown as GPUDevice, lose: () => lose({ reason: 'destroyed', message: '' }) };
}

describe.each([
  [
    'reading',
    (device: GPUDevice) => readBuffers(device, [{ buffer: device.createBuffer({ size: 4, usage: 1 }) }]),
  ],
  ['filling', (device: GPUDevice) => upload(device, 'weights', 4, () => undefined)],
  [
    'mapped',
    (device: GPUDevice) => DeviceWatch.of(device).mapped(device.createBuffer({ size: 4, usage: 1 })),
  ],
])('%s a buffer that has been unmapped', (_, use) => {
  test('by the loss of the device says that it is lost', async () => {
    const { device, lose } = lostDevice();
    const used = use(device);
    setTimeout(lose, 5);
    await expect(used).rejects.toMatchObject({ code: 'device-lost' });
  });

  test('by anything else is an error of the GPU', async () => {
    const { device } = lostDevice();
    await expect(use(device)).rejects.toMatchObject({
      code: 'gpu',
      message: 'The GPU could not finish its work: getMappedRange failed',
    });
  });
});
