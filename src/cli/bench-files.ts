import { basename, dirname } from 'node:path';
import type { Command } from 'commander';
import { compareBench, formatComparison } from '../bench.ts';
import { benchPage } from '../charts.ts';
import { readBenchFolder, readBenchReport, writeFiles } from '../node.ts';
import { benchOptions } from './bench-options.ts';
import { withFolder } from './out-folder.ts';
import { filesText, output } from './output.ts';

/** The commands for results that were measured before. */
export function addBenchFiles(bench: Command): void {
  bench
    .command('compare')
    .description('compare two result files of one benchmark, row by row')
    .argument('<before>', 'file that "bench" printed with --json')
    .argument('<after>', 'another one')
    .addOption(benchOptions.json())
    .action(async (before: string, after: string, { json }: { readonly json?: true }) => {
      const comparison = compareBench(await readBenchReport(before), await readBenchReport(after));
      output(json === true).result(comparison, formatComparison(comparison));
    });
  bench
    .command('page')
    .description('make one HTML page of a folder of result files, adapters side by side')
    .argument('<folder>', 'files that "bench" printed with --json, named *.json')
    .addOption(benchOptions.page())
    .action((folder: string, { out }: { readonly out: string }) =>
      withFolder(dirname(out), [basename(out)], async () => {
        const reports = await readBenchFolder(folder);
        const files = { [basename(out)]: await benchPage(reports) };
        output(false).say(filesText(await writeFiles(dirname(out), files)));
      }),
    );
}
