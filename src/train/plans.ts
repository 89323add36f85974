import { padded, parameterCount } from '../model/layout.ts';
import { type DenseLayer, denseLayers, type MlpSpec } from '../model/spec.ts';
import * as ops from './ops.ts';
import type { Dispatch, PlanBuffer, StepPlan } from './step-plan.ts';
import { STEP_STRIDE, STEPS_PER_SUBMIT } from './steps.ts';

/** `fused` is the one to train with; `unfused` gives every op its own dispatch, to read, test and compare. */
export type PlanName = (typeof PLAN_NAMES)[number];

export const PLAN_NAMES = ['fused', 'unfused'] as const;

/** Sizes that every plan shares. */
export interface BatchSizes {
  readonly spec: MlpSpec;
  /** Networks side by side: the leading axis of every tensor. */
  readonly models: number;
  /** Samples a step; the last step of an epoch may have fewer. */
  readonly batch: number;
  /** Samples that are resident on the GPU. */
  readonly samples: number;
  /** Samples that `order` names for each model: those of one epoch. */
  readonly orderLength: number;
}

/** Buffers, by name, that hold one float32 tensor each: [models, ...]. */
export const parametersOf = (layer: number) => `parameters${layer}`;
const moment1Of = (layer: number) => `moment1_${layer}`;
const moment2Of = (layer: number) => `moment2_${layer}`;
const gradientOf = (layer: number) => `gradient${layer}`;
/** Input of layer i; the output of the last is `logits`. */
const activationOf = (layer: number) => `activation${layer}`;
/** Gradient of the loss with respect to the output of layer i, before its ReLU. */
const deltaOf = (layer: number) => `delta${layer}`;

/** One step of training: forward, backward, update. */
export function trainingPlan(name: PlanName, sizes: BatchSizes, adam: ops.AdamConstants): StepPlan {
  const layers = denseLayers(sizes.spec);
  const { models, batch } = sizes;
  const forward = name === 'fused' ? fusedForward(sizes, layers) : unfusedForward(sizes, layers);
  const backward =
    name === 'fused' ? fusedBackward(sizes, layers, adam) : unfusedBackward(sizes, layers, adam);
  return {
    name,
    buffers: [
      ...inputBuffers(sizes, true),
      ...activationBuffers(sizes, layers),
      ...layers.flatMap((layer, i) => [
        tensor(parametersOf(i), models * parameterCount(layer)),
        tensor(moment1Of(i), models * parameterCount(layer)),
        tensor(moment2Of(i), models * parameterCount(layer)),
        tensor(deltaOf(i), models * batch * padded(layer.outputs)),
        ...(name === 'unfused' ? [tensor(gradientOf(i), models * parameterCount(layer))] : []),
      ]),
    ],
    dispatches: [...forward, loss(sizes, layers.length), ...backward],
  };
}

/** One batch of evaluation or, without labels, of prediction: forward, probabilities and, with labels, loss and hits. */
export function inferencePlan(sizes: BatchSizes, labelled: boolean): StepPlan {
  const layers = denseLayers(sizes.spec);
  const { models, batch, spec, orderLength } = sizes;
  const last = layers.length - 1;
  return {
    name: labelled ? 'evaluation' : 'prediction',
    buffers: [
      ...inputBuffers(sizes, labelled),
      ...activationBuffers(sizes, layers),
      ...layers.map((layer, i) => tensor(parametersOf(i), models * parameterCount(layer))),
      ...(labelled ? [tensor(deltaOf(last), models * batch * padded(spec.classes))] : []),
      tensor('probabilities', models * orderLength * spec.classes),
    ],
    dispatches: [
      ...fusedForward(sizes, layers),
      ...(labelled ? [loss(sizes, layers.length)] : []),
      ops.softmax(
        { models, batch, classes: spec.classes, probabilityRows: orderLength },
        { step: 'step', logits: 'logits', probabilities: 'probabilities' },
      ),
    ],
  };
}

function tensor(name: string, floats: number): PlanBuffer {
  return { name, size: 4 * floats, usage: 'storage' };
}

function inputBuffers(
  { spec, models, batch, samples, orderLength }: BatchSizes,
  labelled: boolean,
): PlanBuffer[] {
  return [
    { name: 'step', size: STEP_STRIDE * STEPS_PER_SUBMIT, usage: 'step' },
    { name: 'images', size: padded(samples * spec.inputs), usage: 'storage' },
    { name: 'order', size: 4 * models * orderLength, usage: 'storage' },
    ...(labelled
      ? [
          { name: 'labels', size: padded(samples), usage: 'storage' } as const,
          tensor('metrics', 2 * models * Math.ceil(orderLength / batch)),
        ]
      : []),
  ];
}

function activationBuffers({ models, batch, spec }: BatchSizes, layers: readonly DenseLayer[]): PlanBuffer[] {
  return [
    ...layers.map((layer, i) => tensor(activationOf(i), models * batch * padded(layer.inputs))),
    tensor('logits', models * batch * padded(spec.classes)),
  ];
}

function input({ models, batch, spec, orderLength }: BatchSizes): Dispatch {
  return ops.gather(
    { models, batch, inputs: spec.inputs, orderLength },
    { step: 'step', images: 'images', order: 'order', x: activationOf(0) },
  );
}

function loss({ models, batch, spec, orderLength }: BatchSizes, layerCount: number): Dispatch {
  return ops.softmaxCrossEntropy(
    { models, batch, classes: spec.classes, orderLength, steps: Math.ceil(orderLength / batch) },
    {
      step: 'step',
      labels: 'labels',
      order: 'order',
      logits: 'logits',
      delta: deltaOf(layerCount - 1),
      metrics: 'metrics',
    },
  );
}

function outputOf(layer: number, layerCount: number): string {
  return layer === layerCount - 1 ? 'logits' : activationOf(layer + 1);
}

function fusedForward(sizes: BatchSizes, layers: readonly DenseLayer[]): Dispatch[] {
  const { models, batch: rows } = sizes;
  return [
    input(sizes),
    ...layers.map((layer, i) =>
      ops.dense(
        { models, rows, layer, relu: i < layers.length - 1 },
        { x: activationOf(i), parameters: parametersOf(i), y: outputOf(i, layers.length) },
      ),
    ),
  ];
}

function fusedBackward(
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
      moment1: moment1Of(i),
      moment2: moment2Of(i),
    });
    // The input's gradient wants the kernel as it was, so it goes before the update.
    return i === 0 ? [update] : [inputGradient, update];
  });
  return dispatches.reverse().flat();
}

function unfusedForward(sizes: BatchSizes, layers: readonly DenseLayer[]): Dispatch[] {
  const { models, batch: rows } = sizes;
  const perLayer = layers.flatMap((layer, i) => {
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
  return [input(sizes), ...perLayer];
}

function unfusedBackward(
  { models, batch }: BatchSizes,
  layers: readonly DenseLayer[],
  adam: ops.AdamConstants,
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
      ops.adam(models * parameterCount(layer), adam, {
        step: 'step',
        gradient: gradientOf(i),
        parameters: parametersOf(i),
        moment1: moment1Of(i),
        moment2: moment2Of(i),
      }),
    ];
    return i === 0 ? update : [...inputGradient, ...update];
  });
  return dispatches.reverse().flat();
}
