import { missingCharts } from '../node/charts.ts';
import type { EarlierRun } from '../node/earlier-run.ts';
import {
  type Dataset,
  type EpochRecord,
  type Evaluation,
  formatClassificationReport,
  formatConfusionMatrix,
  guessing,
  guessingText,
  matrixLabels,
  matrixUnitsOf,
  type NetworkRecord,
  type OpenedDevice,
  type PopulationSummary,
  type PopulationTestReport,
  type RunReport,
  type Summary,
  type TestReport,
  type TestResults,
  type Trainer,
} from '../node.ts';

/** More classes make lines too long for a terminal. */
const WIDEST_MATRIX = 20;

/** Where a command's texts go. With `--json`, stdout is kept for the one object. */
export interface Output {
  /** Prints what a run does as it goes on: on stdout, or on stderr with `--json`. */
  say(text: string): void;
  /** Prints notices, which are no part of the output: always on stderr. */
  note(text: string): void;
  /** Prints the result on stdout: as an object with `--json`, else as text. */
  result(object: unknown, text: string): void;
}

export function output(json: boolean): Output {
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  return {
    say: json ? note : print,
    note,
    result: (object, text) => print(json ? JSON.stringify(object, null, 2) : text),
  };
}

/** Tells, before the work, that there will be no pictures where ECharts is not installed. */
export function noteMissingCharts(out: Output): void {
  const missing = missingCharts();
  if (missing) out.note(`Notice: There will be no pictures. ${missing}`);
}

export function adapterLine({ info, passedOver }: Pick<OpenedDevice, 'info' | 'passedOver'>): string {
  const { description, software } = info;
  const others = passedOver.length === 0 ? '' : ` (${passedOver.join(' and ')} is there too)`;
  return `Adapter: ${software ? 'software, on the CPU' : 'hardware'}: ${description}${others}`;
}

/** The plan, and where plans were timed, how long a step of each took. */
export function planLine({ plan, timed }: Pick<Trainer, 'plan' | 'timed'>): string {
  const times = Object.entries(timed).map(([name, us]) => `${name} ${us.toFixed(us < 100 ? 1 : 0)} us`);
  const units = matrixUnitsOf(plan);
  const on = units === null ? '' : ` on matrix units, ${units}`;
  return `Plan: ${plan.name}${on}${times.length > 0 ? `, the fastest of ${times.join(', ')} a step` : ''}`;
}

export function datasetLine({ name, train, test, shape, classes }: Dataset): string {
  const images = `${count(train.count)} training and ${counted(test.count, 'test image', 'test images')}`;
  const size = `${shape.width} x ${shape.height} pixels`;
  return `Data: ${name}: ${images} of ${size} in ${counted(classes, 'class', 'classes')}`;
}

function counted(value: number, one: string, more: string): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

/** What is trained, and how, beside the data and the plan. */
export function networkLine({
  spec,
  settings,
  networks,
}: Pick<Trainer, 'spec' | 'settings' | 'networks'>): string {
  const { batchSize, optimizer, momentum, schedule, warmup, rateChanges = [] } = settings;
  const [first] = networks;
  const seeds = [...new Set(networks.map(({ seed }) => seed))];
  const changes = rateChanges
    .map(({ step, learningRate }) => ` (${learningRate} from step ${step} on)`)
    .join('');
  const distinct = (values: readonly number[]) => [...new Set(values)].join(', ');
  return [
    `${networks.length > 1 ? `${networks.length} networks` : 'Network'}: ${[spec.inputs, ...spec.hidden, spec.classes].join('-')}`,
    `batch size ${batchSize}`,
    ...(optimizer === 'adam' ? [] : [optimizer]),
    ...(momentum === 0 ? [] : [`momentum ${momentum}`]),
    `learning rate ${distinct(networks.map(({ learningRate }) => learningRate))}${changes}`,
    ...(optimizer === 'adamw'
      ? [`weight decay ${distinct(networks.map(({ weightDecay }) => weightDecay))}`]
      : []),
    ...(schedule.name === 'constant' ? [] : [`${schedule.name} schedule`]),
    ...(warmup === 0 ? [] : [`warm-up ${warmup} ${warmup === 1 ? 'epoch' : 'epochs'}`]),
    seeds.length > 1 ? `seeds ${seeds[0]} to ${seeds.at(-1)}` : `seed ${first?.seed}`,
  ].join(', ');
}

