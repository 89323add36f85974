import type { Command } from 'commander';
import { type InputImage, readBatches, writeInput } from '../node/images.ts';
import { expandPatterns } from '../node/patterns.ts';
import {
  type ErrorCode,
  ensemblePrediction,
  type ModelFile,
  namesOfClasses,
  networkLimits,
  type OpenedDevice,
  openDevice,
  ShadegradError,
} from '../node.ts';
import { askInTurns } from '../train/turns.ts';
import { type LoadedModels, loadModels, type NormalisationFlags } from './model.ts';
import { options } from './options.ts';
import { withFolder } from './out-folder.ts';
import { adapterLine, type Output, output, percent } from './output.ts';

/** How many of the next most probable classes a line names. */
const ALTERNATIVES = 2;

/** Most images predicted at once, and most bytes: enough to keep a GPU busy, few enough for any GPU. */
const MOST_IMAGES = 4096;
const MOST_BYTES = 2 ** 24;

interface PredictFlags extends NormalisationFlags {
  readonly asIs?: true;
  readonly inputs?: string;
  readonly json?: true;
}

/** What the network says of an image, or what several say together. */
interface PredictionRow {
  readonly image: string;
  /** Position in an IDX file, 0 for the first; null for a picture. */
  readonly index: number | null;
  /** The most probable class, by its number and by its name, which is the number where classes have no names. */
  readonly label: number;
  readonly className: string;
  /** The label again, where classes are named by their numbers, as digits are. */
  readonly digit?: number;
  /** Probability of that class. */
  readonly probability: number;
  readonly probabilities: readonly number[];
  /** The class that each of several networks takes for the most probable: [networks]. */
  readonly votes?: readonly number[];
  /** Why the answer is doubtful; null where nothing speaks against it. */
  readonly notice: string | null;
  readonly noticeCodes: readonly string[];
}

/** Why there is no answer for a file. */
interface ErrorRow {
  readonly image: string;
  readonly index: null;
  readonly error: { readonly code: ErrorCode; readonly message: string; readonly nextStep: string };
}

export function addPredict(program: Command, signal: AbortSignal): void {
  program
    .command('predict')
    .description('say what images show')
    .argument('<model>', 'a model file (safetensors), of one network or of several')
    .argument('<image...>', "PNG or JPEG pictures of any size, or IDX files with images of the model's size")
    .addOption(options.inputMean())
    .addOption(options.inputStd())
    .addOption(options.asIs())
    .addOption(options.inputs())
    .addOption(options.json())
    .action((model: string, images: string[], flags: PredictFlags) =>
      withFolder(flags.inputs, [], () => predict(model, images, flags, signal)),
    );
}

async function predict(
  modelPath: string,
  patterns: readonly string[],
  flags: PredictFlags,
  signal: AbortSignal,
): Promise<void> {
  const out = output(flags.json === true);
  const file = await loadModels(modelPath, flags, out);
  const paths = await expandPatterns(patterns);
  const gpu = lazyNetworks(file, modelPath, out);
  const rows: (PredictionRow | ErrorRow)[] = [];
  const failures: ShadegradError[] = [];
  try {
    const reading = { signal, asIs: flags.asIs === true };
    for await (const batch of readBatches(paths, file, batchSize(file), reading)) {
      const inputs = batch.flatMap(({ input }) => input ?? []);
      const answers = inputs.length > 0 ? await gpu.predict(inputs) : [];
      let predicted = 0;
      for (const read of batch) {
        if (read.input === null) {
          failures.push(read.error);
          rows.push(errorRow(read.path, read.error));
          continue;
        }
        const answer = answers[predicted++];
        if (answer) rows.push(predictionRow(read.input, answer, file));
        if (flags.inputs !== undefined) await writeInput(flags.inputs, read.number, read.input, paths);
      }
    }
    if (signal.aborted) {
      throw new ShadegradError('interrupted', 'The prediction was interrupted.', 'Nothing was printed.');
    }
  } finally {
    gpu.destroy();
  }
  const assumed = file.assumptions.find(({ code }) => code === 'pictures');
  if (assumed && !flags.asIs && rows.some((row) => 'label' in row && row.index === null)) {
    out.note(`Notice: ${assumed.text} --as-is takes those of the model's size as they are.`);
  }
  const lines = rows.flatMap((row) => ('error' in row ? [] : predictionLines(row, file)));
  const { assumptions } = file;
  const object = { model: modelPath, assumptions, adapter: gpu.adapter(), predictions: rows };
  if (flags.json || lines.length > 0) out.result(object, lines.join('\n'));
  reportFailures(failures, paths.length, out);
}

