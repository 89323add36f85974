import { assertBytes } from '../data/bytes.ts';
import type { Dataset, Samples } from '../data/dataset.ts';
import { epochOrder, validationSplit } from '../data/shuffle.ts';
import { ShadegradError } from '../errors.ts';
import { readBuffer } from '../gpu/buffers.ts';
import { assertMatrixUnits } from '../gpu/matrix-units.ts';
import { initialModel } from '../model/initialise.ts';
import { packParameters } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import { type MlpSpec, mlp } from '../model/spec.ts';
import { fastestPlan, type PlanChoice, type PlanMemory } from './choice.ts';
import { Executable, precompile } from './executable.ts';
import type { EpochRecord, Evaluation, Progress } from './history.ts';
import { Inference, inferenceSizes } from './inference.ts';
import { evaluationPlan, Network, type Prediction } from './network.ts';
import { tiledKernels } from './kernels/tiled.ts';
import { candidatePlans } from './plans/candidates.ts';
import { PLAN_NAMES, type PlanName, planFits, trainingPlan } from './plans/index.ts';
import { inferencePlan } from './plans/inference.ts';
import type { BatchSizes } from './plans/sizes.ts';
import { makeResident, type Resident } from './resident.ts';
import { Scheduler } from './scheduler.ts';
import { assertWithinLimits, requiredLimits, type StepPlan } from './plan.ts';
import { STEPS_PER_SUBMIT, stepMetrics, trainingSteps } from './step.ts';

/** What to train and how. Every default but the network's is Keras's. */
export interface TrainerOptions {
  /** Width of each hidden layer; empty for softmax regression. Default [100]. */
  readonly hidden?: readonly number[];
  /** Samples to a step; the last step of an epoch trains what is left. Default 32. */
  readonly batchSize?: number;
  /** Adam's step size, 1e-30 to 1e30. Default 0.001. */
  readonly learningRate?: number;
  /** Adam's decay of the first moment, 0 to below 1. Default 0.9. */
  readonly beta1?: number;
  /** Adam's decay of the second moment, 0 to below 1. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the bias-corrected second moment, 1e-30 to 1e30. Default 1e-7. */
  readonly epsilon?: number;
  /** Decides initial weights, batches and validation samples: a whole number from 0 to 2^53 - 1. Default 1. */
  readonly seed?: number;
  /** Share of the training samples, picked at random, that is not trained on but validated with. Default 0. */
  readonly validationSplit?: number;
  /**
   * Default `auto`: the plans that fit are timed for a moment and the fastest is taken, which need not be the same one
   * each time. A plan by name gives the same bits in every run on an adapter. `layered-matrix` multiplies halves on
   * matrix units, with an error that docs/numerics.md states: `auto` never takes it.
   */
  readonly plan?: PlanName | 'auto';
  /** Keeps what `auto` chose for a kind of adapter and a shape. Default: this process does. */
  readonly planMemory?: PlanMemory;
}

export interface FitOptions {
  readonly epochs: number;
  /** Stops the training at the next batch boundary with an error `interrupted`. */
  readonly signal?: AbortSignal;
  /**
   * Called at most ten times a second; training waits for a promise it returns, which makes a pause. What it takes
   * counts neither in `seconds` nor in `imagesPerSecond`.
   */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
}

/** What a trainer trains with: its options, with every default filled in. */
export type TrainerSettings = Required<Omit<TrainerOptions, 'planMemory'>>;

/** The least time between two read-backs of a running epoch's loss. */
const PROGRESS_MILLISECONDS = 100;

/** Trains one network on one dataset. The data, the weights and the optimizer's state stay on the GPU. */
export class Trainer {
  readonly spec: MlpSpec;
  readonly settings: TrainerSettings;
  /** The plan that runs, as data. */
  readonly plan: StepPlan;
  /** Microseconds a step of each plan that was timed to choose this one. */
  readonly timed: PlanChoice['timed'];
  readonly #network: Network;
  readonly #resident: Resident;
  readonly #trainIndices: Uint32Array;
  readonly #validationIndices: Uint32Array<ArrayBuffer>;
  readonly #validation: Inference | undefined;
  readonly #executable: Executable;
  readonly #scheduler: Scheduler;
  readonly #history: EpochRecord[] = [];
  #epochsStarted = 0;
  /** The next epoch's order, made while the last one ran. */
  #order: { epoch: number; indices: Uint32Array<ArrayBuffer> } | undefined;
  #fitting = false;

