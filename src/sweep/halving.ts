import type { Objective } from './file.ts';
import { byObjective, type NetworkResult } from './result.ts';

/** An epoch after which only the best networks of a task go on. */
export interface Rung {
  readonly epoch: number;
  /** How many go on at most. */
  readonly keep: number;
}

/**
 * The rungs of successive halving (Jamieson & Talwalkar 2016; as in algorithm 1 of Li et al., "Hyperband", 2018): of n
 * networks floor(n / eta^i) go on after rung i, the last of which is at ceil(epochs / eta), the one before at
 * ceil(epochs / eta^2) and so on. Where several would be after the same epoch there is one, and none is after the last.
 */
export function rungsOf(networks: number, epochs: number, eta: number): Rung[] {
  const count = logarithm(networks, eta);
  const rungs = new Map<number, Rung>();
  for (let i = 1; i <= count; i++) {
    const epoch = Math.ceil(epochs / eta ** (count + 1 - i));
    if (epoch < epochs) rungs.set(epoch, { epoch, keep: Math.floor(networks / eta ** i) });
  }
  return [...rungs.values()];
}

/** The greatest whole i with base^i <= value. */
function logarithm(value: number, base: number): number {
  let i = 0;
  while (base ** (i + 1) <= value) i++;
  return i;
}

/**
 * Which networks go on after a rung: the best by the objective, of equals those with the lower ids, and none that diverged.
 * @returns their indices, ascending
 */
export function survivors(
  networks: readonly Pick<NetworkResult, 'id' | 'validation'>[],
  keep: number,
  objective: Objective,
): number[] {
  const compare = byObjective(objective);
  return networks
    .map((network, index) => ({ ...network, index }))
    .filter(({ validation }) => validation !== null)
    .toSorted(compare)
    .slice(0, keep)
    .map(({ index }) => index)
    .toSorted((a, b) => a - b);
}
