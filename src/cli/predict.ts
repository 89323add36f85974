import type { Command } from 'commander';
import {
  type InputImage,
  Network,
  networkLimits,
  openDevice,
  readImages,
  readModel,
  ShadegradError,
} from '../node.ts';
import { options } from './options.ts';
import { adapterLine, output, percent } from './output.ts';

/** How many of the next most probable classes a line names. */
const ALTERNATIVES = 2;

interface PredictFlags {
  readonly json?: true;
}

interface ImagePrediction {
  readonly image: string;
  /** Position in an IDX file, 0 for the first; null for a PNG image. */
  readonly index: number | null;
  readonly digit: number;
  /** Of that digit. */
  readonly probability: number;
  readonly probabilities: readonly number[];
}

export function addPredict(program: Command, signal: AbortSignal): void {
  program
    .command('predict')
    .description('say which digits images show')
    .argument('<model>', 'a model file (safetensors)')
    .argument('<image...>', "PNG images of any size, or IDX files with images of the model's size")
    .addOption(options.json())
    .action((model: string, images: string[], flags: PredictFlags) => predict(model, images, flags, signal));
}

async function predict(
  modelPath: string,
  paths: readonly string[],
  flags: PredictFlags,
  signal: AbortSignal,
): Promise<void> {
  const out = output(flags.json === true);
  const file = await readModel(modelPath);
  const read: InputImage[][] = [];
  for (const path of paths) read.push(await readImages(path, file));
  const images = read.flat();
  const { spec } = file.model;
  const { device, info } = await openDevice({
    requiredLimits: networkLimits(spec, images.length),
    robustness: false,
  });
  try {
    out.note(adapterLine(info));
    const network = await Network.create(device, file.model);
    const pixels = new Uint8Array(images.length * spec.inputs);
    for (const [i, image] of images.entries()) pixels.set(image.pixels, i * spec.inputs);
    const { probabilities, predictions } = await network.predict(pixels);
    if (signal.aborted)
      throw new ShadegradError('interrupted', 'The prediction was interrupted.', 'Nothing was printed.');
    if (!probabilities.every(Number.isFinite)) {
      throw new ShadegradError(
        'bad-model',
        `The probabilities that ${modelPath} gives are not finite: its weights are too large.`,
        'Train again with a smaller learning rate.',
      );
    }
    const results = images.map(({ file: image, index }, i): ImagePrediction => {
      const ofImage = [...probabilities.subarray(i * spec.classes, (i + 1) * spec.classes)];
      const digit = predictions[i] ?? 0;
      return { image, index, digit, probability: ofImage[digit] ?? 0, probabilities: ofImage };
    });
    const object = { model: modelPath, adapter: info, predictions: results };
    out.result(object, results.map(predictionLine).join('\n'));
  } finally {
    device.destroy();
  }
}

function predictionLine({ image, index, digit, probability, probabilities }: ImagePrediction): string {
  const others = probabilities
    .map((share, label) => ({ share, label }))
    .filter(({ label }) => label !== digit)
    .sort((a, b) => b.share - a.share)
    .slice(0, ALTERNATIVES)
    .map(({ share, label }) => `${label}: ${percent(share)}`);
  const name = index === null ? image : `${image}[${index}]`;
  return `${name}: ${digit} (${[percent(probability), ...others].join('; ')})`;
}