/** Where a training goes on that was begun before. */
export function resumeLine({ epochs, place }: Pick<Trainer, 'epochs' | 'place'>): string {
  const behind = [
    ...(epochs > 0 || place.done === 0 ? [counted(epochs, 'epoch', 'epochs')] : []),
    ...(place.done > 0 ? [`${count(place.done)} of ${counted(place.of, 'batch', 'batches')}`] : []),
  ];
  return `Going on after ${behind.join(' and ')}`;
}

/** How a training is gone on with, as the user has to type it: from its folder, or from a checkpoint. */
export function resumeCommand(path: string): string {
  return `npx shadegrad train --resume ${/^[\w./\\:@-]+$/.test(path) ? path : `"${path}"`}`;
}

/** What becomes of the training in a folder in which another one begins. */
export function earlierText(
  folder: string,
  { hasResults, accuracy, progress, replaces, aside }: EarlierRun,
): string {
  const right = (share: number | null) => (share === null ? [] : [`${percent(share)} right`]);
  const facts = [
    ...right(accuracy),
    ...(progress && (!hasResults || progress.trained < progress.epochs)
      ? [`${count(progress.trained)} of ${counted(progress.epochs, 'epoch', 'epochs')}`]
      : []),
  ];
  const inBrackets = (texts: readonly string[]) => (texts.length === 0 ? '' : ` (${texts.join(', ')})`);
  const place = replaces ? `, in place of an older one there${inBrackets(right(replaces.accuracy))}` : '';
  return (
    `Notice: ${folder} holds another training${hasResults ? '' : ' that has no results yet'}${inBrackets(facts)}. When this one writes ` +
    `its first checkpoint, that one moves to ${aside}${place}.` +
    (hasResults ? '' : ` To go on with it then: ${resumeCommand(aside)}`)
  );
}

/** That a training does not go on with the plan, or on the adapter, that it had. */
export function changeText(what: 'plan' | 'adapter', before: string, now: string): string {
  return `Notice: The ${what} was ${before} and is ${now} from here on: the bits are not those that it would have given.`;
}

/** Of several networks the means of those that have not diverged. */
export function epochLine(
  record: EpochRecord,
  epochs: number,
  { samplesPerEpoch, networks }: Pick<Trainer, 'samplesPerEpoch' | 'networks'>,
): string {
  const trained = networks.filter(({ history }) => history.length >= record.epoch).length;
  const samples = trained * samplesPerEpoch;
  const several = networks.length > 1 ? `  mean of ${trained}:` : '';
  const { epoch, valLoss, valAccuracy, seconds } = record;
  const validation =
    valLoss === null || valAccuracy === null
      ? ''
      : `  validation loss ${loss(valLoss)}  accuracy ${percent(valAccuracy)}`;
  return (
    `Epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}${several}  loss ${loss(record.loss)}  ` +
    `accuracy ${percent(record.accuracy)}${validation}  ${seconds.toFixed(1)} s  ${count(samples / seconds)} images/s`
  );
}

export function speedLine({ imagesPerSecond }: RunReport): string {
  return `Trained at ${imagesPerSecond === null ? 'an unknown number of' : count(imagesPerSecond)} images/s`;
}

/** Of networks that do no better than guessing: a line each, or of one network a line alone; else empty. */
export function guessingLines({ models }: Pick<RunReport, 'models'>, { train, classes }: Dataset): string {
  const counts = new Array<number>(classes).fill(0);
  for (const label of train.labels) counts[label] = (counts[label] ?? 0) + 1;
  return models
    .map((model) => {
      const found = model.diverged ? null : guessing(model.history, counts);
      if (!found) return '';
      return `Notice: ${models.length > 1 ? `${settingText(model)}: ` : ''}${guessingText(found)}\n`;
    })
    .join('');
}