  /**
   * Copies the training set and a freshly initialised network to the GPU.
   * @throws ShadegradError `usage` where an option is out of range, the device too small or `data` holds something else
   *   than bytes, `bad-data`, `gpu`
   */
  static async create(device: GPUDevice, data: Dataset, options: TrainerOptions = {}): Promise<Trainer> {
    // The test set too, which would otherwise be found to be wrong after the training.
    for (const { images, labels } of [data.train, data.test]) {
      assertBytes(images, 'the pixels of images');
      assertBytes(labels, 'the labels of images');
    }
    const { settings, spec, split, sizes, plans } = prepare(data, options);
    for (const needed of plans) assertWithinLimits(needed, device.limits);
    if (settings.plan === 'layered-quads' && !device.features.has('subgroups')) {
      throw new ShadegradError(
        'usage',
        'The plan "layered-quads" needs a device with the feature "subgroups".',
        'Ask for it where the adapter offers it (OPTIONAL_FEATURES), or use another plan.',
      );
    }
    if (settings.plan === 'layered-matrix') assertMatrixUnits(device, 'The plan "layered-matrix"');
    const made: { destroy(): void }[] = [];
    const keep = <T extends { destroy(): void }>(part: T): T => {
      made.push(part);
      return part;
    };
    const candidates =
      settings.plan === 'auto'
        ? candidatePlans(device, sizes, settings)
        : ([trainingPlan(settings.plan, sizes, settings)] as const);
    // Compiles while the data go to the GPU.
    precompile(device, candidates[0]);
    try {
      const model = initialModel(spec, settings.seed);
      const network = keep(await Network.create(device, model));
      const resident = await makeResident(device, spec, data.train);
      keep(resident.samples);
      const shared = new Map([...network.parameters, ['samples', resident.samples]]);
      const shape = `${[spec.inputs, ...spec.hidden, spec.classes].join('-')}, batch ${sizes.batch}`;
      const trial = () => ({
        samples: resident.samples,
        order: epochOrder(split.train, settings.seed, 1),
        parameters: packParameters(model),
        steps: trainingSteps(split.train.length, sizes.batch, 0, settings).slice(0, STEPS_PER_SUBMIT),
      });
      const choice = await fastestPlan(device, candidates, shape, trial, options.planMemory);
      const executable = keep(await Executable.create(device, choice.plan, shared));
      const validation =
        split.validation.length > 0
          ? await Inference.create(device, spec, network.parameters, resident, split.validation.length)
          : undefined;
      return new Trainer(settings, choice, network, resident, executable, split, validation);
    } catch (error) {
      for (const part of made) part.destroy();
      throw error;
    }
  }

  private constructor(
    settings: TrainerSettings,
    { plan, timed }: PlanChoice,
    network: Network,
    resident: Resident,
    executable: Executable,
    split: { train: Uint32Array; validation: Uint32Array },
    validation: Inference | undefined,
  ) {
    this.spec = network.spec;
    this.plan = plan;
    this.timed = timed;
    this.settings = settings;
    this.#network = network;
    this.#resident = resident;
    this.#executable = executable;
    this.#scheduler = new Scheduler(executable);
    this.#trainIndices = split.train;
    this.#validationIndices = new Uint32Array(split.validation);
    this.#validation = validation;
  }

  /** Training samples without those kept for validation. */
  get samplesPerEpoch(): number {
    return this.#trainIndices.length;
  }

  /** The epochs trained to their end so far. */
  get history(): readonly EpochRecord[] {
    return this.#history;
  }

