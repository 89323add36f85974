import {
  type AdapterReport,
  type Dataset,
  type EpochRecord,
  type Evaluation,
  formatClassificationReport,
  formatConfusionMatrix,
  matrixLabels,
  type RunReport,
  type TestReport,
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

export function adapterLine({ description, software }: AdapterReport): string {
  return `Adapter: ${software ? 'software, on the CPU' : 'hardware'}: ${description}`;
}

/** The plan, and where plans were timed, how long a step of each took. */
export function planLine({ plan, timed }: Pick<Trainer, 'plan' | 'timed'>): string {
  const times = Object.entries(timed).map(([name, us]) => `${name} ${us.toFixed(us < 100 ? 1 : 0)} us`);
  return `Plan: ${plan.name}${times.length > 0 ? `, the fastest of ${times.join(', ')} a step` : ''}`;
}

export function datasetLine({ name, train, test, shape, classes }: Dataset): string {
  const images = `${count(train.count)} training and ${counted(test.count, 'test image', 'test images')}`;
  const size = `${shape.width} x ${shape.height} pixels`;
  return `Data: ${name}: ${images} of ${size} in ${counted(classes, 'class', 'classes')}`;
}

function counted(value: number, one: string, more: string): string {
  return `${count(value)} ${value === 1 ? one : more}`;
}

export function epochLine(record: EpochRecord, epochs: number, samples: number): string {
  const { epoch, valLoss, valAccuracy, seconds } = record;
  const validation =
    valLoss === null || valAccuracy === null
      ? ''
      : `  validation loss ${loss(valLoss)}  accuracy ${percent(valAccuracy)}`;
  return (
    `Epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}  loss ${loss(record.loss)}  ` +
    `accuracy ${percent(record.accuracy)}${validation}  ${seconds.toFixed(1)} s  ${count(samples / seconds)} images/s`
  );
}

export function speedLine({ imagesPerSecond }: RunReport): string {
  return `Trained at ${imagesPerSecond === null ? 'an unknown number of' : count(imagesPerSecond)} images/s`;
}

/** Test result, classification report and confusion matrix, as text. */
export function testText(report: TestReport): string {
  const { test, confusionMatrix, classificationReport } = report;
  const classes = confusionMatrix.length;
  const matrix =
    classes <= WIDEST_MATRIX
      ? formatConfusionMatrix(confusionMatrix, matrixLabels(report))
      : `(The confusion matrix of ${classes} classes is too wide to print.)\n`;
  return `Test: ${testLine(test)}\n\n${formatClassificationReport(classificationReport)}\n${matrix}`;
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
