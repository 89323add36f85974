import type { Command } from 'commander';
import { options } from './options.ts';

export interface MergeFlags {
  readonly out?: string;
  readonly partial?: true;
}

export function addMerge(program: Command): void {
  program
    .command('merge')
    .description('make one report of the folders of a sweep: of its shards, from one machine or from many')
    .argument('<folders...>', 'what "sweep" wrote to with --out')
    .addOption(options.out("the report, its pictures, and each network's settings and results"))
    .addOption(options.partial())
    .action(async (folders: string[], flags: MergeFlags) => {
      // What checks sweep files takes a while to load, and few commands need it.
      const { runMerge } = await import('./merge-run.ts');
      await runMerge(folders, flags);
    });
}
