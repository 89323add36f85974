import { ShadegradError } from '../errors.ts';
import type { NetworkRecord } from './history.ts';

/**
 * The index of the network with the least loss in the epoch that it was kept from: on the validation samples, or on the
 * training samples where none are held back to validate with. Of equals it is the first. The test set has no say: its
 * result would then be too good. A network that diverged is not chosen.
 *
 * @throws ShadegradError `diverged` where all networks did, `usage` where there is none
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

/** Infinite before the first epoch has come to its end. */
function keptLoss({ history, epoch }: NetworkRecord): number {
  const kept = history.find((record) => record.epoch === epoch);
  return kept?.valLoss ?? kept?.loss ?? Number.POSITIVE_INFINITY;
}
