import type { DenseLayer } from '../../model/spec.ts';
import { ADAM, OPTIMIZER_DEFAULTS, optimizerOf } from '../../train/optimizer.ts';
import type { Step } from '../../train/step.ts';

/** A layer and the rows of its batch. */
export interface LayerSize {
  readonly rows: number;
  readonly layer: DenseLayer;
}

/** The layers of 784-100-10 at batch 32. */
export const HIDDEN: LayerSize = { rows: 32, layer: { inputs: 784, outputs: 100 } };
export const OUTPUT: LayerSize = { rows: 32, layer: { inputs: 100, outputs: 10 } };
/** Enough work to see the throughput of a software adapter, and of a GPU. */
export const WIDE: LayerSize = { rows: 256, layer: { inputs: 1024, outputs: 1024 } };
export const WIDEST: LayerSize = { rows: 2048, layer: { inputs: 2048, outputs: 2048 } };

/** Products of square matrices, to see the throughput of a large GPU. */
export const SQUARES: readonly LayerSize[] = [1024, 4096].map((n) => ({
  rows: n,
  layer: { inputs: n, outputs: n },
}));

export const CLASSES = 10;
/** Images that a batch is picked from. */
export const SAMPLES = 16_384;
export const OPTIMIZER = optimizerOf(ADAM);
/** Floats of the buffers in measurements of bandwidth: 16 MiB each. */
export const MANY_FLOATS = 2 ** 22;
/** A layer with {@link MANY_FLOATS} parameters. */
export const MANY_PARAMETERS: DenseLayer = { inputs: 1023, outputs: MANY_FLOATS / 1024 };

/** E.g. "784-100@32": 784 inputs, 100 outputs, batch 32. */
export function sizeName({ rows, layer }: LayerSize): string {
  return `${layer.inputs}-${layer.outputs}@${rows}`;
}

/** Adam's tenth step, on a batch of `count`. */
export function stepOf(count: number): Step {
  const t = 10;
  return {
    offset: 0,
    count,
    index: 0,
    t,
    rootCorrection: OPTIMIZER.rootCorrection(t),
    rates: Float32Array.from(OPTIMIZER.rate(t, OPTIMIZER_DEFAULTS.adam)),
  };
}
