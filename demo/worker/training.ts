import type { RunningPoint } from '../../src/charts.ts';
import {
  bestNetwork,
  confusionMatrix,
  type Dataset,
  epochsTrained,
  type Model,
  type ModelNotes,
  namesOfClasses,
  type PopulationEvaluation,
  type Progress,
  ShadegradError,
  type Trainer,
  type TrainerState,
} from '../../src/index.ts';
import type { NetworkFiles, Reply } from '../protocol.ts';
import type { Epochs } from './epochs.ts';
import type { Gate } from './gate.ts';
import type { Opened } from './inside.ts';
import type { Verdict } from './inspect.ts';
import { accuracySummary, filesOf, usable } from './networks.ts';

/** The least time between two looks at the weights within an epoch, and that as a multiple of what a look takes. */
const WEIGHTS_MILLISECONDS = 500;
const WEIGHTS_PAUSE = 10;

/** How much of a training a lost device costs at most, about. */
const SNAPSHOT_SECONDS = 3;

export interface TrainingOptions {
  readonly run: number;
  readonly data: Dataset;
  /** What the model files say beside the weights. */
  readonly notes: ModelNotes;
  readonly epochs: number;
  readonly signal: AbortSignal;
  readonly gate: Gate;
  /** Takes what the page can go back to. */
  readonly kept: Epochs;
  readonly post: (reply: Reply) => void;
  /** Called after each epoch and at the end, with what the test images say of the networks as they are then. */
  readonly onVerdict: (verdict: Verdict) => void;
  /** What the page was told, whichever device was used then. */
  readonly told: Told;
}

/** What the page knows of a training. */
export interface Told {
  /** The last epoch that it has the records of. */
  epoch: number;
  /** @param shortest of a stretch that is a point, as a share of an epoch */
  readonly point: (progress: Progress, shortest: number) => RunningPoint | null;
}

/** @param from what the training goes on from: the page knows it */
export function toldBy(from: TrainerState | null): Told {
  return { epoch: from ? epochsTrained(from) : 0, point: stretches() };
}

/** How a training ended. */
export interface Ending {
  readonly stopped: boolean;
  readonly evaluation: PopulationEvaluation;
  /** Null for those that cannot be used: [networks]. */
  readonly models: readonly (Model | null)[];
  readonly files: NetworkFiles;
}

/**
 * Trains what is left and tells the page about it as it goes on. A stop is no error: what was learned until then is
 * tested.
 *
 * @param keep what to go on from if the device is lost
 * @throws ShadegradError as `Trainer.fit`, but for `interrupted`
 */
export async function train(
  trainer: Trainer,
  keep: (state: TrainerState) => void,
  { run, data, notes, epochs, signal, gate, kept, post, onVerdict, told }: TrainingOptions,
): Promise<Ending> {
  let nextWeights = 0;
  const classNames = namesOfClasses(data);

  /** Of the first network that has not diverged, so that the picture stays with one; after the training of the best. */
  const shownOf = (models: readonly (Model | null)[], ended: boolean): Opened | undefined => {
    const index = ended ? bestNetwork(trainer.networks, models) : models.findIndex((model) => model !== null);
    const model = models[index];
    const of = models.length;
    if (!model) return undefined;
    return { model, image: data.shape, classNames, network: of > 1 ? { index, of, best: ended } : null };
  };
  const show = (shown: Opened | undefined) => {
    if (shown) kept.show(run, shown);
  };
  const look = async () => {
    const before = performance.now();
    show(shownOf(await trainer.models(), false));
    const now = performance.now();
    nextWeights = now + Math.max(WEIGHTS_MILLISECONDS, WEIGHTS_PAUSE * (now - before));
  };
  const onProgress = async (progress: Progress) => {
    // Where networks take turns, the middle of an epoch says nothing of all of them.
    const together = trainer.rounds === 1;
    const single = gate.pace() === 1;
    const point = together ? told.point(progress, single ? 0 : SHORTEST_STRETCH) : null;
    post({ kind: 'progress', run, progress, point });
    // At its end an epoch is told first.
    if (progress.samples === progress.samplesPerEpoch) return;
    if (together && (single || performance.now() >= nextWeights)) await look();
    await pass();
  };
  const pass = async () => {
    if (!signal.aborted) await gate.pass(() => post({ kind: 'paused', run }));
  };
  const test = async (): Promise<PopulationEvaluation> => {
    const evaluation = await trainer.evaluateAll(data.test);
    onVerdict({ data, evaluation: evaluation.ensemble });
    return evaluation;
  };
  const tell = async (epoch: number): Promise<PopulationEvaluation> => {
    const evaluation = await test();
    const { ensemble } = evaluation;
    const models = usable(await trainer.models(), evaluation);
    const labels = Array.from({ length: data.classes }, (_, label) => label);
    const shown = shownOf(models, false);
    show(shown);
    const epochTest = {
      accuracy: ensemble.accuracy,
      summary: accuracySummary(evaluation),
      confusionMatrix: confusionMatrix(data.test.labels, ensemble.predictions, labels),
    };
    kept.keep(run, { epoch, models, shown, verdict: { data, evaluation: ensemble }, test: epochTest });
    post({
      kind: 'epoch',
      run,
      epoch,
      records: trainer.networks.map(({ history, diverged }) =>
        diverged ? null : (history[epoch - 1] ?? null),
      ),
      test: epochTest,
      files: filesOf(models, trainer.networks, bestNetwork(trainer.networks, models), notes),
    });
    told.epoch = epoch;
    return evaluation;
  };

  await look();
  let evaluation: PopulationEvaluation | undefined;
  try {
    // A device that is lost after an epoch may take the telling of it along.
    if (trainer.epochs > told.epoch) evaluation = await tell(trainer.epochs);
    const left = epochs - trainer.epochs;
    const onSnapshot = (state: TrainerState) => {
      keep(state);
      post({ kind: 'snapshot', run, state });
    };
    const { pace } = gate;
    const fitting = { epochs: left, signal, pace, onProgress, onSnapshot, snapshotSeconds: SNAPSHOT_SECONDS };
    for await (const { epoch } of left > 0 ? trainer.fit(fitting) : []) {
      evaluation = await tell(epoch);
      if (epoch < epochs) await pass();
    }
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'interrupted') throw error;
    evaluation = undefined;
  }
  evaluation ??= await test();
  const models = usable(await trainer.models(), evaluation);
  show(shownOf(models, true));
  return {
    stopped: trainer.epochs < epochs,
    evaluation,
    models,
    files: filesOf(models, trainer.networks, bestNetwork(trainer.networks, models), notes),
  };
}

/** Least length of a stretch, as a share of an epoch: the loss of only a few images would be noise. */
const SHORTEST_STRETCH = 0.025;

/**
 * Progress tells means since the epoch's begin; the curve shows those since its last point. What is trained again after
 * a lost device is in the curve already.
 */
function stretches(): Told['point'] {
  let before = { epoch: 0, samples: 0, loss: 0, accuracy: 0 };
  let isFirst = true;
  return (progress, shortest) => {
    const { epoch, samples, samplesPerEpoch } = progress;
    if (epoch < before.epoch) return null;
    if (before.epoch !== epoch) before = { epoch, samples: 0, loss: 0, accuracy: 0 };
    const length = samples - before.samples;
    // The first point comes as soon as there is something to see.
    const least = isFirst ? 0 : shortest * samplesPerEpoch;
    if (length <= 0 || length < least) return null;
    isFirst = false;
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
