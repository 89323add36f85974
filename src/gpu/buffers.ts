import { DeviceWatch } from './watch.ts';

/**
 * A new buffer, filled in place so that nothing is copied twice, and padded with zeros to whole words.
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function upload(
  device: GPUDevice,
  label: string,
  bytes: number,
  fill: (memory: Uint8Array) => void,
): Promise<GPUBuffer> {
  const size = Math.ceil(bytes / 4) * 4;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  let buffer: GPUBuffer | undefined;
  try {
    return await DeviceWatch.of(device).allocate(`${label} (${size} bytes)`, () => {
      buffer = device.createBuffer({ label, size, usage, mappedAtCreation: true });
      fill(new Uint8Array(buffer.getMappedRange()));
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
