import type { Dataset } from '../data/dataset.ts';
import { epochOrder, validationSplit } from '../data/shuffle.ts';
import type { Model } from '../model/model.ts';
import { type ModelFile, modelTensors } from '../model/model-file.ts';
import { encodeSafetensors } from '../model/safetensors.ts';
import type { RunConfig } from '../report/run-report.ts';
import type { NetworkRecord } from '../train/history.ts';
import { learningRateFactor, rateBefore } from '../train/schedule.ts';
import { exportedMetadata } from './metadata.ts';
import { encodeNpy } from './npy.ts';
import predictScript from './predict.py?raw';
import trainScript from './train.py?raw';

/** The files of a network for PyTorch, in one folder. */
export interface PytorchFiles {
  /** As `encodeModel` writes it. */
  readonly 'model.safetensors': Uint8Array<ArrayBuffer>;
  /** Defines the network, loads its weights and tells what images show. */
  readonly 'predict.py': string;
}

/** What lets PyTorch repeat a training, in the folder of {@link PytorchFiles}. */
export interface PytorchTrainingFiles {
  /** Trains as Shadegrad did, step by step, and compares the losses. */
  readonly 'train.py': string;
  /** The settings that do not change from step to step, and the history. */
  readonly 'training.json': string;
  /** The weights before the first step. */
  readonly 'initial.safetensors': Uint8Array<ArrayBuffer>;
  /** The dataset's training samples: uint8 [samples, inputs]. */
  readonly 'images.npy': Uint8Array<ArrayBuffer>;
  /** Their classes: uint8 [samples]. */
  readonly 'labels.npy': Uint8Array<ArrayBuffer>;
  /** Which of them each epoch takes, in order: uint32 [epochs, samples of an epoch]. */
  readonly 'order.npy': Uint8Array<ArrayBuffer>;
  /** The learning rate of each step: float64 [steps]. */
  readonly 'rates.npy': Uint8Array<ArrayBuffer>;
}

/** A training that came to its end, or to that of an epoch. */
export interface RepeatableTraining {
  /** What is the same for all networks of the run. */
  readonly config: Pick<
    RunConfig,
    | 'batchSize'
    | 'optimizer'
    | 'beta1'
    | 'beta2'
    | 'epsilon'
    | 'momentum'
    | 'schedule'
    | 'warmup'
    | 'rateChanges'
    | 'validationSplit'
  >;
  /** The network that is to be repeated. */
  readonly network: Pick<NetworkRecord, 'seed' | 'learningRate' | 'weightDecay' | 'history'>;
  /** What it was trained on. */
  readonly data: Dataset;
  /** Before the first step: `initialModel` of the seed, or the model that the training started from. */
  readonly initial: Model;
}

/**
 * A network for PyTorch: its model file, as `encodeModel` writes it, and a script that uses it.
 * @throws ShadegradError `bad-model` where the file's notes are not those of a model of this spec
 */
export function encodePytorch(file: ModelFile): PytorchFiles {
  return {
    'model.safetensors': encodeStateDict(file.model, exportedMetadata(file)),
    'predict.py': predictScript,
  };
}

/**
 * A training for PyTorch: initial weights, samples, their order, learning rates, and a script that trains with them.
 * @throws ShadegradError `usage` where a setting is out of range
 */
export function encodePytorchTraining({
  config,
  network,
  data,
  initial,
}: RepeatableTraining): PytorchTrainingFiles {
  const {
    batchSize,
    optimizer,
    beta1,
    beta2,
    epsilon,
    momentum,
    schedule,
    warmup,
    rateChanges = [],
  } = config;
  const { seed, learningRate, weightDecay, history } = network;
  const { images, labels, count } = data.train;
  const { train } = validationSplit(count, config.validationSplit, seed);
  const stepsPerEpoch = Math.ceil(train.length / batchSize);
  const factor = learningRateFactor(schedule, warmup, stepsPerEpoch);
  const rates = Float64Array.from(
    { length: history.length * stepsPerEpoch },
    (_, step) => rateBefore(rateChanges, step + 1, learningRate) * factor(step + 1),
  );
  const orders = history.map(({ epoch }) => epochOrder(train, seed, epoch));
  const settings = { batchSize, optimizer, beta1, beta2, epsilon, momentum, weightDecay };
  return {
    'train.py': trainScript,
    'training.json': `${JSON.stringify({ settings, history }, null, 2)}\n`,
    'initial.safetensors': encodeStateDict(initial, {}),
    'images.npy': encodeNpy('uint8', [count, images.length / count], [images]),
    'labels.npy': encodeNpy('uint8', [count], [labels]),
    'order.npy': encodeNpy('uint32', [orders.length, train.length], orders),
    'rates.npy': encodeNpy('float64', [rates.length], [rates]),
  };
}

function encodeStateDict(model: Model, metadata: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  return encodeSafetensors({ tensors: modelTensors(model), metadata: { format: 'pt', ...metadata } });
}
