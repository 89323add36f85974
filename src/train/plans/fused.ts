import { padded } from '../../model/layout.ts';
import { denseLayers, type MlpSpec } from '../../model/spec.ts';
import {
  type FusedSizes,
  fusedLayout,
  fusedRowFloats,
  fusedStage,
  fusedStep,
  UNIT_COUNTS,
} from '../kernels/fused.ts';
import type { Optimizer } from '../optimizer.ts';
import type { StepPlan } from '../plan.ts';
import {
  type BatchSizes,
  inputBuffers,
  labelsAt,
  metricsBuffer,
  momentsOf,
  parameterBuffers,
  parametersOf,
  ratesBuffer,
  stepsPerEpoch,
  tensor,
} from './sizes.ts';

/**
 * Workgroups that keep the widest GPUs busy: two for each of their 130 or so cores. Up to this number, more workgroups
 * make a step shorter; beyond it, each only repeats the logits and the conversion of the batch's bytes.
 */
const ENOUGH_WORKGROUPS = 256;

/**
 * Whether the fused plan can train `spec`, whatever the batch: one hidden layer, and no more inputs and classes than
 * workgroup memory has room for (with one unit 3,516 inputs and 10 classes, or 784 and 60).
 *
 * @param units hidden units of a workgroup: the more, the less room
 */
export function fusedFits(spec: MlpSpec, units = 1): boolean {
  const [hidden, ...others] = spec.hidden;
  return hidden !== undefined && others.length === 0 && fusedStage({ ...spec, hidden }, units) !== undefined;
}

/**
 * Hidden units of a workgroup: the fewest that make no more than {@link ENOUGH_WORKGROUPS} for one network, since a
 * step is then shortest. The number of networks side by side must not matter: the units decide the order of sums.
 */
export function fusedUnits(spec: MlpSpec): number {
  const [hidden = 0] = spec.hidden;
  const fitting = UNIT_COUNTS.filter((units) => fusedStage({ ...spec, hidden }, units));
  const few = fitting.find((units) => Math.ceil(hidden / units) <= ENOUGH_WORKGROUPS);
  return few ?? fitting.at(-1) ?? 1;
}

/**
 * One dispatch per step, for one hidden layer. The state is transposed before a submit's steps and back after them, so
 * that between submits it has the layout that all plans share.
 *
 * @param units hidden units of a workgroup: 1, 2 or 4
 * @throws RangeError if {@link fusedFits} says no, or for another optimizer than Adam
 */
export function fusedPlan(
  name: string,
  sizes: BatchSizes,
  optimizer: Optimizer,
  units = fusedUnits(sizes.spec),
): StepPlan {
  const { models, batch, spec, orderLength } = sizes;
  const [hidden = 0] = spec.hidden;
  if (!fusedFits(spec, units)) throw new RangeError(`the fused plan does not fit ${JSON.stringify(spec)}`);
  const fused: FusedSizes = {
    models,
    batch,
    inputs: spec.inputs,
    hidden,
    classes: spec.classes,
    orderLength,
    labelsAt: labelsAt(sizes),
    steps: stepsPerEpoch(sizes),
  };
  const step = fusedStep(fused, units, optimizer, {
    step: 'step',
    samples: 'samples',
    order: 'order',
    rates: 'rates',
    columns: 'columns',
    head: 'head',
    moments: momentsOf(1),
    hidden: 'hidden',
    metrics: 'metrics',
  });
  const state = {
    step: 'step',
    parameters0: parametersOf(0),
    moments0: momentsOf(0),
    parameters1: parametersOf(1),
    columns: 'columns',
    head: 'head',
  };
  return {
    name,
    metricParts: 1,
    buffers: [
      ...inputBuffers(sizes, true),
      ratesBuffer(models),
      ...parameterBuffers(models, denseLayers(spec), optimizer.moments),
      metricsBuffer(sizes),
      tensor('columns', models * hidden * 3 * (padded(spec.inputs) + 4)),
      tensor('head', 2 * models * (hidden + 1) * padded(spec.classes)),
      tensor('hidden', 2 * models * hidden * fusedRowFloats(batch)),
    ],
    // Without samples, the step makes the hidden layer's outputs for the first batch.
    before: [fusedLayout(fused, false, state), step],
    dispatches: [step],
    after: [fusedLayout(fused, true, state)],
  };
}
