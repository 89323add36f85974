import type { Dataset } from '../data/dataset.ts';
import { epochOrder, validationSplit } from '../data/shuffle.ts';
import { ShadegradError } from '../errors.ts';
import type { KernelName } from '../gpu/kernels.ts';
import { initialModel } from '../model/initialise.ts';
import { packParameters } from '../model/layout.ts';
import { mlp } from '../model/spec.ts';
import { Executable, prepareDispatch, type Recorded } from '../train/executable.ts';
import { optimizerOf } from '../train/optimizer.ts';
import { requiredLimits, type StepPlan } from '../train/plan.ts';
import { networksOf, type TrainerSettings } from '../train/settings.ts';
import { trainingSteps } from '../train/step.ts';
import { type BenchEnvironment, type BenchSubject, benchEnvironment } from './environment.ts';
import { missingFeature } from './features.ts';
import { type BenchProgress, measureRoundTrip } from './floor.ts';
import { type DispatchTime, type MeasureOptions, measure } from './measure.ts';
import { PassTimer, type Recording } from './timing.ts';
import { sharedBuffers } from './training-run.ts';

/** A training whose step is taken apart: as a trainer has it, or as its report says. */
export interface StepOfTraining {
  /** `Trainer.plan`. */
  readonly plan: StepPlan;
  /** How many networks a step trains, side by side. */
  readonly models: number;
  /** What is trained on; the plan was made for as many samples of that shape. */
  readonly data: Dataset;
  /** `Trainer.settings`, or `RunReport.config`. */
  readonly settings: Omit<TrainerSettings, 'plan'>;
}

/** How long is measured, and who is told how far it is. */
export interface DispatchesOptions extends MeasureOptions {
  /** Called before each thing that is measured. */
  readonly onProgress?: (progress: BenchProgress) => void;
}

/** One dispatch of a step, and how long it takes. */
export interface TimedDispatch extends DispatchTime {
  /** The shader, `shaders/KERNEL.wgsl`. */
  readonly kernel: KernelName;
}

/** What each dispatch of a step takes. */
export interface DispatchesReport {
  /** What this is a report of. */
  readonly bench: 'dispatches';
  /** What all of it was measured in. */
  readonly environment: BenchEnvironment;
  /** The plan's name. */
  readonly plan: string;
  /** In the order of the plan. */
  readonly dispatches: readonly TimedDispatch[];
  /** All of them one after the other, again and again. Their own times need not add up to this, see {@link benchDispatches}. */
  readonly step: DispatchTime;
}

/** Steps that are trained before anything is timed, so that nothing is as blank as in a new network. */
const STEPS_BEFORE = 16;
/** The step that is taken apart is in the first of the slots. */
const SLOT = 0;

/**
 * Times each dispatch of a step of training, repeated many times in a pass of its own, and then the whole step, repeated
 * likewise. The buffers are as large as in training and hold what they hold after a few steps: real images, weights, moments.
 *
 * The times of the dispatches do not add up exactly to the step's. Repeated, a dispatch finds its own buffers in the caches,
 * waits for itself and not for the one before it, and two that could overlap are timed apart.
 *
 * @throws ShadegradError `usage` where the plan was made for other data or another number of networks, or where the device
 *   lacks what it needs; `gpu`, `device-lost` or `interrupted`
 */
export async function benchDispatches(
  subject: BenchSubject,
  training: StepOfTraining,
  { onProgress, ...options }: DispatchesOptions = {},
): Promise<DispatchesReport> {
  const { device } = subject;
  const { plan } = training;
  const missing = await missingFeature(device, plan.dispatches);
  if (missing) {
    throw new ShadegradError(
      'usage',
      `The plan "${plan.name}" cannot be timed: this device lacks ${missing}.`,
      'Use a device like that of the training.',
    );
  }
  const timer = await PassTimer.create(device, options.signal);
  const shared = new Map<string, GPUBuffer>();
  let executable: Executable | undefined;
  try {
    executable = await trainedFor(STEPS_BEFORE, device, training, shared);
    const { buffers } = executable;
    const prepared = await Promise.all(
      plan.dispatches.map((dispatch) => prepareDispatch(device, dispatch, buffers)),
    );
    const total = prepared.length + 1;
    const dispatches: TimedDispatch[] = [];
    for (const [i, { kernel }] of plan.dispatches.entries()) {
      onProgress?.({ label: kernel, done: i, total });
      const record = repeated(prepared.slice(i, i + 1));
      dispatches.push({ kernel, ...(await measure(timer, { record }, options)) });
    }
    onProgress?.({ label: 'the whole step', done: prepared.length, total });
    const step = await measure(timer, { record: repeated(prepared) }, options);
    const timing = {
      clock: step.clock,
      quantumNanoseconds: timer.quantum,
      roundTripMicroseconds: await measureRoundTrip(timer, options.signal),
    };
    const environment = benchEnvironment(subject, timing);
    return { bench: 'dispatches', environment, plan: plan.name, dispatches, step };
  } finally {
    executable?.destroy();
    for (const buffer of shared.values()) buffer.destroy();
    timer.destroy();
  }
}

/** Limits beyond WebGPU's defaults that a device needs for {@link benchDispatches}. */
export function dispatchesLimits({ plan }: Pick<StepOfTraining, 'plan'>): Record<string, number> {
  return requiredLimits(plan);
}

/** A plan's buffers and kernels after so many steps of training from the start. */
async function trainedFor(
  count: number,
  device: GPUDevice,
  { plan, models, data, settings }: StepOfTraining,
  shared: Map<string, GPUBuffer>,
): Promise<Executable> {
  const { train, shape, classes } = data;
  const spec = mlp({ inputs: shape.height * shape.width, hidden: settings.hidden, classes });
  const { train: indices } = validationSplit(train.count, settings.validationSplit, settings.seed);
  const networks = networksOf(settings).slice(0, models);
  const order = new Uint32Array(models * indices.length);
  for (const [model, { seed }] of networks.entries()) {
    order.set(epochOrder(indices, seed, 1), model * indices.length);
  }
  const initial = networks.map(({ seed }) => packParameters(initialModel(spec, seed)));
  await sharedBuffers(device, { spec, models, samples: train.count, ...train, initial }, shared);
  const made = new Map([
    ['order', order.byteLength],
    ...[...shared].map(([name, { size }]) => [name, size] as const),
  ]);
  const other = plan.buffers.find(({ name, size }) => (made.get(name) ?? size) !== size);
  if (other) {
    throw new ShadegradError(
      'usage',
      `The plan "${plan.name}" was made for other data or networks: its buffer "${other.name}" has ${other.size} bytes, and these need ${made.get(other.name)}.`,
      'Give the data, the settings and the number of networks that it was made for.',
    );
  }
  const executable = await Executable.create(device, plan, shared);
  executable.write('order', order);
  const batch = Math.min(settings.batchSize, indices.length);
  const steps = trainingSteps(indices.length, batch, 0, optimizerOf(settings), () => networks);
  executable.submit(steps.slice(0, Math.min(count, steps.length)));
  return executable;
}

/** Records dispatches one after the other, again and again, on the same buffers and with one step's numbers. */
function repeated(dispatches: readonly Recorded[]): (pass: GPUComputePassEncoder, count: number) => void {
  const record: Recording = (pass) => {
    for (const { pipeline, bindGroup, workgroups } of dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup(SLOT));
      pass.dispatchWorkgroups(...workgroups);
    }
  };
  return (pass, count) => {
    for (let i = 0; i < count; i++) record(pass);
  };
}
