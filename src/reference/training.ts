import { denseLayers, type MlpSpec } from '../model/spec.ts';
import type { AdamConstants } from '../train/kernels/plain.ts';
import type { Step } from '../train/step.ts';
import * as reference from './kernels.ts';

/** A network's parameters and Adam's moments: for each layer [inputs + 1, outputs], the bias as the last row. */
export interface TrainingState {
  readonly parameters: readonly Float64Array[];
  readonly moment1: readonly Float64Array[];
  readonly moment2: readonly Float64Array[];
}

export function initialState(parameters: readonly Float64Array[]): TrainingState {
  const zeros = () => parameters.map(({ length }) => new Float64Array(length));
  return { parameters, moment1: zeros(), moment2: zeros() };
}

/**
 * Float64 twin of one network's whole step: forward, loss, backward, update.
 *
 * @param x the batch, normalised: [step.count, inputs]
 * @param labels [step.count]
 * @returns the sum of the batch's losses, in nats, and its hits, before the update; and the state after it
 */
export function trainingStep(
  spec: MlpSpec,
  constants: AdamConstants,
  step: Step,
  x: Float64Array,
  labels: Uint8Array,
  state: TrainingState,
): { readonly loss: number; readonly hits: number; readonly state: TrainingState } {
  const layers = denseLayers(spec);
  const { count: batch } = step;
  const activations = [x];
  for (const [i, layer] of layers.entries()) {
    const sizes = { models: 1, rows: batch, layer, relu: i < layers.length - 1 };
    activations.push(reference.dense(sizes, activations[i] ?? x, state.parameters[i] ?? []));
  }
  const order = Uint32Array.from(labels, (_, i) => i);
  const top = reference.softmaxCrossEntropy(
    { models: 1, batch, classes: spec.classes, orderLength: batch },
    { ...step, offset: 0 },
    labels,
    order,
    activations.at(-1) ?? [],
  );
  const updated: ReturnType<typeof reference.adam>[] = [];
  let delta = top.delta;
  for (const [i, layer] of [...layers.entries()].reverse()) {
    const input = activations[i] ?? x;
    const parameters = state.parameters[i] ?? new Float64Array();
    const [moment1 = parameters, moment2 = parameters] = [state.moment1[i], state.moment2[i]];
    const own = { x: input, delta, parameters, moment1, moment2 };
    updated.unshift(reference.denseUpdate({ models: 1, batch, layer }, constants, step, own));
    if (i > 0)
      delta = reference.denseInputGradient({ models: 1, rows: batch, layer }, delta, parameters, input);
  }
  return {
    loss: top.loss[0] ?? Number.NaN,
    hits: top.hits[0] ?? Number.NaN,
    state: {
      parameters: updated.map(({ parameters }) => parameters),
      moment1: updated.map(({ moment1 }) => moment1),
      moment2: updated.map(({ moment2 }) => moment2),
    },
  };
}
