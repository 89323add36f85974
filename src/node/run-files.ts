import { randomUUID } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShadegradError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { encodeModel, type ModelNotes } from '../model/model-file.ts';
import { encodeModels } from '../model/population-file.ts';
import type { ChartOption } from '../report/chart-option.ts';
import { formatClassificationReport } from '../report/classification.ts';
import { curvesOption } from '../report/curves.ts';
import { heatmapOption } from '../report/heatmap.ts';
import { heatmapSize } from '../report/heatmap-layout.ts';
import { rateChangesIn } from '../report/rate-changes.ts';
import {
  matrixLabels,
  type PopulationTestReport,
  type RunReport,
  type TestReport,
  type TestResults,
} from '../report/run-report.ts';
import { stripOption, stripSize } from '../report/strip.ts';
import type { ChartSize } from '../report/style.ts';
import { csv } from '../report/table.ts';
import { percent } from '../report/text.ts';
import type { EpochRecord, NetworkRecord } from '../train/history.ts';
import { chartRenderer } from './charts.ts';
import { makeFolder, removeEmptyFolders, systemReason, writeWhole } from './files.ts';

const CURVES_SIZE = { width: 860, height: 380 };

/** A file's name in a run's folder, and its content. */
export type RunFiles = Readonly<Record<string, string | Uint8Array>>;

/** What {@link testFiles} names its files. */
export const TEST_FILES = ['report.json', 'report.txt', 'confusion-matrix.svg'] as const;

/** What {@link runFiles} names its files. */
export const RUN_FILES = ['model.safetensors', ...TEST_FILES, 'training-curves.svg', 'history.csv'] as const;

/** What {@link runFiles} names its files where several networks were trained. */
export const POPULATION_FILES = [...RUN_FILES, 'models.safetensors', 'accuracies.svg'] as const;

/**
 * `report.json`, `report.txt` (the classification report alone) and `confusion-matrix.svg`; of several networks these are
 * those of all together. Where ECharts is not installed, there are no pictures.
 */
export async function testFiles(
  report: TestReport | PopulationTestReport | RunReport,
): Promise<
  Record<'report.json' | 'report.txt', string> & Partial<Record<(typeof TEST_FILES)[number], string>>
> {
  const { results, subject } = shownOf(report);
  const { test, classificationReport, confusionMatrix } = results;
  const labels = matrixLabels(report);
  const title = `${report.dataset.name}: ${subject}${percent(test.accuracy)} of ${test.count} test images right`;
  const size = heatmapSize(labels, title);
  return {
    'report.json': `${JSON.stringify(report, null, 2)}\n`,
    'report.txt': formatClassificationReport(classificationReport),
    ...pictures({
      'confusion-matrix.svg': [heatmapOption(confusionMatrix, { labels, title }), size],
    }),
  };
}

/** Charts as files, or none where ECharts is not installed: of that `missingCharts` tells before there is anything to draw. */
function pictures(
  charts: Readonly<Record<string, readonly [ChartOption, ChartSize]>>,
): Record<string, string> {
  const draw = chartRenderer();
  if (!draw) return {};
  return Object.fromEntries(
    Object.entries(charts).map(([name, [option, size]]) => [name, draw(option, size)]),
  );
}

/** Whose results are shown: those of a report's only network, or of all together that have any. */
function shownOf(report: TestReport | PopulationTestReport | RunReport): {
  readonly results: TestResults;
  readonly subject: string;
} {
  if (!('ensemble' in report) || !report.ensemble) return { results: report, subject: '' };
  const { models, ensemble } = report;
  const tested = models.filter(({ test }) => test !== null).length;
  return { results: ensemble, subject: `ensemble of ${tested} networks, ` };
}

/**
 * What `testFiles` has, and `training-curves.svg`, `history.csv` and `model.safetensors`, which is the best network. Where
 * several were trained, also `models.safetensors`, which has all that did not diverge, and `accuracies.svg`; then
 * `report.txt` and `confusion-matrix.svg` are those of the ensemble. Where ECharts is not installed, there are no pictures.
 *
 * @param models as they were trained; null for those that diverged: [networks]
 * @throws ShadegradError `bad-model` where models or notes are not of one form, `usage` where the best has no model
 *
 * @example
 * ```ts
 * import {
 *   matrixUnitsOf,
 *   modelNotes,
 *   nodeVersions,
 *   openDevice,
 *   processorName,
 *   runFiles,
 *   runReport,
 *   syntheticDigits,
 *   Trainer,
 *   writeFiles,
 * } from 'shadegrad/node';
 *
 * const { device, info: adapter, toggles } = await openDevice();
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * const trainer = await Trainer.create(device, data, { hidden: [32] });
 * for await (const _ of trainer.fit({ epochs: 2 }));
 *
 * const models = await trainer.models();
 * const { plan, networks } = trainer;
 * const report = await runReport({
 *   config: {
 *     ...trainer.settings,
 *     epochs: trainer.epochs,
 *     plan: plan.name,
 *     matrixUnits: matrixUnitsOf(plan),
 *     initial: null,
 *     source: null,
 *     earlier: [],
 *   },
 *   data,
 *   networks,
 *   models,
 *   evaluation: await trainer.evaluateAll(data.test),
 *   ...trainer.trained,
 *   adapter,
 *   toggles,
 *   processor: adapter.software ? processorName() : null,
 *   versions: await nodeVersions(),
 * });
 * console.log(await writeFiles('.', await runFiles(report, models, modelNotes(data))));
 * device.destroy();
 * ```
 */
