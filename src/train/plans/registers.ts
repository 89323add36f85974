import { padded } from '../../model/layout.ts';
import { type DenseLayer, denseLayers } from '../../model/spec.ts';
import * as ops from '../ops.ts';
import type { Dispatch, StepPlan } from '../step-plan.ts';
import {
  activationBuffers,
  activationOf,
  type BatchSizes,
  deltaOf,
  inputBuffers,
  metricsBuffer,
  momentsOf,
  outputOf,
  parameterBuffers,
  parametersOf,
  tensor,
} from './sizes.ts';
import { gather, loss } from './unfused.ts';

/** A dispatch or two a layer and direction, for any depth and width. */
export function registersPlan(sizes: BatchSizes, adam: ops.AdamConstants): StepPlan {
  const layers = denseLayers(sizes.spec);
  const { models, batch } = sizes;
  return {
    name: 'layered',
    metricParts: 1,
    buffers: [
      ...inputBuffers(sizes, true),
      ...activationBuffers(sizes, layers, 0),
      ...parameterBuffers(models, layers, true),
      metricsBuffer(sizes),
      ...layers.map((layer, i) => tensor(deltaOf(i), models * batch * padded(layer.outputs))),
    ],
    dispatches: [
      ...registersForward(sizes, layers),
      loss(sizes, layers.length),
      ...registersBackward(sizes, layers, adam),
    ],
  };
}

export function registersForward(sizes: BatchSizes, layers: readonly DenseLayer[]): Dispatch[] {
  const { models, batch: rows } = sizes;
  return [
    gather(sizes),
    ...layers.map((layer, i) =>
      ops.dense(
        { models, rows, layer, relu: i < layers.length - 1 },
        { x: activationOf(i), parameters: parametersOf(i), y: outputOf(i, layers.length) },
      ),
    ),
  ];
}

function registersBackward(
  { models, batch }: BatchSizes,
  layers: readonly DenseLayer[],
  adam: ops.AdamConstants,
): Dispatch[] {
  const dispatches = layers.map((layer, i) => {
    const inputGradient = ops.denseInputGradient(
      { models, rows: batch, layer },
      { delta_y: deltaOf(i), parameters: parametersOf(i), x: activationOf(i), delta_x: deltaOf(i - 1) },
    );
    const update = ops.denseAdam({ models, batch, layer }, adam, {
      step: 'step',
      x: activationOf(i),
      delta: deltaOf(i),
      parameters: parametersOf(i),
      moments: momentsOf(i),
    });
    // The input's gradient wants the kernel as it was, so it goes before the update.
    return i === 0 ? [update] : [inputGradient, update];
  });
  return dispatches.reverse().flat();
}
