import { ShadegradError } from '../errors.ts';
import type { NetworkRecord } from './history.ts';

/**
 * The index of the network with the least loss in the epoch that its weights are from: on the validation samples, or on
 * the training samples if none are held back for validation. Of equals it is the first. The test set has no say, or its
 * result would be too good. A network that diverged is not chosen.
 *
 * @throws ShadegradError `diverged` if all networks did, `usage` if there is none
 */
export function bestNetwork(networks: readonly NetworkRecord[]): number {
  if (networks.length === 0) {
    throw new ShadegradError('usage', 'There is no network to choose.', 'Pass at least one.');
  }
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, network] of networks.entries()) {
    if (network.diverged) continue;
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
