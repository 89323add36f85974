import type { Command } from 'commander';
import {
  type AdapterChoice,
  type Dataset,
  encodeModel,
  MATRIX_DEVICE,
  modelNotes,
  nodeVersions,
  openDevice,
  type PlanName,
  planMemory,
  RUN_FILES,
  runFiles,
  runReport,
  ShadegradError,
  Trainer,
  trainerLimits,
  writeFiles,
} from '../node.ts';
import { type DataFlags, loadData } from './data.ts';
import { options } from './options.ts';
import { withFolder } from './out-folder.ts';
import {
  adapterLine,
  datasetLine,
  epochLine,
  filesText,
  type Output,
  output,
  planLine,
  speedLine,
  testText,
} from './output.ts';
import { trainingBar } from './progress.ts';

interface TrainFlags extends DataFlags {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly validationSplit: number;
  readonly plan: PlanName | 'auto';
  readonly adapter: AdapterChoice;
  readonly out?: string;
  readonly json?: true;
}

export function addTrain(program: Command, signal: AbortSignal): void {
  program
    .command('train')
    .description('train a network, test it and report')
    .addOption(options.data())
    .addOption(options.imageSize())
    .addOption(options.hidden())
    .addOption(options.epochs())
    .addOption(options.batchSize())
    .addOption(options.learningRate())
    .addOption(options.seed())
    .addOption(options.validationSplit())
    .addOption(options.plan())
    .addOption(options.adapter())
    .addOption(options.out('the model, the report and its pictures'))
    .addOption(options.json())
    .action((flags: TrainFlags) => withFolder(flags.out, RUN_FILES, () => train(flags, signal)));
}

async function train(flags: TrainFlags, signal: AbortSignal): Promise<void> {
  const out = output(flags.json === true);
  const data = await loadData(flags, out, signal);
  const { hidden, batchSize, learningRate, seed, validationSplit, plan } = flags;
  const settings = { hidden, batchSize, learningRate, seed, validationSplit, plan, planMemory: planMemory() };
  const { device, info, toggles } = await openDevice({
    adapter: flags.adapter,
    requiredLimits: trainerLimits(data, settings),
    robustness: false,
    ...(plan === 'layered-matrix' && MATRIX_DEVICE),
  });
  try {
    out.say(adapterLine(info));
    out.say(datasetLine(data));
    out.say(networkLine(data, flags));
    const trainer = await Trainer.create(device, data, settings);
    out.say(planLine(trainer));
    await trainEpochs(trainer, flags, out, signal);
    const evaluation = await trainer.evaluate(data.test);
    const model = await trainer.model();
    if (signal.aborted) throw interrupted('The test after the training was interrupted.', flags);
    const report = await runReport({
      data,
      model,
      adapter: info,
      toggles,
      versions: await nodeVersions(),
      config: { epochs: flags.epochs, ...trainer.settings, plan: trainer.plan.name },
      history: trainer.history,
      samplesPerEpoch: trainer.samplesPerEpoch,
      evaluation,
    });
    out.result(report, `${speedLine(report)}\n\n${testText(report)}`);
    if (flags.out === undefined) return;
    const bytes = encodeModel(model, modelNotes(data));
    out.say(filesText(await writeFiles(flags.out, await runFiles(report, bytes))));
  } finally {
    device.destroy();
  }
}

async function trainEpochs(
  trainer: Trainer,
  flags: TrainFlags,
  out: Output,
  signal: AbortSignal,
): Promise<void> {
  const { epochs } = flags;
  const bar = trainingBar();
  try {
    const onProgress = bar && { onProgress: bar.update };
    for await (const record of trainer.fit({ epochs, signal, ...onProgress })) {
      bar?.stop();
      out.say(epochLine(record, epochs, trainer.samplesPerEpoch));
    }
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'interrupted') throw error;
    throw interrupted(error.message, flags);
  } finally {
    bar?.stop();
  }
}

function interrupted(message: string, { out }: TrainFlags): ShadegradError {
  const kept = out === undefined ? 'Nothing was kept.' : `Nothing was written: ${out} is as it was before.`;
  return new ShadegradError('interrupted', message, kept);
}

function networkLine(data: Dataset, flags: TrainFlags): string {
  const { hidden, batchSize, learningRate, seed } = flags;
  const widths = [data.shape.height * data.shape.width, ...hidden, data.classes].join('-');
  return `Network: ${widths}, batch size ${batchSize}, learning rate ${learningRate}, seed ${seed}`;
}
