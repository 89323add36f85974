import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import type { RepeatableTraining } from '../export.ts';
import { writeFiles } from '../node/run-files.ts';
import {
  initialModel,
  type Model,
  modelChecksum,
  type NetworkReport,
  readRunReport,
  ShadegradError,
  type StoredReport,
} from '../node.ts';
import type { DataFlags } from './data.ts';
import { type LoadedModels, loadModels, type NormalisationFlags } from './model.ts';
import { type ExportFormat, options } from './options.ts';
import { withFolder } from './out-folder.ts';
import { filesText, type Output, output } from './output.ts';
import { loadAgain, readReport, taskOf } from './verify.ts';

interface ExportFlags extends NormalisationFlags, Partial<DataFlags> {
  readonly format: ExportFormat;
  readonly out: string;
  /** From 1. */
  readonly network?: number;
  readonly bytes?: true;
  readonly training?: true;
  readonly init?: string;
}

/** Files by their path below the folder that they are written to. */
type Files = Readonly<Record<string, string | Uint8Array>>;

/** Files that are made and written together. */
interface Writing {
  readonly folder: string;
  /** Those of the files that are named by the user. */
  readonly named: readonly string[];
  make(): Files | Promise<Files>;
}

export function addExport(program: Command, signal: AbortSignal): void {
  program
    .command('export')
    .description('write a trained network, or several, for other programs')
    .argument('<model>', 'a model file (safetensors), of one network or of several')
    .addOption(options.format())
    .addOption(options.target())
    .addOption(options.network())
    .addOption(options.bytes())
    .addOption(options.training())
    .addOption(options.data().default(undefined))
    .addOption(options.imageSize())
    .addOption(options.init())
    .addOption(options.inputMean())
    .addOption(options.inputStd())
    .showHelpAfterError(
      'For example: npx shadegrad export runs/latest/model.safetensors --format onnx --out digits.onnx',
    )
    .addHelpText(
      'after',
      '\n--data, --image-size and --init say where the data and first weights of --training are, if they were moved.',
    )
    .action((model: string, flags: ExportFlags) => exportModels(model, flags, signal));
}

async function exportModels(path: string, flags: ExportFlags, signal: AbortSignal): Promise<void> {
  assertConsistent(flags);
  const out = output(false);
  const file = await loadModels(path, flags, out);
  const written: string[] = [];
  for (const { folder, named, make } of await writings(path, file, flags, out, signal)) {
    await withFolder(folder, named, async () => {
      const files = await make();
      await assertNoneIs(path, folder, files);
      if (signal.aborted) throw new ShadegradError('interrupted', 'The export was interrupted.', '');
      written.push(...(await writeFiles(folder, files)));
    });
  }
  out.say(filesText(written));
}

function assertConsistent({ format, bytes, training, data, imageSize, init }: ExportFlags): void {
  const isTraining = training === true;
  const misplaced = [
    { flag: '--bytes', isGiven: bytes, needs: '--format onnx', isMet: format === 'onnx' },
    { flag: '--training', isGiven: training, needs: '--format pytorch', isMet: format === 'pytorch' },
    { flag: '--data', isGiven: data, needs: '--training', isMet: isTraining },
    { flag: '--image-size', isGiven: imageSize, needs: '--training', isMet: isTraining },
    { flag: '--init', isGiven: init, needs: '--training', isMet: isTraining },
  ].find(({ isGiven, isMet }) => isGiven !== undefined && !isMet);
  if (!misplaced) return;
  const { flag, needs } = misplaced;
  throw new ShadegradError('usage', `${flag} needs ${needs}.`, `Use it with ${needs}, or leave it out.`);
}

/** What is to be written: of several networks files for each, but for ONNX, which has all of them in one model. */
async function writings(
  path: string,
  file: LoadedModels,
  flags: ExportFlags,
  out: Output,
  signal: AbortSignal,
): Promise<Writing[]> {
  const { format, out: target, network, bytes = false, training = false } = flags;
  const exporting = await import('../export.ts');
  const { networkFile } = exporting;
  const chosen = network === undefined ? [...file.models.keys()] : [network - 1];
  const isOne = chosen.length === 1;
  const [first = 0] = chosen;
  if (training && !isOne) {
    throw new ShadegradError(
      'usage',
      `${path} holds ${chosen.length} networks, and --training is of one.`,
      'Choose it with --network.',
    );
  }
  const ownPath = (n: number, ending = '') => (isOne ? target : join(target, `network-${n + 1}${ending}`));
  switch (format) {
    case 'onnx': {
      const subject = network === undefined ? file : networkFile(file, first);
      return [oneFile(target, () => exporting.encodeOnnx(subject, { bytes }))];
    }
    case 'json':
      return chosen.map((n) =>
        oneFile(ownPath(n, '.json'), () => exporting.encodeJson(networkFile(file, n))),
      );
    case 'tfjs':
      return chosen.map((n) => ({
        folder: ownPath(n),
        named: [],
        make: () => ({ ...exporting.encodeTfjs(networkFile(file, n)) }),
      }));
    case 'pytorch':
      return chosen.map((n) => ({
        folder: ownPath(n),
        named: [],
        async make() {
          const files = exporting.encodePytorch(networkFile(file, n));
          if (!training) return { ...files };
          const repeatable = await repeatableTraining(path, file, n, flags, out, signal);
          return { ...files, ...exporting.encodePytorchTraining(repeatable) };
        },
      }));
  }
}

function oneFile(path: string, encode: () => Uint8Array): Writing {
  const name = basename(path);
  return { folder: dirname(path), named: [name], make: () => ({ [name]: encode() }) };
}

/** What the report beside a model tells of its training, with the same data and initial weights. */
async function repeatableTraining(
  path: string,
  { stored }: LoadedModels,
  network: number,
  flags: ExportFlags,
  out: Output,
  signal: AbortSignal,
): Promise<RepeatableTraining> {
  const reportPath = join(dirname(path), 'report.json');
  try {
    const report = readRunReport(reportPath, await readReport(reportPath));
    const record = await recordOf(report, stored[network]);
    if (!record) {
      throw new ShadegradError(
        'bad-model',
        `The weights of ${path} are none of those that ${reportPath} tells of.`,
        '',
      );
    }
    const { data, init } = await loadAgain(
      taskOf(reportPath, report, flags, 'auto'),
      report,
      flags,
      out,
      signal,
    );
    const { settings } = report;
    const spec = {
      inputs: data.shape.height * data.shape.width,
      hidden: settings.hidden,
      classes: data.classes,
    };
    return {
      config: settings,
      network: record,
      data,
      initial: init?.model ?? initialModel(spec, record.seed),
    };
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code === 'interrupted') throw error;
    const step = `${error.nextStep} Without --training the network alone is exported.`.trim();
    throw new ShadegradError(error.code, error.message, step, error);
  }
}

/** What the report tells of the network with these weights. */
async function recordOf(
  { models }: StoredReport,
  model: Model | undefined,
): Promise<NetworkReport | undefined> {
  const checksum = model && (await modelChecksum(model));
  return models.find(({ sha256 }) => sha256 !== null && sha256 === checksum);
}

/** @throws ShadegradError `usage` where the model file itself would be replaced */
async function assertNoneIs(model: string, folder: string, files: Files): Promise<void> {
  const own = await stat(model);
  for (const name of Object.keys(files)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.ino !== own.ino || found.dev !== own.dev) continue;
    throw new ShadegradError(
      'usage',
      `${join(folder, name)} is the model that is to be exported.`,
      'Choose another name or folder.',
    );
  }
}
