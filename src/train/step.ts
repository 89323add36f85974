import type { NetworkRate, Optimizer } from './optimizer.ts';

/** The most steps that one submit can hold. */
export const STEPS_PER_SUBMIT = 512;

/** Steps whose numbers the step buffer holds: those of a submit, and one for what a plan runs before them. */
export const STEP_SLOTS = STEPS_PER_SUBMIT + 1;

/** Bytes from one step's numbers to the next: WebGPU's default for the alignment of a uniform buffer's offset. */
export const STEP_STRIDE = 256;

/** Bytes of `struct Step` in the shaders. */
export const STEP_SIZE = 24;

/** The numbers that differ from step to step; the shaders read them as `struct Step` and `rates`. */
export interface Step {
  /** Where in the order the batch begins. */
  readonly offset: number;
  /** Samples in the batch. */
  readonly count: number;
  /** Where in `metrics` the batch's loss and hits go. */
  readonly index: number;
  /** The optimizer's t: 1 for a network's first step; 0 if nothing is trained. */
  readonly t: number;
  /** Adam's 1 / sqrt(1 - beta2^t). */
  readonly rootCorrection: number;
  /**
   * For each network the factor of its step, and the share by which its kernels decay: [models, 2], see
   * `Optimizer.rate`. Empty if nothing is trained.
   */
  readonly rates: Float32Array;
}

/** Steps that are made when they are asked for, or an array of steps. */
export interface Steps {
  readonly length: number;
  slice(start: number, end: number): readonly Step[];
}

const NO_RATES = new Float32Array();

/** The batches of `samples` samples in order; the last one has what is left. For steps that train nothing. */
export function batches(samples: number, batch: number): Step[] {
  return Array.from({ length: Math.ceil(samples / batch) }, (_, index) => {
    const offset = index * batch;
    return {
      offset,
      count: Math.min(batch, samples - offset),
      index,
      t: 0,
      rootCorrection: 0,
      rates: NO_RATES,
    };
  });
}

/** Writes `steps` as the shaders read them: the first at byte 0, the others {@link STEP_STRIDE} bytes apart. */
export function encodeSteps(steps: readonly Step[]): ArrayBuffer {
  const bytes = new ArrayBuffer(steps.length * STEP_STRIDE);
  const view = new DataView(bytes);
  steps.forEach((step, slot) => {
    view.setUint32(slot * STEP_STRIDE, step.offset, true);
    view.setUint32(slot * STEP_STRIDE + 4, step.count, true);
    view.setUint32(slot * STEP_STRIDE + 8, step.index, true);
    view.setUint32(slot * STEP_STRIDE + 12, step.t, true);
    view.setUint32(slot * STEP_STRIDE + 16, slot, true);
    view.setFloat32(slot * STEP_STRIDE + 20, step.rootCorrection, true);
  });
  return bytes;
}

/** The steps' rates as the shaders read them: [steps, models, 2]. */
export function encodeRates(steps: readonly Step[]): Float32Array<ArrayBuffer> {
  const models = (steps[0]?.rates.length ?? 0) / 2;
  const rates = new Float32Array(2 * models * steps.length);
  for (const [slot, step] of steps.entries()) rates.set(step.rates, 2 * models * slot);
  return rates;
}

/** Each step's loss and hits, summed over the parts in one model's `metrics`: [steps, parts] x 2. */
export function stepMetrics(metrics: Float32Array, parts: number): { loss: number; hits: number }[] {
  return Array.from({ length: metrics.length / (2 * parts) }, (_, step) => {
    const sum = { loss: 0, hits: 0 };
    for (let i = 2 * parts * step; i < 2 * parts * (step + 1); i += 2) {
      sum.loss += metrics[i] ?? Number.NaN;
      sum.hits += metrics[i + 1] ?? Number.NaN;
    }
    return sum;
  });
}

/**
 * The same batches as steps of training, each made when it is asked for.
 *
 * @param trained steps trained before these: the first of these is the optimizer's t = trained + 1
 * @param networks each network's rates at step t: [models]
 */
export function trainingSteps(
  samples: number,
  batch: number,
  trained: number,
  optimizer: Optimizer,
  networks: (t: number) => readonly NetworkRate[],
): Steps {
  const places = batches(samples, batch);
  return {
    length: places.length,
    slice: (start, end) =>
      places.slice(start, end).map((place) => {
        const t = trained + place.index + 1;
        const rates = Float32Array.from(networks(t).flatMap((network) => optimizer.rate(t, network)));
        return { ...place, t, rootCorrection: optimizer.rootCorrection(t), rates };
      }),
  };
}
