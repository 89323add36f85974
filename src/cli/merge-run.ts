import { MERGED_FILES, mergedFiles, mergeSweepFolders } from '../node/sweep-merge.ts';
import { ShadegradError, writeFiles } from '../node.ts';
import type { MergedSweep } from '../sweep/report.ts';
import { differingText, formatSweep, missingText } from '../sweep/text.ts';
import type { MergeFlags } from './merge.ts';
import { withFolder } from './out-folder.ts';
import { filesText, noteMissingCharts, output } from './output.ts';

/** Merges the folders of a sweep, prints a table of the best networks and, with `--out`, writes the report. */
export async function runMerge(folders: readonly string[], flags: MergeFlags): Promise<void> {
  const { out: folder, partial = false } = flags;
  const out = output(false);
  await withFolder(folder, MERGED_FILES, async () => {
    const merged = await mergeSweepFolders(folders);
    const { report, runs, differing } = merged;
    for (const { message } of runs.damaged) out.note(`Notice: ${message}`);
    if (differing.length > 0) out.note(differingText(differing));
    if (report.networks.length === 0 || !partial) assertComplete(merged);
    else if (report.missing.length > 0) out.note(missingText(report));
    out.say(formatSweep(report));
    if (folder === undefined) return;
    noteMissingCharts(out);
    out.say(`\n${filesText(await writeFiles(folder, await mergedFiles(merged)))}`);
  });
}

/** @throws ShadegradError `bad-data` that names the tasks that are missing */
function assertComplete({ report, runs }: MergedSweep): void {
  const { missing, networks } = report;
  if (missing.length === 0) return;
  const lost = missing.reduce((sum, task) => sum + task.networks.length, 0);
  const all = lost + networks.length;
  const damaged = runs.damaged.length > 0 ? 'Remove the folders of damaged tasks. ' : '';
  throw new ShadegradError(
    'bad-data',
    `${missingText(report)}\n${lost} of ${all} networks are missing.`,
    networks.length === 0
      ? `${damaged}Run the sweep again: it trains them.`
      : `${damaged}Run the sweep again, which trains them, or use --partial for a report of the others.`,
  );
}
