import { ShadegradError } from '../errors.ts';
import type { SweepTask } from './tasks.ts';

/** Which part of a sweep's tasks is trained here. */
export interface Shard {
  /** 1 to `count`. */
  readonly index: number;
  readonly count: number;
  /** Who said so: an option or an environment variable; null where nobody did, and it is all of them. */
  readonly from: string | null;
}

/** A command's options that say which shard it is. */
export interface ShardFlags {
  readonly shard?: Pick<Shard, 'index' | 'count'>;
  readonly shards?: number;
}

/**
 * The shard that options name, else a job scheduler's environment variables: of a Slurm array, whose numbers may begin
 * anywhere and have equal gaps, or of an Indexed Job of Kubernetes, which does not say how many there are.
 *
 * @throws ShadegradError `usage` where they contradict each other or are incomplete
 */
export function shardFrom(
  { shard, shards }: ShardFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Shard {
  if (shard) {
    if (shards !== undefined && shards !== shard.count) throw twice(shards, `--shard has ${shard.count}`);
    return { ...shard, from: '--shard' };
  }
  const { SLURM_ARRAY_TASK_ID: slurm, JOB_COMPLETION_INDEX: completion } = environment;
  if (slurm !== undefined) {
    const { index, count } = slurmShard(environment);
    if (shards !== undefined && shards !== count) throw twice(shards, `the Slurm array has ${count}`);
    return { index, count, from: 'SLURM_ARRAY_TASK_ID' };
  }
  if (completion !== undefined) {
    if (shards === undefined) {
      throw new ShadegradError(
        'usage',
        'JOB_COMPLETION_INDEX is set, and how many shards there are is not said.',
        "Add --shards with the job's number of completions, or name the shard with --shard I/N.",
      );
    }
    return {
      ...within(wholeOf(environment, 'JOB_COMPLETION_INDEX') + 1, shards),
      from: 'JOB_COMPLETION_INDEX',
    };
  }
  if (shards === undefined) return { index: 1, count: 1, from: null };
  throw new ShadegradError(
    'usage',
    `--shards ${shards}: which of them this is is not said.`,
    'Name the shard with --shard I/N. --shards is for jobs that have JOB_COMPLETION_INDEX.',
  );
}

type Environment = Readonly<Record<string, string | undefined>>;

function slurmShard(environment: Environment): { index: number; count: number } {
  const of = (name: string, otherwise?: number) =>
    wholeOf(environment, `SLURM_ARRAY_TASK_${name}`, otherwise);
  const [id, count] = [of('ID'), of('COUNT')];
  const [least, step] = [of('MIN', 0), of('STEP', 1)];
  const most = of('MAX', least + step * (count - 1));
  if (most !== least + step * (count - 1) || (id - least) % step !== 0) {
    throw new ShadegradError(
      'usage',
      `The numbers of this Slurm array, ${count} from ${least} to ${most}, do not have equal gaps.`,
      'Use an array like 1-8, or name the shard with --shard I/N.',
    );
  }
  return within((id - least) / step + 1, count);
}

function within(index: number, count: number): { index: number; count: number } {
  if (index >= 1 && index <= count) return { index, count };
  throw new ShadegradError(
    'usage',
    `There is no shard ${index} of ${count}.`,
    'Check how many shards there are, or name the shard with --shard I/N.',
  );
}

function wholeOf(environment: Environment, name: string, otherwise?: number): number {
  const text = environment[name];
  if (text === undefined && otherwise !== undefined) return otherwise;
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
  throw new ShadegradError(
    'usage',
    `${name} is ${text === undefined ? 'missing' : `"${text}"`}, and a whole number is needed to tell the shard.`,
    'Name the shard with --shard I/N.',
  );
}

function twice(shards: number, other: string): ShadegradError {
  return new ShadegradError('usage', `--shards ${shards}: ${other}.`, 'Leave out --shards.');
}

/**
 * A shard's tasks, the heaviest first. The heaviest of all goes first to the shard with the least work, so that all have about
 * as much; the split depends on nothing but the tasks.
 */
export function tasksOfShard(
  tasks: readonly SweepTask[],
  { index, count }: Pick<Shard, 'index' | 'count'>,
): SweepTask[] {
  const work = Array.from({ length: count }, () => 0);
  return tasks
    .toSorted((a, b) => b.work - a.work || (a.name < b.name ? -1 : 1))
    .filter((task) => {
      const least = work.indexOf(Math.min(...work));
      work[least] = (work[least] ?? 0) + task.work;
      return least === index - 1;
    });
}
