import { padded, parameterCount } from '../../model/layout.ts';
import { type DenseLayer, denseLayers } from '../../model/spec.ts';
import * as ops from '../kernels/plain.ts';
import type { Optimizer } from '../optimizer.ts';
import type { Dispatch, StepPlan } from '../plan.ts';
import {
  activationBuffers,
  activationOf,
  type BatchSizes,
  deltaOf,
  inputBuffers,
  labelsAt,
  metricsBuffer,
  momentsOf,
  outputOf,
  parameterBuffers,
  parametersOf,
  ratesBuffer,
  stepsPerEpoch,
  tensor,
} from './sizes.ts';

const gradientOf = (layer: number) => `gradient${layer}`;

/** Every op in a dispatch of its own: the plan to read, to test the others against, and to compare speeds with. */
export function unfusedPlan(name: string, sizes: BatchSizes, optimizer: Optimizer): StepPlan {
  const layers = denseLayers(sizes.spec);
  const { models, batch } = sizes;
  return {
    name,
    metricParts: 1,
    buffers: [
      ...inputBuffers(sizes, true),
      ...activationBuffers(sizes, layers, 0),
      ratesBuffer(models),
      ...parameterBuffers(models, layers, optimizer.moments),
      metricsBuffer(sizes),
      ...layers.flatMap((layer, i) => [
        tensor(deltaOf(i), models * batch * padded(layer.outputs)),
        tensor(gradientOf(i), models * parameterCount(layer)),
      ]),
    ],
    dispatches: [
      gather(sizes),
      ...unfusedForward(sizes, layers),
      loss(sizes, layers.length),
      ...unfusedBackward(sizes, layers, optimizer),
    ],
  };
}

export function gather({ models, batch, spec, orderLength }: BatchSizes): Dispatch {
  return ops.gather(
    { models, batch, inputs: spec.inputs, orderLength },
    { step: 'step', samples: 'samples', order: 'order', x: activationOf(0) },
  );
}

export function loss(sizes: BatchSizes, layerCount: number): Dispatch {
  const { models, batch, spec, orderLength } = sizes;
  const steps = stepsPerEpoch(sizes);
  return ops.softmaxCrossEntropy(
    { models, batch, classes: spec.classes, orderLength, steps, labelsAt: labelsAt(sizes) },
    {
      step: 'step',
      samples: 'samples',
      order: 'order',
      logits: 'logits',
      delta: deltaOf(layerCount - 1),
      metrics: 'metrics',
    },
  );
}

function unfusedForward({ models, batch: rows }: BatchSizes, layers: readonly DenseLayer[]): Dispatch[] {
  return layers.flatMap((layer, i) => {
    const { inputs, outputs } = layer;
    const x = { stride: padded(inputs), size: rows * padded(inputs) };
    const y = { stride: padded(outputs), size: rows * padded(outputs) };
    const kernel = { stride: padded(outputs), size: parameterCount(layer) };
    const output = outputOf(i, layers.length);
    return [
      ops.matmul(
        { models, m: rows, n: outputs, k: inputs, a: x, b: kernel, c: y },
        { a: activationOf(i), b: parametersOf(i), c: output },
      ),
      ops.bias({ models, rows, layer }, { parameters: parametersOf(i), y: output }),
      ...(i < layers.length - 1 ? [ops.relu(models * y.size, { y: output })] : []),
    ];
  });
}

function unfusedBackward(
  { models, batch }: BatchSizes,
  layers: readonly DenseLayer[],
  optimizer: Optimizer,
): Dispatch[] {
  const dispatches = layers.map((layer, i) => {
    const { inputs, outputs } = layer;
    const x = { stride: padded(inputs), size: batch * padded(inputs) };
    const delta = { stride: padded(outputs), size: batch * padded(outputs) };
    const kernel = { stride: padded(outputs), size: parameterCount(layer) };
    const inputGradient = [
      ops.matmul(
        { models, m: batch, n: inputs, k: outputs, transposeB: true, a: delta, b: kernel, c: x },
        { a: deltaOf(i), b: parametersOf(i), c: deltaOf(i - 1) },
      ),
      ops.reluGradient(models * x.size, { y: activationOf(i), gradient: deltaOf(i - 1) }),
    ];
    const update = [
      ops.matmul(
        { models, m: inputs, n: outputs, k: batch, transposeA: true, a: x, b: delta, c: kernel },
        { a: activationOf(i), b: deltaOf(i), c: gradientOf(i) },
      ),
      ops.biasGradient({ models, batch, layer }, { delta: deltaOf(i), gradient: gradientOf(i) }),
      ops.update({ models, layer }, optimizer, {
        step: 'step',
        gradient: gradientOf(i),
        rates: 'rates',
        parameters: parametersOf(i),
        moments: momentsOf(i),
      }),
    ];
    return i === 0 ? update : [...inputGradient, ...update];
  });
  return dispatches.reverse().flat();
}
