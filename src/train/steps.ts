/** The most steps that one submit can hold. */
export const STEPS_PER_SUBMIT = 512;

/** Steps whose numbers fit into the step buffer: a submit's, and those of what a plan runs before them. */
export const STEP_SLOTS = STEPS_PER_SUBMIT + 1;

/** Bytes from one step's numbers to the next: WebGPU's default for the alignment of a dynamic uniform offset. */
export const STEP_STRIDE = 256;

/** Bytes of `struct Step` in the shaders. */
export const STEP_SIZE = 24;

/** What differs from one step to the next; the shaders read it as `struct Step`. */
export interface Step {
  /** Where in the order the batch begins. */
  readonly offset: number;
  /** Samples in the batch. */
  readonly count: number;
  /** Where in `metrics` the batch's loss and hits go. */
  readonly index: number;
  /** Adam's t: 1 for a network's first step; 0 where nothing is trained. */
  readonly t: number;
  /** Adam's learning rate / (1 - beta1^t); 0 where nothing is trained. */
  readonly stepSize: number;
  /** Adam's 1 / sqrt(1 - beta2^t). */
  readonly rootCorrection: number;
}

/** The batches of `samples` samples in order, the last one with what is left. */
export function batches(samples: number, batch: number): Step[] {
  return Array.from({ length: Math.ceil(samples / batch) }, (_, index) => {
    const offset = index * batch;
    return { offset, count: Math.min(batch, samples - offset), index, t: 0, stepSize: 0, rootCorrection: 0 };
  });
}

/**
 * The same with Adam's bias corrections, in float64 as PyTorch computes them.
 *
 * @param trained steps trained before these: the first of them is Adam's t = trained + 1
 */
export function trainingSteps(
  samples: number,
  batch: number,
  trained: number,
  adam: { learningRate: number; beta1: number; beta2: number },
): Step[] {
  return batches(samples, batch).map((step) => {
    const t = trained + step.index + 1;
    return {
      ...step,
      t,
      stepSize: adam.learningRate / (1 - adam.beta1 ** t),
      rootCorrection: 1 / Math.sqrt(1 - adam.beta2 ** t),
    };
  });
}

/** Writes `steps` as the shaders read them, the first at byte 0, each {@link STEP_STRIDE} after the one before. */
export function encodeSteps(steps: readonly Step[]): ArrayBuffer {
  const bytes = new ArrayBuffer(steps.length * STEP_STRIDE);
  const view = new DataView(bytes);
  steps.forEach((step, i) => {
    view.setUint32(i * STEP_STRIDE, step.offset, true);
    view.setUint32(i * STEP_STRIDE + 4, step.count, true);
    view.setUint32(i * STEP_STRIDE + 8, step.index, true);
    view.setUint32(i * STEP_STRIDE + 12, step.t, true);
    view.setFloat32(i * STEP_STRIDE + 16, step.stepSize, true);
    view.setFloat32(i * STEP_STRIDE + 20, step.rootCorrection, true);
  });
  return bytes;
}

/** Each step's summed loss and hits, from the parts in which one model's `metrics` have them: [steps, parts] x 2. */
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
