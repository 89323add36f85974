import { expect } from 'vitest';
import { padRows, padRowsOfBytes } from '../../src/bench/cases/data.ts';
import { place, readBuffers, upload } from '../../src/gpu/buffers.ts';
import { padded } from '../../src/model/layout.ts';
import { type OpenDeviceOptions, type OpenedDevice, openDevice } from '../../src/node/gpu.ts';
import { Executable } from '../../src/train/executable.ts';
import type { Dispatch } from '../../src/train/plan.ts';
import { encodeRates, type Step } from '../../src/train/step.ts';
import { boundsBroken } from './bounds.ts';
import { noteDeviation, noteKernel } from './deviation.ts';
import { NO_STEP } from './step.ts';

/**
 * Opens a device on the adapter that the tests run on: the one that SHADEGRAD_TEST_ADAPTER names, as `openDevice` takes it, or
 * else the only one that `tests/support/drivers.ts` leaves.
 */
export function openTestDevice(options: Omit<OpenDeviceOptions, 'adapter'> = {}): Promise<OpenedDevice> {
  return openDevice({ ...options, adapter: process.env.SHADEGRAD_TEST_ADAPTER ?? 'auto' });
}

let opened: Promise<GPUDevice> | undefined;

/** The device that this file's tests share. Bounds checks stay on. No adapter is a failure, never a skip. */
export function testDevice(): Promise<GPUDevice> {
  opened ??= openTestDevice({ optionalFeatures: ['subgroups'] }).then(({ device }) => device);
  return opened;
}

/** Every lane of padding, and everything behind a tensor, holds this: a kernel that reads it cannot hide it. */
const POISON = Number.NaN;
const POISON_WORDS = 64;

/** Rows of floats as the kernels lay them out: each row padded to whole vec4s, with poison in the padding. */
export function withPadding(values: ArrayLike<number>, columns: number): Float32Array<ArrayBuffer> {
  return padRows(Float32Array.from(values), columns);
}

/** Rows of bytes as the kernels lay them out: each padded to whole words, with 255 in the padding. */
export function paddedRows(bytes: Uint8Array, columns: number): Uint8Array<ArrayBuffer> {
  return padRowsOfBytes(Uint8Array.from(bytes), columns);
}

/** The inverse of {@link withPadding}. */
export function withoutPadding(values: ArrayLike<number>, columns: number): Float64Array {
  const stride = padded(columns);
  const rows = values.length / stride;
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    return values[Math.floor(i / columns) * stride + (i % columns)] ?? POISON;
  });
}

/**
 * Runs one dispatch on buffers that hold `inputs` (with the step's rates, where the kernel reads them) and, behind them,
 * poison. Returns what the buffers hold then, by
 * name, and fails where the kernel wrote behind one, or would have read there: that takes a second shader, which slow
 * compilers are spared by SHADEGRAD_TEST_BOUNDS=off.
 */
export async function runKernel(
  dispatch: Dispatch,
  given: Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>,
  step: Step = NO_STEP,
): Promise<Record<string, Float32Array>> {
  noteKernel(dispatch.kernel);
  const inputs = 'rates' in dispatch.bindings ? { ...given, rates: encodeRates([step]) } : given;
  const device = await testDevice();
  const shared = new Map<string, GPUBuffer>();
  const uploads = Object.entries(inputs).map(async ([name, data]) => {
    const words = padded(data.byteLength) / 4;
    const bytes = new Float32Array(words + POISON_WORDS).fill(POISON);
    new Uint8Array(bytes.buffer).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    const buffer = await upload(device, name, bytes.byteLength, (part, from) =>
      place(part, from, new Uint8Array(bytes.buffer)),
    );
    shared.set(name, buffer);
  });
  await Promise.all(uploads);
  const plan = {
    name: dispatch.kernel,
    metricParts: 1,
    buffers: [{ name: 'step', size: 256, usage: 'step' as const }],
    dispatches: [dispatch],
  };
  const executable = await Executable.create(device, plan, shared);
  try {
    executable.submit([step]);
    const outputs: Record<string, Float32Array> = {};
    // All at once: some engines take 100 ms for each time that the host waits.
    const contents = await readBuffers(
      device,
      Object.keys(inputs).map((name) => ({ buffer: executable.buffer(name) })),
    );
    for (const [i, [name, data]] of Object.entries(inputs).entries()) {
      const words = padded(data.byteLength) / 4;
      const after = new Float32Array(contents[i] ?? new ArrayBuffer());
      expect(after.subarray(words).every(Number.isNaN), `${dispatch.kernel} writes behind "${name}"`).toBe(
        true,
      );
      outputs[name] = after.subarray(0, words);
    }
    if (process.env.SHADEGRAD_TEST_BOUNDS !== 'off') {
      const broken = await boundsBroken(device, dispatch, shared, outputs, step);
      expect(broken, `what ${dispatch.kernel} touches behind its end`).toEqual([]);
    }
    return Object.fromEntries(Object.keys(given).map((name) => [name, outputs[name] ?? new Float32Array()]));
  } finally {
    executable.destroy();
    for (const buffer of shared.values()) buffer.destroy();
  }
}

/** Fails unless every value is within `absolute + relative |expected|`; NaN never is. */
export function expectClose(
  what: string,
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  { absolute = 1e-6, relative = 1e-5 } = {},
): void {
  expect(actual?.length, `${what}: length`).toBe(expected.length);
  const worst = { error: 0, tolerance: 1 };
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual?.[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    const error = Math.abs(a - e);
    const tolerance = absolute + relative * Math.abs(e);
    if (!(error <= tolerance)) expect.fail(`${what}[${i}] is ${a}, expected ${e}`);
    if (error * worst.tolerance > worst.error * tolerance) Object.assign(worst, { error, tolerance });
  }
  noteDeviation(what, worst.error, worst.tolerance);
}
