import {
  type AdapterDevice,
  type AdapterReport,
  type Dataset,
  type LabelNoise,
  matrixUnitsOf,
  namesOfClasses,
  openDevice,
  populationLimits,
  type Recoverable,
  recovering,
  runReport,
  Trainer,
  type TrainerState,
  trainerLimits,
} from '../../src/index.ts';
import type { TrainingSettings } from '../protocol.ts';
import type { Brain } from './brain.ts';
import { describeDevice } from './device.ts';
import { worstMistakes } from './inspect.ts';
import { answerOf } from './networks.ts';
import { notesOf } from './notes.ts';
import { type TrainingOptions, toldBy, train } from './training.ts';
import { pageVersions } from './versions.ts';
import type { Wheel } from './wheel.ts';

/** What a training is of, and where its networks answer. */
export interface RunOptions extends Omit<TrainingOptions, 'notes' | 'told'> {
  readonly settings: TrainingSettings;
  /** The state of a training to go on from; null begins anew. */
  readonly from: TrainerState | null;
  readonly data: Dataset;
  /** What was done to the labels of the training images; absent where nothing was. */
  readonly labelNoise?: LabelNoise;
  readonly adapter: AdapterReport;
  readonly brain: Brain;
  readonly wheel: Wheel;
  /** Whether nobody wants to hear of it any more. */
  readonly discarded: () => boolean;
}

/**
 * Trains, tests and tells the page. Where the device is lost, it goes on on another one, as often as `recovering` does.
 * @throws ShadegradError as `Trainer.create` and `Trainer.fit`, but for `interrupted`
 */
export async function runTraining(options: RunOptions): Promise<void> {
  const { run, data, settings, brain, discarded, post } = options;
  const training: TrainingOptions = { ...options, notes: notesOf(data), told: toldBy(options.from) };
  await recovering(
    () =>
      openDevice({
        requiredLimits: trainerLimits(data, settings),
        optionalLimits: populationLimits(data, settings),
      }),
    (recoverable) => trainOn(recoverable, options, training),
    (loss, times) => {
      brain.close();
      if (discarded()) throw loss;
      post({ kind: 'lost', run, times });
    },
  );
}

/** Trains on a device what is left, and reports. */
async function trainOn(
  { opened: { device }, state, keep }: Recoverable<AdapterDevice>,
  { run, settings, from, data, labelNoise, adapter, epochs, brain, kept, wheel, post }: RunOptions,
  training: TrainingOptions,
): Promise<void> {
  brain.take(run, device);
  const restored = state ?? from;
  const trainer = await Trainer.create(device, data, {
    ...(restored ? { restore: restored } : settings),
    ...(wheel.changes && { rateChanges: wheel.changes }),
  });
  wheel.take(trainer);
  brain.awake(async (image) => {
    const viewed = kept.answer(image);
    if (viewed) return viewed;
    const each = await trainer.predictEach(image);
    const { networks } = trainer;
    return answerOf(each.map((prediction, i) => (networks[i]?.diverged ? null : prediction)));
  });
  const { spec, plan } = trainer;
  const { image, traits = null } = training.notes;
  const classNames = namesOfClasses(data);
  const seeds = trainer.networks.map(({ seed }) => seed);
  const network = { spec, image, traits, classNames, seeds };
  post({
    kind: 'network',
    run,
    network,
    device: describeDevice(device, {
      ...plan,
      networks: Math.ceil(trainer.networks.length / trainer.rounds),
    }),
  });
  const { evaluation, models, files, stopped } = await train(trainer, keep, training);
  const report = await runReport({
    data,
    models,
    adapter,
    toggles: [],
    versions: pageVersions,
    processor: null,
    config: {
      epochs,
      ...trainer.settings,
      plan: plan.name,
      matrixUnits: matrixUnitsOf(plan),
      initial: null,
      ...(labelNoise && { labelNoise }),
      source: null,
      earlier: [],
    },
    networks: trainer.networks,
    ...trainer.trained,
    evaluation,
  });
  const mistakes = worstMistakes({ data, evaluation: evaluation.ensemble });
  post({
    kind: 'result',
    run,
    report,
    files,
    state: await trainer.state(),
    stopped,
    notice: '',
    mistakes,
  });
}
