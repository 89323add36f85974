import { DeviceWatch } from './watch.ts';

/**
 * Copies `data` into a new buffer, padded with zeros to whole words.
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function upload(device: GPUDevice, label: string, data: Uint8Array): Promise<GPUBuffer> {
  const size = Math.ceil(data.byteLength / 4) * 4;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  let buffer: GPUBuffer | undefined;
  try {
    return await DeviceWatch.of(device).allocate(`${label} (${size} bytes)`, () => {
      buffer = device.createBuffer({ label, size, usage, mappedAtCreation: true });
      new Uint8Array(buffer.getMappedRange()).set(data);
      buffer.unmap();
      return buffer;
    });
  } catch (error) {
    buffer?.destroy();
    throw error;
  }
}

/**
 * Reads `size` bytes of `buffer` after all work submitted so far.
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function readBuffer(
  device: GPUDevice,
  buffer: GPUBuffer,
  offset = 0,
  size = buffer.size - offset,
): Promise<ArrayBuffer> {
  const watch = DeviceWatch.of(device);
  watch.check();
  const staging = device.createBuffer({
    label: `read back ${buffer.label}`,
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  try {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await watch.guard(staging.mapAsync(GPUMapMode.READ));
    return staging.getMappedRange().slice(0);
  } finally {
    staging.destroy();
  }
}
