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
 * networks floor(n / eta^i) go on after rung i, as long as that is one or more. The last rung is at ceil(epochs / eta), the
 * one before at ceil(epochs / eta^2) and so on. Those that would be at the same epoch are one, and none is at the last.
 */
export function rungsOf(networks: number, epochs: number, eta: number): Rung[] {
  const count = logarithm(networks, eta);
  const all = Array.from({ length: count }, (_, i) => Math.ceil(epochs / eta ** (count - i)));
  return [...new Set(all)]
    .filter((epoch) => epoch < epochs)
    .map((epoch, i) => ({ epoch, keep: Math.floor(networks / eta ** (i + 1)) }));
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
