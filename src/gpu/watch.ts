import { reasonOf, ShadegradError } from '../errors.ts';

/**
 * Remembers the first failure of a device outside of any call: an uncaptured error or the device's loss. Work on the
 * GPU is asynchronous, so most errors show here. All waiting for the GPU goes through {@link DeviceWatch.guard}, so
 * that nothing computed by a broken device is taken for a result.
 */
export class DeviceWatch {
  readonly device: GPUDevice;
  #failure: ShadegradError | undefined;
  /** Rejects each wait in progress. One promise for all to race with would keep a reference to every past race. */
  readonly #waiting = new Set<(failure: ShadegradError) => void>();

  /** The device's one watch. */
  static of(device: GPUDevice): DeviceWatch {
    let watch = watches.get(device);
    if (!watch) {
      watch = new DeviceWatch(device);
      watches.set(device, watch);
    }
    return watch;
  }

  private constructor(device: GPUDevice) {
    this.device = device;
    device.addEventListener('uncapturederror', (event) => {
      // Dawn in Node would print the error on stdout, where only results belong.
      event.preventDefault();
      this.#fail(describe(event.error));
    });
    void device.lost.then(({ reason, message }) => this.#fail(deviceLost(reason, message)));
  }

  #fail(failure: ShadegradError): void {
    this.#failure ??= failure;
    for (const reject of this.#waiting) reject(this.#failure);
  }

  /** @throws ShadegradError `gpu` or `device-lost` if something has gone wrong already */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  /**
   * Waits for `work`, or for the device to fail.
   * @throws ShadegradError `gpu` or `device-lost`; never a plain error of WebGPU's.
   */
  async guard<T>(work: Promise<T>): Promise<T> {
    try {
      const result = await this.#untilFailure(work);
      this.check();
      return result;
    } catch (error) {
      if (error instanceof ShadegradError) throw error;
      // A lost device first rejects pending work with a vague error, and says why a moment later.
      await new Promise((resolve) => setTimeout(resolve, 50));
      this.check();
      throw new ShadegradError(
        'gpu',
        `The GPU could not finish its work: ${reasonOf(error)}`,
        'Run again; if it stays, update the GPU driver.',
        error,
      );
    }
  }

  async #untilFailure<T>(work: Promise<T>): Promise<T> {
    let stop: (failure: ShadegradError) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      stop = reject;
    });
    if (this.#failure) stop(this.#failure);
    this.#waiting.add(stop);
    try {
      return await Promise.race([work, failed]);
    } finally {
      this.#waiting.delete(stop);
    }
  }

  /**
   * The bytes of a mapped buffer. A device that is lost after its buffers were mapped, and before this reads them,
   * unmaps them: WebGPU then throws a plain error, and says a moment later that the device is lost.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  mapped(buffer: GPUBuffer): Promise<ArrayBuffer> {
    return this.guard(Promise.resolve().then(() => buffer.getMappedRange()));
  }

  /**
   * Runs `allocate`, and reports if the GPU has no memory left for it.
   * @throws ShadegradError `gpu`
   */
  async allocate<T>(what: string, allocate: () => T): Promise<T> {
    this.check();
    this.device.pushErrorScope('out-of-memory');
    let allocated: { readonly result: T } | undefined;
    let refused: unknown;
    try {
      allocated = { result: allocate() };
    } catch (error) {
      // A buffer that is mapped at creation also needs memory of this process; without it, creation throws at once.
      refused = error;
    }
    const error = await this.guard(this.device.popErrorScope());
    if (allocated && !error) return allocated.result;
    throw new ShadegradError(
      'gpu',
      `The GPU has not enough memory for ${what}: ${error?.message ?? reasonOf(refused)}`,
      'Use a smaller batch, network or dataset, or close other programs that use the GPU.',
      error ?? refused,
    );
  }
}

const watches = new WeakMap<GPUDevice, DeviceWatch>();

function describe(error: GPUError): ShadegradError {
  return new ShadegradError(
    'gpu',
    `The GPU reported an error: ${error.message}`,
    'Nothing computed since can be trusted. Please report this with the output of "shadegrad doctor".',
    error,
  );
}

function deviceLost(reason: GPUDeviceLostReason, details: string): ShadegradError {
  return new ShadegradError(
    'device-lost',
    reason === 'destroyed' ? 'The GPU device was destroyed.' : `The GPU device was lost: ${details}`,
    'Open a new device and start again; if it stays, update the GPU driver.',
  );
}
