import { DeviceWatch } from './watch.ts';

/** Bytes that are filled at a time: filling a whole buffer at once would need memory for a second copy of a dataset. */
const PIECE = 2 ** 23;

/**
 * A new buffer, padded with zeros to whole words.
 *
 * @param fill writes one part of the buffer; the part is all zeros and begins at the buffer's byte `from`
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function upload(
  device: GPUDevice,
  label: string,
  bytes: number,
  fill: (part: Uint8Array, from: number) => void,
): Promise<GPUBuffer> {
  const watch = DeviceWatch.of(device);
  const size = Math.ceil(bytes / 4) * 4;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const create = (descriptor: GPUBufferDescriptor) =>
    watch.allocate(`${label} (${size} bytes)`, () => device.createBuffer({ label, ...descriptor }));
  const buffer = await create({ size, usage });
  try {
    for (let from = 0; from < size; from += PIECE) {
      const length = Math.min(PIECE, size - from);
      const staging = await create({ size: length, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
      try {
        fill(new Uint8Array(await watch.mapped(staging)), from);
        staging.unmap();
        const encoder = device.createCommandEncoder({ label });
        encoder.copyBufferToBuffer(staging, 0, buffer, from, length);
        device.queue.submit([encoder.finish()]);
        await watch.guard(device.queue.onSubmittedWorkDone());
      } finally {
        staging.destroy();
      }
    }
    return buffer;
  } catch (error) {
    buffer.destroy();
    throw error;
  }
}

/** Copies what lies within `part`: `bytes` begin at byte `at` of a buffer, and `part` begins at its byte `from`. */
export function place(part: Uint8Array, from: number, bytes: Uint8Array, at = 0): void {
  const start = Math.max(0, from - at);
  const end = Math.min(bytes.length, from + part.length - at);
  if (start < end) part.set(bytes.subarray(start, end), at + start - from);
}

/** A part of a buffer: all of it by default. Offset and size are bytes, multiples of 4. */
export interface BufferPart {
  readonly buffer: GPUBuffer;
  readonly offset?: number;
  readonly size?: number;
}

/**
 * Reads parts of buffers as they are after all work submitted so far: work that is submitted later has no effect.
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function readBuffers(device: GPUDevice, parts: readonly BufferPart[]): Promise<ArrayBuffer[]> {
  return (await stageBuffers(device, parts))();
}

/**
 * As {@link readBuffers}, in two parts for a caller who wants to know what it costs the host: this one waits for the GPU,
 * and what it returns, to be called once, takes the host's time.
 */
export async function stageBuffers(
  device: GPUDevice,
  parts: readonly BufferPart[],
): Promise<() => Promise<ArrayBuffer[]>> {
  const watch = DeviceWatch.of(device);
  watch.check();
  const staged: { readonly staging: GPUBuffer; readonly sizes: number[] }[] = [];
  const destroy = () => {
    for (const { staging } of staged) staging.destroy();
  };
  const encoder = device.createCommandEncoder();
  const ranges = parts.map(({ buffer, offset = 0, size = buffer.size - offset }) => ({
    buffer,
    offset,
    size,
  }));
  try {
    for (let first = 0; first < ranges.length; ) {
      let end = first;
      let bytes = 0;
      // Few staging buffers for many small parts; a large one has its own.
      do bytes += ranges[end++]?.size ?? 0;
      while (end < ranges.length && bytes + (ranges[end]?.size ?? 0) <= PIECE);
      const some = ranges.slice(first, end);
      const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
      const staging = device.createBuffer({
        label: `read back ${some[0]?.buffer.label}`,
        size: bytes,
        usage,
      });
      staged.push({ staging, sizes: some.map(({ size }) => size) });
      let at = 0;
      for (const { buffer, offset, size } of some) {
        encoder.copyBufferToBuffer(buffer, offset, staging, at, size);
        at += size;
      }
      first = end;
    }
    device.queue.submit([encoder.finish()]);
    await watch.guard(Promise.all(staged.map(({ staging }) => staging.mapAsync(GPUMapMode.READ))));
  } catch (error) {
    destroy();
    throw error;
  }
  return async () => {
    try {
      const mapped = await Promise.all(staged.map(({ staging }) => watch.mapped(staging)));
      return staged.flatMap(({ sizes }, index) => {
        let at = 0;
        return sizes.map((size) => {
          at += size;
          return (mapped[index] ?? new ArrayBuffer()).slice(at - size, at);
        });
      });
    } finally {
      destroy();
    }
  };
}

/**
 * Reads `size` bytes of `buffer`, once all work submitted so far is done.
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function readBuffer(
  device: GPUDevice,
  buffer: GPUBuffer,
  offset = 0,
  size = buffer.size - offset,
): Promise<ArrayBuffer> {
  const [bytes = new ArrayBuffer()] = await readBuffers(device, [{ buffer, offset, size }]);
  return bytes;
}