/** How a run's networks did in the test, the best one and all of them; in detail what they make of it together. */
export function runText(report: RunReport): string {
  const { models, best, summary, ensemble, test } = report;
  const chosen = models[best];
  if (!summary || !ensemble || !chosen) return `${stopText(report)}${networkText(report)}`;
  const diverged = models.filter((model) => model.diverged !== null);
  const kept = chosen.history[chosen.epoch - 1];
  const criterion = kept?.valLoss == null ? 'training loss' : 'validation loss';
  const decays = models.some(({ weightDecay }) => weightDecay > 0);
  const stopped = models.filter((model) => model.stopped).length;
  const lines = [
    ...summaryLines(summary),
    ...(diverged.length > 0 ? [`Diverged: ${diverged.map(divergenceText).join('; ')}`] : []),
    ...(stopped > 0 ? [`Stopped early: ${stopped} of ${counted(models.length, 'network', 'networks')}`] : []),
    `Best by ${criterion}: ${settingText(chosen, decays)}: ${testLine(test)}`,
    ensembleLine(ensemble),
  ];
  return `${lines.join('\n')}\n\n${detailText(report, ensemble)}`;
}

/** Of all networks, and of each setting where there are several. */
function summaryLines({ accuracy, settings }: PopulationSummary): string[] {
  const decays = settings.some(({ weightDecay }) => (weightDecay ?? 0) > 0);
  return [
    `Test of ${counted(accuracy.count, 'network', 'networks')}: accuracy ${spreadText(accuracy)}`,
    ...settings.map(({ learningRate, weightDecay, accuracy: own }) => {
      const setting = `learning rate ${learningRate}${decays ? `, weight decay ${weightDecay}` : ''}`;
      return `  ${setting}: ${counted(own.count, 'network', 'networks')}, accuracy ${spreadText(own)}`;
    }),
  ];
}

function spreadText({ count: networks, mean, interval, least, most }: Summary): string {
  const spread = interval ? ` (95 % interval ${percent(interval[0])} to ${percent(interval[1])})` : '';
  return networks === 1
    ? percent(mean)
    : `${percent(mean)}${spread}, from ${percent(least)} to ${percent(most)}`;
}

function ensembleLine({ test }: TestResults): string {
  return `All together, and in detail below: ${testLine(test)}`;
}

/** When early stopping ended the only network's training, and which weights it has. */
function stopText({ models: [only], config }: RunReport): string {
  if (!only?.stopped) return '';
  const { history, epoch } = only;
  return (
    `Stopped after epoch ${history.length}: the validation loss was not lower for ${counted(config.patience ?? 0, 'epoch', 'epochs')}. ` +
    `The weights are those of epoch ${epoch}.\n`
  );
}

/** A network that diverged, and where. */
export function divergenceText(network: NetworkRecord): string {
  if (!network.diverged) return settingText(network);
  const { epoch, batch } = network.diverged;
  const place = batch === null ? `after the last update of epoch ${epoch}` : `epoch ${epoch}, batch ${batch}`;
  return `${settingText(network)} (${place})`;
}

/** @param decays whether the weight decay is said even if it is 0 */
function settingText({ seed, learningRate, weightDecay }: NetworkRecord, decays = false): string {
  const decay = decays || weightDecay > 0 ? `, weight decay ${weightDecay}` : '';
  return `seed ${seed}, learning rate ${learningRate}${decay}`;
}

/** Test result, classification report and confusion matrix, as text; of several networks those of all together. */
export function testText(report: TestReport | PopulationTestReport): string {
  if (!('ensemble' in report)) return networkText(report);
  const { summary, ensemble } = report;
  return `${[...summaryLines(summary), ensembleLine(ensemble)].join('\n')}\n\n${detailText(report, ensemble)}`;
}

function networkText(report: TestReport): string {
  return `Test: ${testLine(report.test)}\n\n${detailText(report, report)}`;
}

function detailText(report: TestReport, { confusionMatrix, classificationReport }: TestResults): string {
  const classes = confusionMatrix.length;
  const matrix =
    classes <= WIDEST_MATRIX
      ? formatConfusionMatrix(confusionMatrix, matrixLabels(report))
      : `(The confusion matrix of ${classes} classes is too wide to print.)\n`;
  return `${formatClassificationReport(classificationReport)}\n${matrix}`;
}

function testLine({
  loss: mean,
  accuracy,
  count: samples,
}: Pick<Evaluation, 'loss' | 'accuracy' | 'count'>): string {
  return `accuracy ${percent(accuracy)}, loss ${loss(mean)}, ${count(samples)} images`;
}

export function filesText(paths: readonly string[]): string {
  return `Written:\n${paths.map((path) => `  ${path}`).join('\n')}`;
}

export function loss(value: number): string {
  return value < 1e4 ? value.toFixed(4) : value.toExponential(3);
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** A whole number with its digits in groups of three. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
