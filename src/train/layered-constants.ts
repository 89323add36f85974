import type { AdamConstants } from './ops.ts';
import { adamOverrides } from './ops.ts';
import type { DenseSizes, LayerInput, LayerSizes } from './plans/layered.ts';

// The override constants that implementations of the layered plan's kernels share; tiles come beside them.

export function denseConstants({ rows, layer, relu, input, orderLength }: DenseSizes) {
  return {
    ROWS: rows,
    INPUTS: layer.inputs,
    OUTPUTS: layer.outputs,
    ORDER_LENGTH: orderLength,
    BYTES: Number(input === 'samples'),
    RELU: Number(relu),
  };
}

export function inputGradientConstants({ rows, layer }: LayerSizes) {
  return { ROWS: rows, INPUTS: layer.inputs, OUTPUTS: layer.outputs };
}

export function denseAdamConstants(
  { models, rows, layer, input, orderLength }: LayerSizes & LayerInput,
  adam: AdamConstants,
) {
  return {
    MODELS: models,
    BATCH: rows,
    INPUTS: layer.inputs,
    OUTPUTS: layer.outputs,
    ORDER_LENGTH: orderLength,
    BYTES: Number(input === 'samples'),
    ...adamOverrides(adam),
  };
}