  /**
   * Trains `epochs` more epochs and yields each one's record when it is done. Leaving the loop stops the training.
   *
   * @throws ShadegradError `usage` (also where a `fit` is under way already), `interrupted`, `diverged` (loss not finite; the epoch is named), `gpu` or
   *   `device-lost`
   */
  async *fit({ epochs, signal, onProgress }: FitOptions): AsyncGenerator<EpochRecord, void> {
    if (!Number.isSafeInteger(epochs) || epochs < 1) {
      throw new ShadegradError('usage', `epochs: ${epochs} is not a number of epochs.`, 'Use 1 or more.');
    }
    if (this.#fitting) {
      throw new ShadegradError(
        'usage',
        'This trainer is training already.',
        'Wait for it, or make another trainer.',
      );
    }
    this.#fitting = true;
    try {
      const last = this.#epochsStarted + epochs;
      while (this.#epochsStarted < last) {
        const epoch = ++this.#epochsStarted;
        const report =
          onProgress && ((progress: EpochProgress) => onProgress({ ...progress, epoch, epochs: last }));
        const trained = await this.#trainEpoch(epoch, report, signal);
        const validated = await this.#validate(epoch);
        const record = { epoch, ...trained, ...validated };
        this.#history.push(record);
        yield record;
      }
    } finally {
      this.#fitting = false;
    }
  }

  async #trainEpoch(
    epoch: number,
    report: ((progress: EpochProgress) => void | Promise<void>) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Pick<EpochRecord, 'loss' | 'accuracy' | 'seconds'>> {
    const { batchSize } = this.settings;
    const { samplesPerEpoch } = this;
    this.#executable.write(
      'order',
      this.#order?.epoch === epoch ? this.#order.indices : this.#orderOf(epoch),
    );
    const steps = trainingSteps(samplesPerEpoch, batchSize, this.#scheduler.submitted, this.settings);

    const started = performance.now();
    let reported = started;
    let held = 0;
    let done = 0;
    const sums = { steps: 0, loss: 0, hits: 0 };
    const progress = (): EpochProgress => {
      const samples = Math.min(samplesPerEpoch, sums.steps * batchSize);
      const seconds = (performance.now() - started - held) / 1000;
      return {
        samples,
        samplesPerEpoch,
        loss: sums.loss / samples,
        accuracy: sums.hits / samples,
        imagesPerSecond: samples / seconds,
      };
    };
    for await (const completed of this.#scheduler.run(steps, signal)) {
      done = completed;
      // While the GPU works; there is nothing else to do.
      if (this.#order?.epoch !== epoch + 1) {
        this.#order = { epoch: epoch + 1, indices: this.#orderOf(epoch + 1) };
      }
      if (report && completed < steps.length && performance.now() - reported >= PROGRESS_MILLISECONDS) {
        await this.#addMetrics(epoch, completed, sums);
        const heldSince = performance.now();
        await report(progress());
        reported = performance.now();
        held += reported - heldSince;
      }
    }
    if (done < steps.length) {
      throw new ShadegradError(
        'interrupted',
        `Training was interrupted in epoch ${epoch}, after ${done} of its ${steps.length} batches.`,
        'The epochs before it are complete.',
      );
    }
    await this.#addMetrics(epoch, done, sums);
    const { loss, accuracy } = progress();
    const seconds = (performance.now() - started - held) / 1000;
    if (report) await report(progress());
    return { loss, accuracy, seconds };
  }

  #orderOf(epoch: number): Uint32Array<ArrayBuffer> {
    return epochOrder(this.#trainIndices, this.settings.seed, epoch);
  }

  /** Adds the loss and hits of the steps from `sums.steps` to `end`. */
  async #addMetrics(
    epoch: number,
    end: number,
    sums: { steps: number; loss: number; hits: number },
  ): Promise<void> {
    const { device } = this.#executable;
    const buffer = this.#executable.buffer('metrics');
    const bytesPerStep = 8 * this.plan.metricParts;
    const bytes = await readBuffer(
      device,
      buffer,
      bytesPerStep * sums.steps,
      bytesPerStep * (end - sums.steps),
    );
    for (const { loss, hits } of stepMetrics(new Float32Array(bytes), this.plan.metricParts)) {
      if (!Number.isFinite(loss)) {
        throw new ShadegradError(
          'diverged',
          `The loss is not finite (${loss}) in epoch ${epoch}, batch ${sums.steps + 1}.`,
          `Use a learning rate well below ${this.settings.learningRate}: Adam's usual one is 0.001.`,
        );
      }
      sums.steps++;
      sums.loss += loss;
      sums.hits += hits;
    }
  }

  async #validate(epoch: number): Promise<Pick<EpochRecord, 'valLoss' | 'valAccuracy'>> {
    if (!this.#validation) return { valLoss: null, valAccuracy: null };
    const { lossSum, hits } = await this.#validation.run(this.#validationIndices);
    const count = this.#validationIndices.length;
    if (!Number.isFinite(lossSum)) {
      throw new ShadegradError(
        'diverged',
        `The loss on the validation samples is not finite (${lossSum}) after epoch ${epoch}.`,
        `Use a learning rate well below ${this.settings.learningRate}: Adam's usual one is 0.001.`,
      );
    }
    return { valLoss: lossSum / count, valAccuracy: hits / count };
  }

  /** As {@link Network.evaluate}. */
  evaluate(samples: Samples): Promise<Evaluation> {
    return this.#network.evaluate(samples);
  }

  /** As {@link Network.predict}. */
  predict(images: Uint8Array): Promise<Prediction> {
    return this.#network.predict(images);
  }

  /** As {@link Network.model}. */
  model(): Promise<Model> {
    return this.#network.model();
  }

  /** Frees everything this trainer has on the GPU. Not to be called while `fit`, `evaluate` or `predict` runs. */
  destroy(): void {
    this.#validation?.destroy();
    this.#executable.destroy();
    this.#resident.samples.destroy();
    this.#network.destroy();
  }
}

