import type { Objective, SweepFile } from './file.ts';
import { byObjective, type NetworkResult, type Score } from './result.ts';
import { settingKey } from './settings.ts';
import type { SweepTask } from './tasks.ts';

/** An epoch after which only the best settings of a task go on, each with all its seeds. */
export interface Rung {
  readonly epoch: number;
  /** How many settings go on at most. */
  readonly keep: number;
}

/** The rungs of a task: none without halving, or where it has too few settings or epochs. */
export function taskRungs(
  { stop }: Pick<SweepFile, 'stop'>,
  { networks }: Pick<SweepTask, 'networks'>,
): Rung[] {
  if (!stop) return [];
  const settings = new Set(networks.map((network) => settingKey(network.settings)));
  return rungsOf(settings.size, networks[0].settings.epochs, stop.halving);
}

/** Epochs of all networks of a task together. Those that diverge or stop early have fewer. */
export function mostEpochs(file: Pick<SweepFile, 'stop'>, task: Pick<SweepTask, 'networks'>): number {
  const { networks } = task;
  const settings = new Set(networks.map((network) => settingKey(network.settings))).size;
  const rungs = taskRungs(file, task);
  // Settings that compete have equally many seeds.
  const going = [settings, ...rungs.map(({ keep }) => keep)].map(
    (many) => (many * networks.length) / settings,
  );
  const ends = [...rungs.map(({ epoch }) => epoch), networks[0].settings.epochs];
  return ends.reduce((sum, end, i) => sum + (going[i] ?? 0) * (end - (ends[i - 1] ?? 0)), 0);
}

/**
 * The rungs of successive halving (Jamieson & Talwalkar 2016; as in algorithm 1 of Li et al., "Hyperband", 2018): of n
 * settings floor(n / eta^i) go on after rung i, as long as that is one or more. The last rung is at ceil(epochs / eta), the
 * one before at ceil(epochs / eta^2) and so on. Those that would be at the same epoch are one, and none is at the last.
 */
export function rungsOf(settings: number, epochs: number, eta: number): Rung[] {
  const count = logarithm(settings, eta);
  const all = Array.from({ length: count }, (_, i) => Math.ceil(epochs / eta ** (count - i)));
  return [...new Set(all)]
    .filter((epoch) => epoch < epochs)
    .map((epoch, i) => ({ epoch, keep: Math.floor(settings / eta ** (i + 1)) }));
}

/** The greatest whole i with base^i <= value. */
function logarithm(value: number, base: number): number {
  let i = 0;
  while (base ** (i + 1) <= value) i++;
  return i;
}

/**
 * Which networks go on after a rung: those of the settings that are the best by the mean over their seeds, of equals those with
 * the lower ids. A setting comes after those of which more seeds are left, and a network that diverged does not go on.
 *
 * If single networks competed, only the seeds that a setting had luck with would be trained to their end, and its mean would be
 * of these.
 *
 * @param keep how many settings go on
 * @returns their networks' indices, ascending
 */
export function survivors(
  networks: readonly Pick<NetworkResult, 'id' | 'settings' | 'validation'>[],
  keep: number,
  objective: Objective,
): number[] {
  const groups = new Map<string, Group>();
  for (const [index, { id, settings, validation }] of networks.entries()) {
    if (validation === null) continue;
    const key = settingKey(settings);
    const group = groups.get(key) ?? { id, indices: [], scores: [] };
    groups.set(key, group);
    group.indices.push(index);
    group.scores.push(validation);
  }
  const compare = byObjective(objective);
  return [...groups.values()]
    .map(({ id, indices, scores }) => ({ id, indices, validation: meanOf(scores) }))
    .toSorted((a, b) => b.indices.length - a.indices.length || compare(a, b))
    .slice(0, keep)
    .flatMap(({ indices }) => indices)
    .toSorted((a, b) => a - b);
}

/** What is left of a setting's networks. */
interface Group {
  /** Of the first. */
  readonly id: string;
  readonly indices: number[];
  readonly scores: Score[];
}

function meanOf(scores: readonly Score[]): Score {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    loss: mean(scores.map(({ loss }) => loss)),
    accuracy: mean(scores.map(({ accuracy }) => accuracy)),
  };
}
