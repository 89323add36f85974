import { ShadegradError } from '../errors.ts';

/** A multilayer perceptron: dense layers with ReLU between them and softmax at the end. */
export interface MlpSpec {
  /** Inputs per sample, e.g. 784 for 28 x 28 pixels. */
  readonly inputs: number;
  /** Width of each hidden layer, first to last; empty for softmax regression. */
  readonly hidden: readonly number[];
  /** Outputs, 1 to 256: labels are bytes. */
  readonly classes: number;
}

/** One dense layer: outputs = inputs x kernel + bias. */
export interface DenseLayer {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * A copy of `spec`, checked.
 * @throws ShadegradError `usage` where a size is not a positive integer, or there are more than 256 classes
 */
export function mlp(spec: MlpSpec): MlpSpec {
  const sizes: [string, number][] = [
    ['inputs', spec.inputs],
    ...spec.hidden.map((width, i): [string, number] => [`hidden layer ${i + 1}`, width]),
    ['classes', spec.classes],
  ];
  for (const [what, size] of sizes) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new ShadegradError(
        'usage',
        `${what}: ${size} is not a layer size.`,
        'Use a whole number of 1 or more.',
      );
    }
  }
  if (spec.classes > 256) {
    throw new ShadegradError(
      'usage',
      `${spec.classes} classes are too many.`,
      'Labels are bytes: use at most 256.',
    );
  }
  return { inputs: spec.inputs, hidden: [...spec.hidden], classes: spec.classes };
}

/** The dense layers of `spec`, first to last: one more than there are hidden widths. */
export function denseLayers(spec: MlpSpec): DenseLayer[] {
  const widths = [...spec.hidden, spec.classes];
  let inputs = spec.inputs;
  return widths.map((outputs) => {
    const layer = { inputs, outputs };
    inputs = outputs;
    return layer;
  });
}