type EpochProgress = Omit<Progress, 'epoch' | 'epochs'>;

/**
 * Limits beyond WebGPU's defaults that training and evaluating on `data` need: for `adapter.requestDevice`.
 * @throws ShadegradError `usage` where an option is out of range
 */
export function trainerLimits(data: Dataset, options: TrainerOptions = {}): Record<string, number> {
  return requiredLimits(...prepare(data, options).plans);
}

function prepare(data: Dataset, { planMemory: _, ...given }: TrainerOptions) {
  const settings: TrainerSettings = {
    hidden: [100],
    batchSize: 32,
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-7,
    seed: 1,
    validationSplit: 0,
    plan: 'auto',
    ...given,
  };
  checkSettings(settings);
  const spec = mlp({
    inputs: data.shape.height * data.shape.width,
    hidden: settings.hidden,
    classes: data.classes,
  });
  const split = validationSplit(data.train.count, settings.validationSplit, settings.seed);
  const sizes: BatchSizes = {
    spec,
    models: 1,
    // A batch larger than the epoch would only be padding.
    batch: Math.min(settings.batchSize, split.train.length),
    samples: data.train.count,
    orderLength: split.train.length,
  };
  if (settings.plan !== 'auto' && !planFits(settings.plan, spec)) {
    throw new ShadegradError(
      'usage',
      `The plan "${settings.plan}" is for one hidden layer, and for as many inputs and classes as fit into workgroup memory.`,
      'Use "auto", which takes the fastest that fits.',
    );
  }
  // Of the plans that `auto` chooses from, this one fits whatever the sizes.
  const plan = trainingPlan(settings.plan === 'auto' ? 'layered' : settings.plan, sizes, settings);
  const validation =
    split.validation.length > 0
      ? [inferencePlan(tiledKernels(), inferenceSizes(spec, data.train.count, split.validation.length), true)]
      : [];
  const plans = [plan, evaluationPlan(spec, data.test.count), ...validation];
  return { settings: { ...settings, batchSize: sizes.batch }, spec, split, sizes, plans };
}

function checkSettings(settings: TrainerSettings): void {
  const { batchSize, plan } = settings;
  const complain = (name: string, value: unknown, range: string): never => {
    throw new ShadegradError('usage', `${name}: ${value} is out of range.`, `Use ${range}.`);
  };
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    complain('batch size', batchSize, 'a whole number of 1 or more');
  for (const [name, value] of [
    ['learning rate', settings.learningRate],
    ['epsilon', settings.epsilon],
  ] as const) {
    // The shaders compute in float32, which holds 1e-38 to 1e38.
    if (!(value >= 1e-30 && value <= 1e30)) complain(name, value, 'a number from 1e-30 to 1e30');
  }
  for (const name of ['beta1', 'beta2'] as const) {
    const value = settings[name];
    if (!(value >= 0 && value < 1)) complain(name, value, 'a number from 0 to below 1');
  }
  if (plan !== 'auto' && !PLAN_NAMES.includes(plan)) complain('plan', plan, `auto, ${PLAN_NAMES.join(', ')}`);
}