export async function runFiles(
  report: RunReport,
  models: readonly (Model | null)[],
  notes: ModelNotes,
): Promise<RunFiles> {
  const { ensemble } = report;
  const best = models[report.best];
  if (!best || models.length !== report.models.length) {
    throw new ShadegradError(
      'usage',
      'The models are not those of the report.',
      'Pass one model, or null, for each of its networks.',
    );
  }
  const several = ensemble && {
    'models.safetensors': encodeTrained(report, models, notes),
    ...pictures({
      'accuracies.svg': [
        stripOption(report.models, { title: accuraciesTitle(report), ensemble: ensemble.test.accuracy }),
        stripSize(report.models),
      ],
    }),
  };
  return {
    'model.safetensors': encodeModel(best, notes),
    ...(await testFiles(report)),
    ...pictures({
      'training-curves.svg': [
        curvesOption(
          trainedOf(report).map(({ history }) => history),
          { title: curvesTitle(report), rateChanges: rateChangesIn(report), ...CURVES_SIZE },
        ),
        CURVES_SIZE,
      ],
    }),
    'history.csv': historyCsv(report.models),
    ...several,
  };
}

/** The networks that did not diverge. */
function trainedOf({ models }: RunReport): RunReport['models'] {
  return models.filter(({ diverged }) => diverged === null);
}

function encodeTrained(report: RunReport, models: readonly (Model | null)[], notes: ModelNotes): Uint8Array {
  const trained = report.models.flatMap((network, i) => {
    const model = models[i];
    return model && network.diverged === null ? [{ network, model }] : [];
  });
  return encodeModels(
    trained.map(({ model }) => model),
    notes,
    trained.map(({ network }) => network),
  );
}

function curvesTitle(report: RunReport): string {
  const { dataset, config, models } = report;
  const layers = config.hidden.length === 0 ? 'softmax regression' : `hidden ${config.hidden.join(', ')}`;
  const [first] = models;
  const which = models.length === 1 ? `seed ${first?.seed}` : networksText(report);
  return `${dataset.name}, ${layers}, batch size ${config.batchSize}, ${which}`;
}

function accuraciesTitle(report: RunReport): string {
  return `${report.dataset.name}: test accuracy of ${networksText(report)}`;
}

/** How many, and whether all of them are in the picture. */
function networksText(report: RunReport): string {
  const [all, trained] = [report.models.length, trainedOf(report).length];
  return all === trained ? `${all} networks` : `${trained} of ${all} networks, the others diverged`;
}

/**
 * The epochs as RFC 4180 has it: a line of names, and every line ended by CR LF. What is null is left empty. Of several
 * networks, each line begins with the network's number, 1 for the first, and its seed.
 */
export function historyCsv(networks: readonly Pick<NetworkRecord, 'seed' | 'history'>[]): string {
  const columns = [
    'epoch',
    'loss',
    'accuracy',
    'valLoss',
    'valAccuracy',
    'seconds',
  ] satisfies (keyof EpochRecord)[];
  const several = networks.length > 1;
  return csv([
    [...(several ? ['network', 'seed'] : []), ...columns],
    ...networks.flatMap(({ seed, history }, i) =>
      history.map((record) => [
        ...(several ? [i + 1, seed] : []),
        ...columns.map((column) => record[column]),
      ]),
    ),
  ]);
}

/**
 * Writes each file whole or not at all.
 * @returns their paths
 * @throws ShadegradError `io`
 */
export async function writeFiles(folder: string, files: RunFiles): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await writeWhole(path, content);
    paths.push(path);
  }
  return paths;
}

/**
 * Makes a folder, with those above it, where there is none, and tries whether files can be written there: to be
 * called before work whose results are to be kept.
 *
 * @param names of the files
 * @returns the folders that were made, each before those within it: for {@link removeEmptyFolders} after the work
 * @throws ShadegradError `usage`; what was made is removed again
 */
export async function prepareFolder(folder: string, names: readonly string[]): Promise<string[]> {
  const trial = join(folder, `.${randomUUID()}.tmp`);
  const made: string[] = [];
  try {
    await makeFolder(folder, made);
    await writeFile(trial, '', { flag: 'wx' });
    await rm(trial);
  } catch (error) {
    removeEmptyFolders(made);
    const reason = systemReason(error);
    throw new ShadegradError(
      'usage',
      `Nothing can be written to the folder ${folder}: ${reason}.`,
      'Choose another folder.',
      error,
    );
  }
  for (const name of names) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      throw new ShadegradError(
        'usage',
        `${path} is a folder, and a file is to be written there.`,
        'Choose another name or folder.',
      );
    }
  }
  return made;
}
