import type { Command } from 'commander';
import type { AdapterChoice } from '../node.ts';
import type { ShardFlags } from '../sweep/shards.ts';
import { options } from './options.ts';

export interface SweepFlags extends ShardFlags {
  readonly out: string;
  readonly adapter: AdapterChoice;
  readonly checkpointEvery: number;
}

export function addSweep(program: Command, signal: AbortSignal): void {
  program
    .command('sweep')
    .description(
      'train the networks of a sweep file, or one of several shards of them; what is finished is skipped',
    )
    .argument('<file>', 'what to train, as JSON: see docs/sweeps.md')
    .addOption(options.out("the sweep's results and checkpoints").makeOptionMandatory())
    .addOption(options.shard())
    .addOption(options.shards())
    .addOption(options.adapter())
    .addOption(options.checkpointEvery())
    .addHelpText('after', SHARD_HELP)
    .action(async (file: string, flags: SweepFlags) => {
      // What checks sweep files takes a while to load, and no other command needs it.
      const { runSweep } = await import('./sweep-run.ts');
      await runSweep(file, flags, signal);
    });
}

const SHARD_HELP = `
Without --shard the shard is that of SLURM_ARRAY_TASK_ID, or, with --shards, that of
JOB_COMPLETION_INDEX; without either it is all tasks.
Worth a retry are the exit codes 6, 7, 130 and 143: nothing is lost and nothing trained twice.`;
