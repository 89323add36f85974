import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import {
  BENCH_FEATURES,
  type BenchOptions,
  type BenchReport,
  type BenchSubject,
  benchChoice,
  benchCsv,
  benchFile,
  benchFloor,
  benchKernels,
  benchTraining,
  CHOICE_SHAPES,
  type ChoiceReport,
  checkKernelNames,
  choiceBenchLimits,
  FEW_CHOICE_SHAPES,
  formatBench,
  trainingBenchLimits,
} from '../bench.ts';
import { BENCH_CHART_SIZE, benchChart, renderSvg } from '../charts.ts';
import { missingCharts } from '../node/charts.ts';
import {
  type AdapterChoice,
  nodeVersions,
  openDevice,
  type PlanName,
  ShadegradError,
  type Toggles,
  writeFiles,
} from '../node.ts';
import { addBenchFiles } from './bench-files.ts';
import { benchOptions } from './bench-options.ts';
import { withFolder } from './out-folder.ts';
import { filesText, output } from './output.ts';
import { benchBar } from './progress.ts';

interface BenchFlags {
  readonly samples?: number;
  readonly adapter: AdapterChoice;
  readonly toggle: Toggles;
  readonly json?: true;
  readonly csv?: true;
  readonly svg?: string;
}

interface KernelsFlags extends BenchFlags {
  readonly only?: readonly string[];
  readonly sweep?: true;
}

interface TrainFlags extends BenchFlags {
  readonly batchSizes: readonly number[];
  readonly hidden?: readonly (readonly number[])[];
  readonly plans?: readonly PlanName[];
  readonly models: readonly number[];
}

interface ChoiceFlags extends BenchFlags {
  readonly few?: true;
  readonly seconds: number;
}

export function addBench(program: Command, signal: AbortSignal): void {
  const bench = program.command('bench').description('measure shaders and training on this machine');
  withOutput(bench.command('floor').description('measure what no shader here can beat'))
    .addOption(benchOptions.samples('timed passes of each kernel that there is time for', 30))
    .action((flags: BenchFlags) => run(flags, signal, {}, benchFloor));
  withOutput(bench.command('kernels').description('measure shaders, checked, as shares of the floor'))
    .addOption(benchOptions.samples('timed passes of each kernel that there is time for', 30))
    .addOption(benchOptions.only())
    .addOption(benchOptions.sweep())
    .addOption(benchOptions.svg('a roofline plot'))
    .action(({ only, sweep, ...flags }: KernelsFlags) => {
      if (only) checkKernelNames(only);
      return run(flags, signal, {}, (subject, options) => benchKernels(subject, { ...options, only, sweep }));
    });
  withOutput(bench.command('train').description('measure training, for every combination of the axes'))
    .addOption(benchOptions.samples('timed windows of each combination that there is time for', 20))
    .addOption(benchOptions.batchSizes())
    .addOption(benchOptions.networks())
    .addOption(benchOptions.plans())
    .addOption(benchOptions.models())
    .addOption(benchOptions.svg('images per second against what was varied'))
    .action(({ batchSizes, hidden, plans, models, ...flags }: TrainFlags) => {
      const axes = { batchSizes, hidden, plans, models };
      return run(flags, signal, trainingBenchLimits(axes), (subject, options) =>
        benchTraining(subject, { ...options, ...axes }),
      );
    });
  withOutput(bench.command('choice').description('measure how well "auto" chooses its plan'))
    .addOption(benchOptions.few())
    .addOption(benchOptions.seconds())
    .action(({ few, seconds, ...flags }: ChoiceFlags) => {
      const shapes = few ? FEW_CHOICE_SHAPES : CHOICE_SHAPES;
      return run(flags, signal, choiceBenchLimits(shapes), (subject, options, open) =>
        benchChoice(subject, open, { ...options, shapes, seconds }),
      );
    });
  addBenchFiles(bench);
}

function withOutput(command: Command): Command {
  return command
    .addOption(benchOptions.adapter())
    .addOption(benchOptions.toggle())
    .addOption(benchOptions.json())
    .addOption(benchOptions.csv());
}

/** Measures with a device, or with others like it. */
type Measure = (
  subject: BenchSubject,
  options: BenchOptions,
  open: () => Promise<GPUDevice>,
) => Promise<BenchReport | ChoiceReport>;

async function run(
  flags: BenchFlags,
  signal: AbortSignal,
  optionalLimits: Readonly<Record<string, number>>,
  measure: Measure,
): Promise<void> {
  const { svg } = flags;
  const work = () => measureAndPrint(flags, signal, optionalLimits, measure);
  if (svg === undefined) return work();
  const missing = missingCharts();
  if (missing) throw missing;
  return withFolder(dirname(svg), [basename(svg)], work);
}

async function measureAndPrint(
  flags: BenchFlags,
  signal: AbortSignal,
  optionalLimits: Readonly<Record<string, number>>,
  measure: Measure,
): Promise<void> {
  const out = output(flags.json === true || flags.csv === true);
  const { svg, adapter, toggle: toggles, samples } = flags;
  const open = () =>
    openDevice({ adapter, optionalLimits, optionalFeatures: BENCH_FEATURES, robustness: false, toggles });
  const opened = await open();
  const bar = benchBar();
  try {
    const subject = {
      device: opened.device,
      adapter: opened.info,
      toggles: opened.toggles,
      versions: await nodeVersions(),
    };
    const another = async () => (await open()).device;
    const report = await measure(subject, { samples, signal, onProgress: bar?.update }, another);
    bar?.stop();
    if (flags.csv) process.stdout.write(benchCsv(report));
    else process.stdout.write(flags.json ? await benchFile(report) : `${formatBench(report)}\n`);
    checkMeasured(report);
    const chart = benchChart(report);
    if (svg === undefined || !chart) return;
    const files = { [basename(svg)]: await renderSvg(chart, BENCH_CHART_SIZE) };
    out.say(filesText(await writeFiles(dirname(svg), files)));
  } finally {
    bar?.stop();
    opened.device.destroy();
  }
}

/**
 * Fails where not a single figure was measured.
 * @throws ShadegradError `gpu` where a kernel or plan computed wrong values, `usage` where all were skipped
 */
function checkMeasured(report: BenchReport | ChoiceReport): void {
  if (report.bench === 'floor' || report.bench === 'choice') return;
  const results = report.bench === 'kernels' ? report.kernels : report.training;
  const statuses = new Set(results.map(({ status }) => status));
  if (statuses.has('measured')) return;
  throw statuses.has('void')
    ? new ShadegradError(
        'gpu',
        'Nothing was measured: what ran computed wrong values, as the remarks say.',
        'Update the GPU driver, or measure on another adapter.',
      )
    : new ShadegradError(
        'usage',
        'Nothing was measured: all was skipped, for the reasons in the remarks.',
        'Choose what this adapter can run.',
      );
}
