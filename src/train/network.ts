import { assertBytes } from '../data/bytes.ts';
import type { Samples } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import { place, readBuffers, upload } from '../gpu/buffers.ts';
import { packParameters, unpackParameters } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import { denseLayers, type MlpSpec, mlp } from '../model/spec.ts';
import { ensemblePrediction, mostProbable, populationEvaluation } from './ensemble.ts';
import type { Evaluation, PopulationEvaluation, Prediction } from './history.ts';
import { Inference, inferenceSizes } from './inference.ts';
import { tiledKernels } from './kernels/tiled.ts';
import { assertWithinLimits, requiredLimits, type StepPlan } from './plan.ts';
import { inferencePlan } from './plans/inference.ts';
import { parametersOf } from './plans/sizes.ts';
import { makeResident, type Resident } from './resident.ts';

/** Limits beyond WebGPU's defaults that evaluating `count` samples needs: for `adapter.requestDevice`. */
export function networkLimits(spec: MlpSpec, count: number, models = 1): Record<string, number> {
  return requiredLimits(evaluationPlan(spec, models, count));
}

export function evaluationPlan(spec: MlpSpec, models: number, count: number): StepPlan {
  // That there is nothing to evaluate is told where it is tried.
  const samples = Math.max(1, count);
  return inferencePlan(tiledKernels(), inferenceSizes(spec, models, samples, samples), true);
}

/**
 * A network whose parameters are on the GPU, or several of one shape side by side.
 *
 * @example
 * ```ts
 * import { initialModel, Network, openDevice, syntheticDigits } from 'shadegrad/node';
 *
 * const { device } = await openDevice();
 * const { test } = syntheticDigits({ train: 1, test: 256 });
 * // A model from a file, or a fresh one, which guesses.
 * const network = await Network.create(device, initialModel({ inputs: 784, hidden: [32], classes: 10 }, 1));
 * const { loss, accuracy } = await network.evaluate(test);
 * console.log(loss, accuracy);
 *
 * // Images without labels: [count, height, width].
 * const { predictions, probabilities } = await network.predict(test.images.subarray(0, 2 * 784));
 * console.log(predictions, probabilities.subarray(0, 10));
 * network.destroy();
 * device.destroy();
 * ```
 */
export class Network {
  /** Where the parameters are. */
  readonly device: GPUDevice;
  /** The shape of the networks, the same for all. */
  readonly spec: MlpSpec;
  /** How many networks there are. */
  readonly count: number;
  /** One buffer for each layer, by its name in every plan: [models, ...]. Training changes them in place. */
  readonly parameters: ReadonlyMap<string, GPUBuffer>;
  /** The samples evaluated last stay on the GPU: whoever evaluates after every epoch gives the same ones again. */
  #evaluated: { samples: Samples; resident: Resident; inference: Inference } | undefined;
  /** The evaluation under way, if any: the next waits for it, since it may want to replace the samples. */
  #evaluating: Promise<unknown> = Promise.resolve();

  /**
   * Copies a model, or several of one shape, to the GPU.
   * @throws ShadegradError `bad-model` where a tensor is missing, `usage` where the device is too small or there is no
   *   model, or one of another shape, `io` where a shader cannot be loaded, `gpu`
   */
  static async create(device: GPUDevice, models: Model | readonly Model[]): Promise<Network> {
    const all = 'spec' in models ? [models] : models;
    const spec = commonSpec(all);
    assertWithinLimits(evaluationPlan(spec, all.length, 1), device.limits);
    await Inference.load(device, spec, all.length);
    const parameters = new Map<string, GPUBuffer>();
    const network = new Network(device, spec, all.length, parameters);
    try {
      const packed = all.map(packParameters);
      for (const [layer] of denseLayers(spec).entries()) {
        const name = parametersOf(layer);
        const each = packed.map((layers) => layers[layer] ?? new Float32Array());
        const size = each[0]?.byteLength ?? 0;
        const fill = (part: Uint8Array, from: number) => {
          for (const [model, { buffer }] of each.entries()) {
            place(part, from, new Uint8Array(buffer), model * size);
          }
        };
        parameters.set(name, await upload(device, name, all.length * size, fill));
      }
      return network;
    } catch (error) {
      network.destroy();
      throw error;
    }
  }

  private constructor(
    device: GPUDevice,
    spec: MlpSpec,
    count: number,
    parameters: ReadonlyMap<string, GPUBuffer>,
  ) {
    this.device = device;
    this.spec = spec;
    this.count = count;
    this.parameters = parameters;
  }

  /**
   * Loss, accuracy, probabilities and predictions on labelled samples; of several networks by the mean of their
   * probabilities.
   * @throws ShadegradError `bad-data` where the samples do not fit the network, `usage` where they are not bytes, `gpu`
   *   or `device-lost`, and `diverged` where no network has a finite loss
   */
  async evaluate(samples: Samples): Promise<Evaluation> {
    return (await this.evaluateAll(samples)).ensemble;
  }

  /**
   * As {@link evaluate}, each network alone too.
   * @throws ShadegradError as {@link evaluate}
   */
  async evaluateAll(samples: Samples): Promise<PopulationEvaluation> {
    return populationEvaluation(await this.evaluateEach(samples), samples.labels, this.spec.classes);
  }

