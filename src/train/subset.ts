import { ShadegradError } from '../errors.ts';
import { partOf } from './rounds.ts';
import { ofNetworks } from './settings.ts';
import { epochsTrained, isDone, type NetworkState, type RoundState, type TrainerState } from './state.ts';

/**
 * A training's state with some of its networks alone, each as it is: who goes on from it has their bits, and no work with
 * the others. They are dealt to as few rounds as they fit into.
 *
 * @param kept indices of the networks that stay, ascending
 * @throws ShadegradError `usage` where that is none, or the state is not between two epochs
 */
export function subsetOf(state: TrainerState, kept: readonly number[]): TrainerState {
  const room = state.rounds[0]?.sums.length ?? 1;
  const places = kept.map((network) => placeOf(state, room, network));
  const [first] = places;
  if (!first) {
    throw new ShadegradError('usage', 'No network would be left to train.', 'Keep one of them, or more.');
  }
  if (epochsTrained(state) !== state.epoch) {
    throw new ShadegradError(
      'usage',
      `The training is in the middle of epoch ${state.epoch}.`,
      'Wait for the end of an epoch before some of its networks are left out.',
    );
  }
  const rounds = Math.ceil(places.length / room);
  const newRoom = Math.ceil(places.length / rounds);
  // A round whose networks are all done was left where it was.
  const { round: running } = places.find(({ network }) => !isDone(network)) ?? first;
  const own = places.map(({ network: { seed, learningRate, weightDecay } }) => ({
    seed,
    learningRate,
    weightDecay,
  }));
  return {
    ...state,
    settings: { ...state.settings, ...ofNetworks(own) },
    networks: places.map(({ network }) => network),
    rounds: Array.from({ length: rounds }, (_, r) => {
      const dealt = places.slice(r * newRoom, (r + 1) * newRoom);
      const filled = Array.from({ length: newRoom }, (_, slot) => dealt[slot] ?? dealt.at(-1) ?? first);
      return joined(running, filled, room);
    }),
  };
}

/** A network, and where it is. */
interface Place {
  readonly network: NetworkState;
  readonly round: RoundState;
  readonly slot: number;
}

function placeOf({ networks, rounds }: TrainerState, room: number, index: number): Place {
  const [network, round] = [networks[index], rounds[Math.floor(index / room)]];
  if (network && round) return { network, round, slot: index % room };
  throw new ShadegradError('usage', `There is no network ${index}.`, `Use 0 to ${networks.length - 1}.`);
}

/** A round of networks from rounds of `room`. */
function joined({ t, place, seconds }: RoundState, places: readonly Place[], room: number): RoundState {
  const layers = places[0]?.round.parameters ?? [];
  const moments = places[0]?.round.moments ?? [];
  return {
    t,
    place,
    seconds,
    sums: places.flatMap(({ round, slot }) => round.sums[slot] ?? []),
    parameters: layers.map((_, l) => concatenated(places.map((each) => parametersAt(each, l, room)))),
    moments: moments.map((tensor, l) => {
      const kinds = tensor.length / (layers[l]?.length ?? tensor.length);
      // [moments, models, ...]
      return concatenated(
        Array.from({ length: kinds }, (_, kind) =>
          places.map(({ round, slot }) =>
            partOf(round.moments[l] ?? tensor, kind * room + slot, kinds * room),
          ),
        ).flat(),
      );
    }),
  };
}

function parametersAt({ round, slot }: Place, l: number, room: number): Float32Array<ArrayBuffer> {
  return partOf(round.parameters[l] ?? new Float32Array(0), slot, room);
}

function concatenated(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    all.set(part, position);
    position += part.length;
  }
  return all;
}