/** Images per batch. */
function batchSize({ model }: ModelFile): number {
  return Math.max(1, Math.min(MOST_IMAGES, Math.floor(MOST_BYTES / model.spec.inputs)));
}

/** What networks make of an image. */
interface Answer {
  /** Of all together: [classes]. */
  readonly probabilities: readonly number[];
  /** The most probable class for each: [networks]. */
  readonly votes: readonly number[];
}

/** Networks on a GPU. The GPU is opened when the first images come, since there may be none. */
function lazyNetworks(file: LoadedModels, modelPath: string, out: Output) {
  const { models } = file;
  const { spec } = file.model;
  const { inputs, classes } = spec;
  let opened: OpenedDevice | undefined;
  const open = async () => {
    const device = await openDevice({
      requiredLimits: networkLimits(spec, batchSize(file)),
      optionalLimits: networkLimits(spec, batchSize(file), models.length),
      robustness: false,
    });
    out.note(adapterLine(device));
    return device;
  };
  return {
    adapter: () => opened?.info ?? null,
    destroy: () => opened?.device.destroy(),
    async predict(images: readonly InputImage[]): Promise<Answer[]> {
      opened ??= await open();
      const pixels = new Uint8Array(images.length * inputs);
      for (const [i, image] of images.entries()) pixels.set(image.pixels, i * inputs);
      const each = await askInTurns(opened.device, models, images.length, (network) =>
        network.predictEach(pixels),
      );
      const { probabilities } = ensemblePrediction(each, classes);
      if (!probabilities.every(Number.isFinite)) {
        throw new ShadegradError(
          'bad-model',
          `The probabilities that ${modelPath} gives are not finite: its weights are too large.`,
          'Train again with a smaller learning rate.',
        );
      }
      return images.map((_, i) => ({
        probabilities: [...probabilities.subarray(i * classes, (i + 1) * classes)],
        votes: each.map(({ predictions }) => predictions[i] ?? 0),
      }));
    },
  };
}

function predictionRow(
  { file: image, index, notices }: InputImage,
  { probabilities, votes }: Answer,
  { model, classNames }: ModelFile,
): PredictionRow {
  const probability = Math.max(...probabilities);
  const label = probabilities.indexOf(probability);
  const className = namesOfClasses({ ...model.spec, classNames })[label] ?? String(label);
  return {
    image,
    index,
    label,
    className,
    ...(className === String(label) && { digit: label }),
    probability,
    probabilities,
    ...(votes.length > 1 && { votes }),
    notice: notices.length > 0 ? notices.map(({ text }) => text).join(' ') : null,
    noticeCodes: notices.map(({ code }) => code),
  };
}

function errorRow(image: string, { code, message, nextStep }: ShadegradError): ErrorRow {
  return { image, index: null, error: { code, message, nextStep } };
}

function predictionLines(row: PredictionRow, { model, classNames }: ModelFile): string[] {
  const { image, index, label, className, probability, probabilities, votes, notice } = row;
  const names = namesOfClasses({ ...model.spec, classNames });
  const others = probabilities
    .map((share, other) => ({ share, other }))
    .filter(({ other }) => other !== label)
    .sort((a, b) => b.share - a.share)
    .slice(0, ALTERNATIVES)
    .map(({ share, other }) => `${names[other]}: ${percent(share)}`);
  const name = index === null ? image : `${image}[${index}]`;
  const agreeing = votes?.filter((vote) => vote === label).length;
  const agreement = votes ? [`${agreeing} of ${votes.length} networks`] : [];
  const line = `${name}: ${className} (${[percent(probability), ...others, ...agreement].join('; ')})`;
  return notice === null ? [line] : [line, `  Notice: ${notice}`];
}

/** @throws ShadegradError `bad-data` where any file failed: the only file's own message, or else how many */
function reportFailures(failures: readonly ShadegradError[], files: number, out: Output): void {
  const [first] = failures;
  if (!first) return;
  if (files === 1) throw new ShadegradError('bad-data', first.message, first.nextStep, first);
  for (const failure of failures) out.note(`shadegrad: ${failure}`);
  throw new ShadegradError(
    'bad-data',
    `${failures.length} of ${files} files could not be read.`,
    failures.length === files ? 'Nothing was predicted.' : 'What the others show was printed.',
  );
}
