import { padded } from '../../model/layout.ts';
import { type DenseLayer, denseLayers } from '../../model/spec.ts';
import type { LayeredKernels, LayerInput } from '../kernels/layered.ts';
import type { Optimizer } from '../optimizer.ts';
import type { Dispatch, StepPlan } from '../plan.ts';
import {
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
import { loss } from './unfused.ts';

/**
 * For any depth and width. Each layer takes one dispatch forward and one for the update, the head one, and the input
 * gradient one for every hidden layer but the last. That is four for one hidden layer.
 */
export function layeredPlan(
  name: string,
  kernels: LayeredKernels,
  sizes: BatchSizes,
  optimizer: Optimizer,
): StepPlan {
  const { models, batch: rows, spec, orderLength } = sizes;
  const layers = denseLayers(spec);
  const last = layers.length - 1;
  const top = layers[last];
  const headed = last > 0 && top && spec.classes <= kernels.headClasses;
  const steps = stepsPerEpoch(sizes);
  const forward = denseForward(kernels, sizes, layers);
  const head = headed
    ? [
        kernels.head(
          { models, rows, layer: top, orderLength, steps, labelsAt: labelsAt(sizes) },
          {
            step: 'step',
            samples: 'samples',
            order: 'order',
            x: activationOf(last),
            parameters: parametersOf(last),
            delta: deltaOf(last),
            delta_x: deltaOf(last - 1),
            metrics: 'metrics',
          },
        ),
      ]
    : [loss(sizes, layers.length)];
  const backward = layers.map((layer, i) => {
    const inputGradient = kernels.inputGradient(
      { models, rows, layer },
      { delta_y: deltaOf(i), parameters: parametersOf(i), x: activationOf(i), delta_x: deltaOf(i - 1) },
    );
    const update = kernels.denseUpdate({ models, rows, layer, ...inputOf(i, orderLength) }, optimizer, {
      step: 'step',
      x: i === 0 ? 'samples' : activationOf(i),
      order: 'order',
      delta: deltaOf(i),
      parameters: parametersOf(i),
      moments: momentsOf(i),
      rates: 'rates',
    });
    // The input's gradient needs the kernel before its update, so it goes first.
    return i === 0 || (headed && i === last) ? [update] : [inputGradient, update];
  });
  const activations = layers
    .slice(1)
    .map((layer, i) => tensor(activationOf(i + 1), models * rows * padded(layer.inputs)));
  return {
    name,
    buffers: [
      ...inputBuffers(sizes, true),
      ...activations,
      ...(headed ? [] : [tensor('logits', models * rows * padded(spec.classes))]),
      ratesBuffer(models),
      ...parameterBuffers(models, layers, optimizer.moments),
      metricsBuffer(sizes, headed ? kernels.headParts(rows) : 1),
      ...layers.map((layer, i) => tensor(deltaOf(i), models * rows * padded(layer.outputs))),
    ],
    dispatches: [...(headed ? forward.slice(0, -1) : forward), ...head, ...backward.reverse().flat()],
    metricParts: headed ? kernels.headParts(rows) : 1,
  };
}

/** Every layer's outputs, up to the logits. */
export function denseForward(
  kernels: LayeredKernels,
  { models, batch: rows, orderLength }: BatchSizes,
  layers: readonly DenseLayer[],
): Dispatch[] {
  return layers.map((layer, i) =>
    kernels.dense(
      { models, rows, layer, ...inputOf(i, orderLength), relu: i < layers.length - 1 },
      {
        step: 'step',
        x: i === 0 ? 'samples' : activationOf(i),
        order: 'order',
        parameters: parametersOf(i),
        y: outputOf(i, layers.length),
      },
    ),
  );
}

function inputOf(layer: number, orderLength: number): LayerInput {
  return { input: layer === 0 ? 'samples' : 'floats', orderLength };
}
