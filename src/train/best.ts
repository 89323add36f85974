import { ShadegradError } from '../errors.ts';
import type { NetworkRecord } from './history.ts';

/**
 * The index of the network with the least loss in the epoch that its weights are from: on the validation samples, or on
 * the training samples if none are held back for validation. Of equals it is the first. How well it does in a test has no
 * say, or the result would be too good. A network that diverged, or that has no result, is not chosen.
 *
 * @param results what is asked of the best network, e.g. each one's model or evaluation; null for none: [networks]
 * @throws ShadegradError `diverged` if no network is left, `usage` if there is none
 */
export function bestNetwork(networks: readonly NetworkRecord[], results: readonly (object | null)[]): number {
  if (networks.length === 0) {
    throw new ShadegradError('usage', 'There is no network to choose.', 'Pass at least one.');
  }
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, network] of networks.entries()) {
    if (network.diverged || !results[index]) continue;
    const loss = keptLoss(network);
    if (best >= 0 && !(loss < least)) continue;
    [best, least] = [index, loss];
  }
  if (best >= 0) return best;
  const all = networks.length === 1 ? 'The network' : `All ${networks.length} networks`;
  throw new ShadegradError('diverged', `${all} diverged.`, 'Train again with a smaller learning rate.');
}

/** Infinite until the first epoch has ended. */
function keptLoss({ history, epoch }: NetworkRecord): number {
  const kept = history.find((record) => record.epoch === epoch);
  return kept?.valLoss ?? kept?.loss ?? Number.POSITIVE_INFINITY;
}
