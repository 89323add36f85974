import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedReport } from '../bench/columns.ts';
import type { BenchReport } from '../bench/report.ts';
import { readBenchFile } from '../bench/result-file.ts';
import { ShadegradError } from '../errors.ts';
import { readStored, unreadableText } from './files.ts';

/**
 * The report in a result file.
 * @throws ShadegradError `bad-data` if it cannot be read or relied on, see `readBenchFile`
 */
export async function readBenchReport(path: string): Promise<BenchReport> {
  return readBenchFile(await readStored(path));
}

/**
 * The reports in all files of a folder whose names end in ".json", in the order of these names.
 * @throws ShadegradError `bad-data` if there are none, or if one of them cannot be read or relied on
 */
export async function readBenchFolder(folder: string): Promise<NamedReport[]> {
  const names = (await filesIn(folder)).filter((name) => name.endsWith('.json')).sort();
  if (names.length === 0) {
    throw new ShadegradError(
      'bad-data',
      `${folder} has no result files.`,
      'Put what "shadegrad bench" prints with --json there, in files whose names end in ".json".',
    );
  }
  const reports: NamedReport[] = [];
  for (const name of names) reports.push({ name, report: await readBenchReport(join(folder, name)) });
  return reports;
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new ShadegradError(
      'bad-data',
      unreadableText(`The folder ${folder}`, cause),
      'Give a folder with result files.',
      cause,
    );
  }
}
