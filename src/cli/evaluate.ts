import type { Command } from 'commander';
import { assertNoTraining } from '../node/earlier-run.ts';
import { checkImageShape } from '../node/images.ts';
import {
  type Dataset,
  type ModelFile,
  namedLike,
  networkLimits,
  nodeVersions,
  openDevice,
  type PopulationTestReport,
  populationEvaluation,
  populationTestReport,
  ShadegradError,
  TEST_FILES,
  type TestReport,
  testFiles,
  testReport,
  writeFiles,
} from '../node.ts';
import { askInTurns } from '../train/turns.ts';
import { type DataFlags, loadData } from './data.ts';
import { loadModels, type NormalisationFlags } from './model.ts';
import { options } from './options.ts';
import { withFolder } from './out-folder.ts';
import { adapterLine, datasetLine, filesText, noteMissingCharts, output, testText } from './output.ts';

interface EvaluateFlags extends DataFlags, NormalisationFlags {
  readonly out?: string;
  readonly json?: true;
}

export function addEvaluate(program: Command, signal: AbortSignal): void {
  program
    .command('evaluate')
    .description('test a trained network, or several, and report')
    .argument('<model>', 'a model file (safetensors), of one network or of several')
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
  if (flags.out !== undefined) {
    await assertNoTraining(flags.out);
    noteMissingCharts(out);
  }
  const file = await loadModels(path, flags, out);
  const data = namedLike(await loadData(flags, out, signal), file.classNames);
  checkFit(data, file);
  const { models, stored, networks, normalisation } = file;
  const { spec } = file.model;
  const { test } = data;
  const opened = await openDevice({
    requiredLimits: networkLimits(spec, test.count),
    optionalLimits: networkLimits(spec, test.count, models.length),
    robustness: false,
  });
  const { device, info, toggles } = opened;
  try {
    out.say(adapterLine(opened));
    out.say(datasetLine(data));
    const each = await askInTurns(device, models, test.count, (network) => network.evaluateEach(test));
    if (signal.aborted)
      throw new ShadegradError('interrupted', 'The test was interrupted.', 'Nothing was kept.');
    const evaluation = populationEvaluation(each, test.labels, spec.classes);
    const versions = await nodeVersions();
    const tested = { data, normalisation, file: path, adapter: info, toggles, versions };
    const [only, ...others] = stored;
    const report: TestReport | PopulationTestReport =
      only && others.length === 0
        ? await testReport({ ...tested, model: only, evaluation: evaluation.ensemble })
        : await populationTestReport({ ...tested, models: stored, networks, evaluation });
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
