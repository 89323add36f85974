import { randomUUID } from 'node:crypto';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf, ShadegradError } from '../errors.ts';
import { formatClassificationReport } from '../report/classification.ts';
import { curvesOption } from '../report/curves.ts';
import { heatmapOption } from '../report/heatmap.ts';
import { heatmapSize } from '../report/heatmap-layout.ts';
import { matrixLabels, type RunReport, type TestReport } from '../report/run-report.ts';
import type { EpochRecord, History } from '../train/history.ts';
import { makeFolder, removeEmptyFolders, writeWhole } from './files.ts';

const CURVES_SIZE = { width: 860, height: 380 };

/** A file's name in a run's folder, and its content. */
export type RunFiles = Readonly<Record<string, string | Uint8Array>>;

/** What {@link testFiles} names its files. */
export const TEST_FILES = ['report.json', 'report.txt', 'confusion-matrix.svg'] as const;

/** What {@link runFiles} names its files. */
export const RUN_FILES = ['model.safetensors', ...TEST_FILES, 'training-curves.svg', 'history.csv'] as const;

/** `report.json`, `report.txt` (the classification report alone) and `confusion-matrix.svg`. */
export async function testFiles(report: TestReport): Promise<Record<(typeof TEST_FILES)[number], string>> {
  const { renderSvg } = await import('../charts.ts');
  const { dataset, test } = report;
  const labels = matrixLabels(report);
  const title = `${dataset.name}: ${percent(test.accuracy)} of ${test.count} test images right`;
  const size = heatmapSize(labels, title);
  return {
    'report.json': `${JSON.stringify(report, null, 2)}\n`,
    'report.txt': formatClassificationReport(report.classificationReport),
    'confusion-matrix.svg': renderSvg(heatmapOption(report.confusionMatrix, { labels, title }), size),
  };
}

/** What `testFiles` has, and `training-curves.svg`, `history.csv` and `model.safetensors`. */
export async function runFiles(
  report: RunReport,
  model: Uint8Array,
): Promise<Record<(typeof RUN_FILES)[number], string | Uint8Array>> {
  const { renderSvg } = await import('../charts.ts');
  const { dataset, config, history } = report;
  const network = config.hidden.length === 0 ? 'softmax regression' : `hidden ${config.hidden.join(', ')}`;
  const title = `${dataset.name}, ${network}, batch size ${config.batchSize}, seed ${config.seed}`;
  const option = curvesOption(history, { title, width: CURVES_SIZE.width });
  return {
    'model.safetensors': model,
    ...(await testFiles(report)),
    'training-curves.svg': renderSvg(option, CURVES_SIZE),
    'history.csv': historyCsv(history),
  };
}

/** The epochs as RFC 4180 has it: a line of names, and every line ended by CR LF. What is null is left empty. */
export function historyCsv(history: History): string {
  const columns = [
    'epoch',
    'loss',
    'accuracy',
    'valLoss',
    'valAccuracy',
    'seconds',
  ] satisfies (keyof EpochRecord)[];
  const lines = [columns, ...history.map((record) => columns.map((column) => record[column] ?? ''))];
  return lines.map((fields) => `${fields.join(',')}\r\n`).join('');
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
    const reason = reasonOf(error);
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

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
