import { isDone, type NetworkState, type RoundState, type TrainerState } from './state.ts';

/** What of a state says where it is. */
interface Outline extends Pick<TrainerState, 'spec' | 'settings' | 'epoch'> {
  readonly rounds: readonly Pick<RoundState, 't' | 'place' | 'sums'>[];
  readonly networks: readonly NetworkOutline[];
}

interface NetworkOutline extends Pick<NetworkState, 'history' | 'diverged' | 'stopped'> {
  readonly best: Pick<NonNullable<NetworkState['best']>, 'epoch' | 'valLoss'> | null;
}

/**
 * How a state contradicts itself, in words; undefined where it does not. Whether it fits the data, which decide how many
 * batches an epoch has, is another question.
 */
export function contradictionIn({ spec, settings, epoch, rounds, networks }: Outline): string | undefined {
  if (`${settings.hidden}` !== `${spec.hidden}`) return 'its settings are those of another network';
  const models = rounds[0]?.sums.length ?? 0;
  if (rounds.some(({ sums }) => sums.length !== models)) return 'its rounds are of different sizes';
  const places = rounds.length * models;
  if (networks.length > places || networks.length <= places - models) {
    return `its ${networks.length} networks do not fill ${rounds.length} rounds of ${models}`;
  }
  for (const [r, { t, place, sums }] of rounds.entries()) {
    // A round whose networks are all done is left where it is.
    const isLeft = networks.slice(r * models, (r + 1) * models).every(isDone);
    if (place > t || (t < epoch - 1 && !isLeft) || (epoch < 2 && t !== place) || (epoch === 0 && t > 0)) {
      return `it cannot be at step ${place} of epoch ${epoch} after ${t} steps`;
    }
    if (sums.some(({ hits, diverged }) => hits > place * settings.batchSize || (diverged ?? 0) > place)) {
      return `its sums are of more than the ${place} steps of its epoch`;
    }
  }
  const wrong = networks.findIndex((network) => !isPossible(network, epoch, settings.patience !== null));
  return wrong < 0 ? undefined : `the history of its network ${wrong + 1} contradicts the rest`;
}

function isPossible(
  { history, diverged, stopped, best }: NetworkOutline,
  epoch: number,
  stopsEarly: boolean,
): boolean {
  return (
    history.length <= epoch &&
    (history.length >= epoch - 1 || stopped || diverged !== null) &&
    history.every((record, i) => record.epoch === i + 1) &&
    history.every(({ valLoss, valAccuracy }) => (valLoss === null) === (valAccuracy === null)) &&
    (diverged === null || diverged.epoch <= epoch) &&
    (stopsEarly || !(stopped || best)) &&
    (best === null || history[best.epoch - 1]?.valLoss === best.valLoss)
  );
}
