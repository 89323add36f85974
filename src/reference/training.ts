import { denseLayers, type MlpSpec } from '../model/spec.ts';
import type { Optimizer } from '../train/optimizer.ts';
import type { Step } from '../train/step.ts';
import * as reference from './kernels.ts';

/** Each layer's parameters [inputs + 1, outputs], the bias as the last row, and their moments. */
export type TrainingState = readonly reference.LayerState[];

/** Before the first step. */
export function initialState(optimizer: Optimizer, parameters: readonly Float64Array[]): TrainingState {
  return parameters.map((own) => ({
    parameters: own,
    moments: Array.from({ length: optimizer.moments }, () => new Float64Array(own.length)),
  }));
}

/**
 * Float64 twin of one network's whole step: forward, loss, backward, update.
 *
 * @param step has only this network's rates: [1, 2]
 * @param x the batch, normalised: [step.count, inputs]
 * @param labels [step.count]
 * @returns the sum of the batch's losses, in nats, and its hits, before the update; and the state after it
 */
export function trainingStep(
  spec: MlpSpec,
  optimizer: Optimizer,
  step: Step,
  x: Float64Array,
  labels: Uint8Array,
  state: TrainingState,
): { readonly loss: number; readonly hits: number; readonly state: TrainingState } {
  const layers = denseLayers(spec).map((layer, i) => ({ layer, own: state[i] ?? NO_STATE }));
  const { count: batch } = step;
  const activations = [x];
  for (const [i, { layer, own }] of layers.entries()) {
    const sizes = { models: 1, rows: batch, layer, relu: i < layers.length - 1 };
    activations.push(reference.dense(sizes, activations[i] ?? x, own.parameters));
  }
  const order = Uint32Array.from(labels, (_, i) => i);
  const top = reference.softmaxCrossEntropy(
    { models: 1, batch, classes: spec.classes, orderLength: batch },
    { ...step, offset: 0 },
    labels,
    order,
    activations.at(-1) ?? [],
  );
  const updated: reference.LayerState[] = [];
  let delta = top.delta;
  for (const [i, { layer, own }] of [...layers.entries()].reverse()) {
    const input = activations[i] ?? x;
    const sizes = { models: 1, batch, layer };
    updated.unshift(reference.denseUpdate(sizes, optimizer, step, { ...own, x: input, delta }));
    if (i > 0) {
      delta = reference.denseInputGradient({ ...sizes, rows: batch }, delta, own.parameters, input);
    }
  }
  return { loss: top.loss[0] ?? Number.NaN, hits: top.hits[0] ?? Number.NaN, state: updated };
}

/** Stands for layers that `state` lacks: the twin then fails at their first number. */
const NO_STATE: reference.LayerState = { parameters: new Float64Array(), moments: [] };
