import { type Model, type Tensor, tensor, tensorShapes } from './model.ts';
import { type DenseLayer, denseLayers, type MlpSpec } from './spec.ts';

/** `length` rounded up to whole vec4s: on the GPU every row of floats starts at a vec4. */
export function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** Floats of one model's parameters of `layer` on the GPU: [inputs + 1, padded(outputs)], the bias as the last row. */
export function parameterCount(layer: DenseLayer): number {
  return (layer.inputs + 1) * padded(layer.outputs);
}

/**
 * A model's parameters as the shaders want them, one array per layer: the kernel transposed to [inputs, outputs]
 * (Keras's form, so that neighbours in memory are neighbours in the output), rows padded with zeros, then the bias.
 *
 * @throws ShadegradError `bad-model` where a tensor is missing.
 */
export function packParameters(model: Model): Float32Array<ArrayBuffer>[] {
  return denseLayers(model.spec).map((layer, i) => {
    const { inputs, outputs } = layer;
    const weight = tensor(model, `${2 * i}.weight`);
    const bias = tensor(model, `${2 * i}.bias`);
    const stride = padded(outputs);
    const parameters = new Float32Array(parameterCount(layer));
    for (let k = 0; k < inputs; k++) {
      for (let n = 0; n < outputs; n++) parameters[k * stride + n] = weight[n * inputs + k] ?? 0;
    }
    parameters.set(bias, inputs * stride);
    return parameters;
  });
}

/** A weight [outputs, inputs] as a kernel [inputs, outputs], without padding. */
export function transposed(weight: Float32Array, { inputs, outputs }: DenseLayer): Float32Array<ArrayBuffer> {
  const kernel = new Float32Array(inputs * outputs);
  for (let k = 0; k < inputs; k++) {
    for (let n = 0; n < outputs; n++) kernel[k * outputs + n] = weight[n * inputs + k] ?? 0;
  }
  return kernel;
}

/** The inverse of {@link packParameters}. */
export function unpackParameters(spec: MlpSpec, layers: readonly Float32Array[]): Model {
  const layout = denseLayers(spec);
  const tensors = tensorShapes(spec).map(({ name, shape }, index): Tensor => {
    const layer = layout[index >> 1];
    const parameters = layers[index >> 1];
    if (!layer || !parameters) throw new RangeError(`no parameters for ${name}`);
    const { inputs, outputs } = layer;
    const stride = padded(outputs);
    if (index % 2 === 1)
      return { name, shape, data: parameters.slice(inputs * stride, inputs * stride + outputs) };
    const data = new Float32Array(inputs * outputs);
    for (let n = 0; n < outputs; n++) {
      for (let k = 0; k < inputs; k++) data[n * inputs + k] = parameters[k * stride + n] ?? 0;
    }
    return { name, shape, data };
  });
  return { spec, tensors };
}
