import {
  confusionMatrix,
  type Dataset,
  type Evaluation,
  encodeModel,
  type ModelNotes,
  type Progress,
  type RunningPoint,
  ShadegradError,
  type Trainer,
} from '../../src/index.ts';
import type { Reply } from '../protocol.ts';
import type { Gate } from './gate.ts';
import { type Verdict, weightImages } from './inspect.ts';

/** The least time between two pictures of the weights within an epoch. */
const WEIGHTS_MILLISECONDS = 500;

export interface TrainingOptions {
  readonly run: number;
  readonly trainer: Trainer;
  readonly data: Dataset;
  /** Notes that the model file holds beside the weights. */
  readonly notes: ModelNotes;
  readonly epochs: number;
  readonly signal: AbortSignal;
  readonly gate: Gate;
  readonly post: (reply: Reply) => void;
  /** Called after each epoch and at the end, with the network's results on the test images at that time. */
  readonly onVerdict: (verdict: Verdict) => void;
}

/** How a training ended. */
export interface Ending {
  readonly stopped: boolean;
  readonly evaluation: Evaluation;
  readonly model: Uint8Array<ArrayBuffer>;
}

/**
 * Trains and keeps the page informed. A stop is no error: what was learned until then is tested.
 * @throws ShadegradError as `Trainer.fit`, except `interrupted`
 */
export async function train(options: TrainingOptions): Promise<Ending> {
  const { run, trainer, data, notes, epochs, signal, gate, post, onVerdict } = options;
  const point = stretches();
  let lastWeights = performance.now();

  const postWeights = async () => {
    post({ kind: 'weights', run, weights: weightImages(await trainer.model(), data.shape) });
    lastWeights = performance.now();
  };
  const onProgress = async (progress: Progress) => {
    post({ kind: 'progress', run, progress, point: point(progress) });
    const within = progress.samples < progress.samplesPerEpoch;
    if (within && performance.now() - lastWeights >= WEIGHTS_MILLISECONDS) await postWeights();
    const passed = gate.passed();
    if (!passed || signal.aborted) return;
    post({ kind: 'paused', run });
    await passed;
  };
  const test = async (): Promise<Evaluation> => {
    const evaluation = await trainer.evaluate(data.test);
    onVerdict({ data, evaluation });
    return evaluation;
  };
  const encoded = async () => encodeModel(await trainer.model(), notes);

  await postWeights();
  let evaluation: Evaluation | undefined;
  try {
    for await (const record of trainer.fit({ epochs, signal, onProgress })) {
      evaluation = await test();
      const labels = Array.from({ length: data.classes }, (_, label) => label);
      await postWeights();
      post({
        kind: 'epoch',
        run,
        record,
        test: {
          accuracy: evaluation.accuracy,
          confusionMatrix: confusionMatrix(data.test.labels, evaluation.predictions, labels),
        },
        model: await encoded(),
      });
    }
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'interrupted') throw error;
    evaluation = undefined;
    await postWeights();
  }
  return {
    stopped: trainer.history.length < epochs,
    evaluation: evaluation ?? (await test()),
    model: await encoded(),
  };
}

/** Least length of a stretch, as a share of an epoch: the loss of only a few images would be noise. */
const SHORTEST_STRETCH = 0.025;

/** Progress has means since the epoch began; the curve shows means since its last point. */
function stretches(): (progress: Progress) => RunningPoint | null {
  let before = { epoch: 0, samples: 0, loss: 0, accuracy: 0 };
  return (progress) => {
    const { epoch, samples, samplesPerEpoch } = progress;
    if (before.epoch !== epoch) before = { epoch, samples: 0, loss: 0, accuracy: 0 };
    const length = samples - before.samples;
    if (length < SHORTEST_STRETCH * samplesPerEpoch) return null;
    const since = (what: 'loss' | 'accuracy'): number =>
      (progress[what] * samples - before[what] * before.samples) / length;
    const point = {
      epoch: epoch - 1 + samples / samplesPerEpoch,
      loss: since('loss'),
      accuracy: since('accuracy'),
    };
    before = progress;
    return point;
  };
}
