import { assertBytes } from '../data/bytes.ts';
import type { Samples } from '../data/dataset.ts';
import { ShadegradError } from '../errors.ts';
import { place, readBuffer, upload } from '../gpu/buffers.ts';
import { packParameters, unpackParameters } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import { type MlpSpec, mlp } from '../model/spec.ts';
import type { Evaluation } from './history.ts';
import { Inference, inferenceSizes } from './inference.ts';
import { tiledKernels } from './kernels/tiled.ts';
import { inferencePlan } from './plans/inference.ts';
import { parametersOf } from './plans/sizes.ts';
import { makeResident, type Resident } from './resident.ts';
import { assertWithinLimits, requiredLimits, type StepPlan } from './plan.ts';

/** What a network makes of images without labels. */
export interface Prediction {
  /** [count, classes] */
  readonly probabilities: Float32Array;
  /** The most probable class of each image: [count]. */
  readonly predictions: Uint8Array;
}

/** Limits beyond WebGPU's defaults that evaluating `count` samples needs: for `adapter.requestDevice`. */
export function networkLimits(spec: MlpSpec, count: number): Record<string, number> {
  return requiredLimits(evaluationPlan(spec, count));
}

export function evaluationPlan(spec: MlpSpec, count: number): StepPlan {
  // That there is nothing to evaluate is told where it is tried.
  const samples = Math.max(1, count);
  return inferencePlan(tiledKernels(), inferenceSizes(spec, samples, samples), true);
}

/** A network whose parameters are on the GPU. */
export class Network {
  readonly device: GPUDevice;
  readonly spec: MlpSpec;
  /** One buffer for each layer, by its name in every plan. Training changes them in place. */
  readonly parameters: ReadonlyMap<string, GPUBuffer>;
  /** The samples evaluated last stay on the GPU: whoever evaluates after every epoch gives the same ones again. */
  #evaluated: { samples: Samples; resident: Resident; inference: Inference } | undefined;
  /** The evaluation under way, if any: the next waits for it, since it may want to replace the samples. */
  #evaluating: Promise<unknown> = Promise.resolve();

  /**
   * Copies `model` to the GPU.
   * @throws ShadegradError `bad-model` where a tensor is missing, `usage` where the device is too small, `gpu`
   */
  static async create(device: GPUDevice, model: Model): Promise<Network> {
    const spec = mlp(model.spec);
    assertWithinLimits(evaluationPlan(spec, 1), device.limits);
    const parameters = new Map<string, GPUBuffer>();
    const network = new Network(device, spec, parameters);
    try {
      for (const [layer, packed] of packParameters(model).entries()) {
        const name = parametersOf(layer);
        parameters.set(
          name,
          await upload(device, name, packed.byteLength, (part, from) =>
            place(part, from, new Uint8Array(packed.buffer)),
          ),
        );
      }
      return network;
    } catch (error) {
      network.destroy();
      throw error;
    }
  }

  private constructor(device: GPUDevice, spec: MlpSpec, parameters: ReadonlyMap<string, GPUBuffer>) {
    this.device = device;
    this.spec = spec;
    this.parameters = parameters;
  }

  /**
   * Loss, accuracy, probabilities and predictions on labelled samples.
   * @throws ShadegradError `bad-data` where the samples do not fit the network, `usage` where they are not bytes, `gpu`
   *   or `device-lost`
   */
  evaluate(samples: Samples): Promise<Evaluation> {
    const evaluation = this.#evaluating.then(() => this.#evaluate(samples));
    this.#evaluating = evaluation.catch(() => undefined);
    return evaluation;
  }

  async #evaluate(samples: Samples): Promise<Evaluation> {
    const { count } = samples;
    const { probabilities, lossSum, hits } = await (await this.#inferenceOf(samples)).run(everySample(count));
    return {
      loss: lossSum / count,
      accuracy: hits / count,
      count,
      probabilities,
      predictions: mostProbable(probabilities, this.spec.classes),
    };
  }

  async #inferenceOf(samples: Samples): Promise<Inference> {
    if (this.#evaluated?.samples === samples) return this.#evaluated.inference;
    const { device, spec, parameters } = this;
    assertWithinLimits(evaluationPlan(spec, samples.count), device.limits);
    this.#forgetEvaluated();
    const resident = await makeResident(device, spec, samples);
    try {
      const inference = await Inference.create(device, spec, parameters, resident, samples.count);
      this.#evaluated = { samples, resident, inference };
      return inference;
    } catch (error) {
      resident.samples.destroy();
      throw error;
    }
  }

  /**
   * @param images pixels, 0 to 255: [count, height, width]
   * @throws ShadegradError `bad-data` where the images do not fit the network, `usage` where they are something else than
   *   bytes in a `Uint8Array`, `gpu` or `device-lost`
   */
  async predict(images: Uint8Array): Promise<Prediction> {
    assertBytes(images, 'the pixels of images');
    const { device, spec, parameters } = this;
    const count = Math.floor(images.length / spec.inputs);
    assertWithinLimits(evaluationPlan(spec, count), device.limits);
    const resident = await makeResident(device, spec, { images, count });
    let inference: Inference | undefined;
    try {
      inference = await Inference.create(device, spec, parameters, resident, count);
      const { probabilities } = await inference.run(everySample(count));
      return { probabilities, predictions: mostProbable(probabilities, spec.classes) };
    } finally {
      inference?.destroy();
      resident.samples.destroy();
    }
  }

  /**
   * The parameters as they are now.
   * @throws ShadegradError `gpu` or `device-lost`, and `diverged` where one is not a finite number
   */
  async model(): Promise<Model> {
    const layers: Float32Array[] = [];
    for (const buffer of this.parameters.values()) {
      const parameters = new Float32Array(await readBuffer(this.device, buffer));
      if (!parameters.every(Number.isFinite)) {
        throw new ShadegradError(
          'diverged',
          `The network has weights that are not finite (${buffer.label}).`,
          'Train again with a smaller learning rate.',
        );
      }
      layers.push(parameters);
    }
    return unpackParameters(this.spec, layers);
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

function everySample(count: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/** Index of the greatest of each row's `classes` probabilities, the first of equals. */
function mostProbable(probabilities: Float32Array, classes: number): Uint8Array {
  return Uint8Array.from({ length: probabilities.length / classes }, (_, row) => {
    const rowProbabilities = probabilities.subarray(row * classes, (row + 1) * classes);
    return rowProbabilities.reduce((best, p, c) => (p > (rowProbabilities[best] ?? 0) ? c : best), 0);
  });
}
