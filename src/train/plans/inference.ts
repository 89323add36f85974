import { padded } from '../../model/layout.ts';
import { denseLayers } from '../../model/spec.ts';
import type { LayeredKernels } from '../kernels/layered.ts';
import * as ops from '../kernels/plain.ts';
import type { StepPlan } from '../plan.ts';
import { denseForward } from './layered.ts';
import {
  activationBuffers,
  type BatchSizes,
  deltaOf,
  inputBuffers,
  metricsBuffer,
  parameterBuffers,
  tensor,
} from './sizes.ts';
import { loss } from './unfused.ts';

/** One batch of evaluation or, without labels, of prediction: forward, probabilities and, with labels, loss and hits. */
export function inferencePlan(kernels: LayeredKernels, sizes: BatchSizes, labelled: boolean): StepPlan {
  const layers = denseLayers(sizes.spec);
  const { models, batch, spec, orderLength } = sizes;
  const lossOnly = [
    metricsBuffer(sizes),
    tensor(deltaOf(layers.length - 1), models * batch * padded(spec.classes)),
  ];
  return {
    metricParts: 1,
    name: labelled ? 'evaluation' : 'prediction',
    buffers: [
      ...inputBuffers(sizes, labelled),
      ...activationBuffers(sizes, layers, 1),
      ...parameterBuffers(models, layers, 0),
      ...(labelled ? lossOnly : []),
      tensor('probabilities', models * orderLength * spec.classes),
    ],
    dispatches: [
      ...denseForward(kernels, sizes, layers),
      ...(labelled ? [loss(sizes, layers.length)] : []),
      ops.softmax(
        { models, batch, classes: spec.classes, probabilityRows: orderLength },
        { step: 'step', logits: 'logits', probabilities: 'probabilities' },
      ),
    ],
  };
}
