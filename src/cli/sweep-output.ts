import type { Holder } from '../node/claims.ts';
import type { Trainer } from '../node.ts';
import type { Objective, SweepFile } from '../sweep/file.ts';
import { mostEpochs, type Rung } from '../sweep/halving.ts';
import type { NetworkResult } from '../sweep/result.ts';
import type { Shard } from '../sweep/shards.ts';
import type { PointSettings, SweepTask } from '../sweep/tasks.ts';
import { count, loss, percent } from './output.ts';

/** What became of a shard's tasks. */
export interface SweepCounts {
  readonly tasks: number;
  readonly done: number;
  readonly failed: number;
  /** To other processes. */
  readonly left: number;
}

/** How large a sweep is, which part of it is trained here, and who said so. */
export function shardLine(
  { index, count: shards, from }: Shard,
  file: SweepFile,
  all: readonly SweepTask[],
  own: readonly SweepTask[],
  done: number,
): string {
  const shard = from === null ? '' : `\nShard ${index} of ${shards}, by ${from}: ${workText(own, file)}`;
  return `Sweep: ${workText(all, file)}${shard}${done > 0 ? `, ${count(done)} finished before` : ''}`;
}

/** How much there is to train: epochs are those of all networks together. */
function workText(tasks: readonly SweepTask[], file: SweepFile): string {
  const sum = (of: (task: SweepTask) => number) => tasks.reduce((total, task) => total + of(task), 0);
  const networks = counted(
    sum((task) => task.networks.length),
    'network',
  );
  const epochs = counted(
    sum((task) => mostEpochs(file, task)),
    'epoch',
  );
  const most = file.stop || file.settings.patience !== null ? 'at most ' : '';
  return `${networks} in ${counted(tasks.length, 'task')}, ${most}${epochs} in all`;
}

/** The networks of a task, which are side by side. */
export function taskText({ name, networks }: SweepTask): string {
  const [{ settings }] = networks;
  const { data, hidden, batchSize, epochs, optimizer, schedule } = settings;
  return [
    `${name}, ${counted(networks.length, 'network')} on ${data}`,
    layersText(hidden),
    `batch size ${batchSize}`,
    `${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`,
    ...(optimizer === 'adam' ? [] : [optimizer]),
    ...(schedule === 'constant' ? [] : [`${schedule} schedule`]),
  ].join(', ');
}

function layersText(hidden: readonly number[]): string {
  return hidden.length === 0 ? 'softmax regression' : `hidden ${hidden.join('-')}`;
}

/** How many networks are on the GPU at once. */
export function sideBySideText({ networks, rounds }: Pick<Trainer, 'networks' | 'rounds'>): string {
  const room = Math.ceil(networks.length / rounds);
  return `${counted(room, 'network')} side by side${rounds > 1 ? `, in ${count(rounds)} rounds` : ''}`;
}

export function rungText({ epoch }: Rung, before: number, after: number): string {
  return `After epoch ${epoch} the best ${after} of ${before} go on`;
}

/** A network's score on the validation samples, and what it was trained with. */
export function scoreText(
  { validation, settings }: Pick<NetworkResult, 'validation' | 'settings'>,
  objective: Objective,
): string {
  if (!validation) return `none: ${networkText(settings)}`;
  const score =
    objective === 'validationLoss'
      ? `validation loss ${loss(validation.loss)}`
      : `validation accuracy ${percent(validation.accuracy)}`;
  return `${score}: ${networkText(settings)}`;
}

function networkText(settings: PointSettings): string {
  const { data, hidden, batchSize, epochs, optimizer, schedule, learningRate, weightDecay, seed } = settings;
  return [
    data,
    layersText(hidden),
    `batch size ${batchSize}`,
    `epochs ${epochs}`,
    optimizer,
    ...(schedule === 'constant' ? [] : [`${schedule} schedule`]),
    `learning rate ${learningRate}`,
    ...(optimizer === 'adamw' ? [`weight decay ${weightDecay}`] : []),
    `seed ${seed}`,
  ].join(', ');
}

/** That another process holds a task, and whether it is known to be at it. */
export function leftText({ name }: SweepTask, { host, pid }: Holder, isAtWork: boolean): string {
  const how = isAtWork
    ? 'which is at it'
    : 'which was heard of in the last 20 seconds, and may have ended since';
  return `Notice: Task ${name} was left to process ${pid} on ${host}, ${how}.`;
}

/** How a shard ended. */
export function endText({ tasks, done, failed, left }: SweepCounts, best: string | undefined): string {
  const parts = [
    `${count(done)} of ${counted(tasks, 'task')} finished`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(left > 0 ? [`${count(left)} left to other processes`] : []),
    ...(best === undefined ? [] : [`best: ${best}`]),
  ];
  return parts.join('; ');
}

/** How a sweep is gone on with, as the user has to type it. */
export function sweepCommand(path: string, out: string): string {
  return `npx shadegrad sweep ${quoted(path)} --out ${quoted(out)}, with the same options`;
}

function quoted(path: string): string {
  return /^[\w./\\:@-]+$/.test(path) ? path : `"${path}"`;
}

function counted(value: number, noun: string): string {
  return `${count(value)} ${value === 1 ? noun : `${noun}s`}`;
}