  /**
   * As {@link evaluate}, each network alone, whatever its loss: [networks].
   * @throws ShadegradError as {@link evaluate}, but for `diverged`
   */
  evaluateEach(samples: Samples): Promise<Evaluation[]> {
    const evaluation = this.#evaluating.then(() => this.#evaluate(samples));
    this.#evaluating = evaluation.catch(() => undefined);
    return evaluation;
  }

  async #evaluate(samples: Samples): Promise<Evaluation[]> {
    const { count } = samples;
    const inferred = await (await this.#inferenceOf(samples)).run(this.#everySample(count));
    return inferred.map(({ probabilities, lossSum, hits }) => ({
      loss: lossSum / count,
      accuracy: hits / count,
      count,
      probabilities,
      predictions: mostProbable(probabilities, this.spec.classes),
    }));
  }

  async #inferenceOf(samples: Samples): Promise<Inference> {
    if (this.#evaluated?.samples === samples) return this.#evaluated.inference;
    const { device, spec, count, parameters } = this;
    assertWithinLimits(evaluationPlan(spec, count, samples.count), device.limits);
    this.#forgetEvaluated();
    const resident = await makeResident(device, spec, samples);
    try {
      const inference = await Inference.create(device, spec, count, parameters, resident, samples.count);
      this.#evaluated = { samples, resident, inference };
      return inference;
    } catch (error) {
      resident.samples.destroy();
      throw error;
    }
  }

  /**
   * Probabilities and predictions of images without labels; of several networks by the mean of their probabilities.
   * @param images pixels, 0 to 255: [count, height, width]
   * @throws ShadegradError `bad-data` where the images do not fit the network, `usage` where they are something else than
   *   bytes in a `Uint8Array`, `gpu` or `device-lost`
   */
  async predict(images: Uint8Array): Promise<Prediction> {
    return ensemblePrediction(await this.predictEach(images), this.spec.classes);
  }

  /**
   * As {@link predict}, each network alone: [networks].
   * @throws ShadegradError as {@link predict}
   */
  async predictEach(images: Uint8Array): Promise<Prediction[]> {
    assertBytes(images, 'the pixels of images');
    const { device, spec, parameters } = this;
    const count = Math.floor(images.length / spec.inputs);
    assertWithinLimits(evaluationPlan(spec, this.count, count), device.limits);
    const resident = await makeResident(device, spec, { images, count });
    let inference: Inference | undefined;
    try {
      inference = await Inference.create(device, spec, this.count, parameters, resident, count);
      const inferred = await inference.run(this.#everySample(count));
      return inferred.map(({ probabilities }) => ({
        probabilities,
        predictions: mostProbable(probabilities, spec.classes),
      }));
    } finally {
      inference?.destroy();
      resident.samples.destroy();
    }
  }

  /** The same order for each network. */
  #everySample(count: number): Uint32Array<ArrayBuffer>[] {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    return Array.from({ length: this.count }, () => order);
  }

  /**
   * The parameters of the only or the first network, as they are now.
   * @throws ShadegradError `gpu` or `device-lost`, and `diverged` where one is not a finite number
   */
  async model(): Promise<Model> {
    const [model = null] = await this.models();
    if (model) return model;
    throw infiniteWeights();
  }

  /**
   * Each network's parameters as they are now; null where one is not a finite number.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async models(): Promise<(Model | null)[]> {
    const bytes = await readBuffers(
      this.device,
      [...this.parameters.values()].map((buffer) => ({ buffer })),
    );
    const layers = bytes.map((layer) => new Float32Array(layer));
    return unpackAll(this.spec, layers, this.count).map(unlessInfinite);
  }

  /** Frees everything this network has on the GPU. Not to be called while `evaluate` or `predict` runs. */
  destroy(): void {
    this.#forgetEvaluated();
    for (const buffer of this.parameters.values()) buffer.destroy();
  }

  #forgetEvaluated(): void {
    if (!this.#evaluated) return;
    this.#evaluated.inference.destroy();
    this.#evaluated.resident.samples.destroy();
    this.#evaluated = undefined;
  }
}

/** The models of networks whose parameters are side by side: [models, ...] of each layer. */
export function unpackAll(spec: MlpSpec, layers: readonly Float32Array[], models: number): Model[] {
  return Array.from({ length: models }, (_, model) => {
    const own = layers.map((layer) => {
      const size = layer.length / models;
      return layer.subarray(model * size, (model + 1) * size);
    });
    return unpackParameters(spec, own);
  });
}

export function infiniteWeights(): ShadegradError {
  return new ShadegradError(
    'diverged',
    'The network has weights that are not finite.',
    'Train again with a smaller learning rate.',
  );
}

/** Null where a parameter is not a finite number. */
export function unlessInfinite(model: Model): Model | null {
  return model.tensors.every(({ data }) => data.every(Number.isFinite)) ? model : null;
}

/** @throws ShadegradError `usage` where there is no model, or one of another shape than the first */
function commonSpec(models: readonly Model[]): MlpSpec {
  const [first] = models;
  const shape = ({ spec }: Model) => [spec.inputs, ...spec.hidden, spec.classes].join('-');
  if (first && models.every((model) => shape(model) === shape(first))) return mlp(first.spec);
  throw new ShadegradError(
    'usage',
    first
      ? `Networks of different shapes cannot be side by side: ${models.map(shape).join(', ')}.`
      : 'There is no model.',
    'Give one model, or several of one shape.',
  );
}
