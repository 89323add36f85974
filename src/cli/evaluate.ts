import type { Command } from 'commander';
import {
  checkImageShape,
  type Dataset,
  type ModelFile,
  Network,
  namedLike,
  networkLimits,
  nodeVersions,
  openDevice,
  ShadegradError,
  TEST_FILES,
  testFiles,
  testReport,
  writeFiles,
} from '../node.ts';
import { type DataFlags, loadData } from './data.ts';
import { loadModel, type NormalisationFlags } from './model.ts';
import { options } from './options.ts';
import { withFolder } from './out-folder.ts';
import { adapterLine, datasetLine, filesText, output, testText } from './output.ts';

interface EvaluateFlags extends DataFlags, NormalisationFlags {
  readonly out?: string;
  readonly json?: true;
}

export function addEvaluate(program: Command, signal: AbortSignal): void {
  program
    .command('evaluate')
    .description('test a trained network and report')
    .argument('<model>', 'a model file (safetensors)')
    .addOption(options.data())
    .addOption(options.inputMean())
    .addOption(options.inputStd())
    .addOption(options.imageSize())
    .addOption(options.out('the report and its picture'))
    .addOption(options.json())
    .action((model: string, flags: EvaluateFlags) =>
      withFolder(flags.out, TEST_FILES, () => evaluate(model, flags, signal)),
    );
}

async function evaluate(path: string, flags: EvaluateFlags, signal: AbortSignal): Promise<void> {
  const out = output(flags.json === true);
  const file = await loadModel(path, flags, out);
  const data = namedLike(await loadData(flags, out, signal), file.classNames);
  checkFit(data, file);
  const { model } = file;
  const { device, info, toggles } = await openDevice({
    requiredLimits: networkLimits(model.spec, data.test.count),
    robustness: false,
  });
  try {
    out.say(adapterLine(info));
    out.say(datasetLine(data));
    const network = await Network.create(device, model);
    const evaluation = await network.evaluate(data.test);
    if (signal.aborted)
      throw new ShadegradError('interrupted', 'The test was interrupted.', 'Nothing was kept.');
    const versions = await nodeVersions();
    const report = await testReport({
      data,
      model: file.stored,
      normalisation: file.normalisation,
      file: path,
      adapter: info,
      toggles,
      versions,
      evaluation,
    });
    out.result(report, testText(report));
    if (flags.out !== undefined) out.say(filesText(await writeFiles(flags.out, await testFiles(report))));
  } finally {
    device.destroy();
  }
}

function checkFit(data: Dataset, file: ModelFile): void {
  checkImageShape(data.shape, file, `the dataset "${data.name}"`);
  const { classes } = file.model.spec;
  if (data.classes <= classes) return;
  throw new ShadegradError(
    'bad-data',
    `The dataset "${data.name}" has ${data.classes} classes, but the model tells only ${classes} apart.`,
    'Use data of the kind that the model was trained on, or another model.',
  );
}
