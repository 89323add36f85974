import { describe, expect, test } from 'vitest';
import {
  epochsBegun,
  epochsTrained,
  membersOf,
  type NetworkState,
  secondsTrained,
  type TrainerState,
} from '../../src/train/state.ts';
import { trainerState } from '../support/trainer-state.ts';

/** Steps of an epoch. */
const STEPS = 7;

const template = trainerState();

/** Where rounds of one network each are, and how many epochs of each were recorded. */
function stateOf(
  epoch: number,
  ...rounds: readonly { t: number; place: number; epochs: number; diverged?: NetworkState['diverged'] }[]
): TrainerState {
  const [round] = template.rounds;
  const [network] = template.networks;
  const [record] = network?.history ?? [];
  if (!round || !network || !record) throw new Error('there is a network with a history');
  return {
    ...template,
    epoch,
    rounds: rounds.map(({ t, place }) => ({ ...round, t, place, sums: round.sums.slice(0, 1) })),
    networks: rounds.map(({ epochs, diverged = null }) => ({
      ...network,
      diverged,
      history: Array.from({ length: epochs }, (_, i) => ({ ...record, epoch: i + 1 })),
    })),
  };
}

const end = (epochs: number) => ({ t: epochs * STEPS, place: STEPS, epochs });
const within = (epochs: number, place: number) => ({ t: epochs * STEPS + place, place, epochs });

describe('epochs trained, and epochs begun', () => {
  test.each<[string, TrainerState, number, number]>([
    ['nothing is trained', stateOf(0, { t: 0, place: 0, epochs: 0 }), 0, 0],
    ['the first epoch is not begun', stateOf(1, within(0, 0)), 0, 0],
    ['the first epoch has a step', stateOf(1, within(0, 1)), 0, 1],
    ['an epoch is through', stateOf(2, end(2)), 2, 2],
    ['an epoch is through but for its record', stateOf(2, within(1, STEPS)), 1, 2],
    ['the next epoch is not begun', stateOf(3, within(2, 0)), 2, 2],
    ['the next epoch has a step', stateOf(3, within(2, 1)), 2, 3],
    ['no round has begun the next epoch', stateOf(3, within(2, 0), end(2)), 2, 2],
    ['the first round has begun it', stateOf(3, within(2, 3), end(2)), 2, 3],
    ['the first round is through', stateOf(3, end(3), end(2)), 2, 3],
    [
      'the first round diverged long ago, the other one has not begun',
      stateOf(4, { ...within(0, 2), diverged: { epoch: 1, batch: 1 } }, end(3)),
      3,
      3,
    ],
    [
      'the first round diverged in the epoch, the other one has not begun it',
      stateOf(4, { ...within(3, 2), diverged: { epoch: 4, batch: 1 } }, end(3)),
      3,
      4,
    ],
  ])('%s', (_, state, trained, begun) => {
    expect({ trained: epochsTrained(state), begun: epochsBegun(state) }).toEqual({ trained, begun });
  });
});

test('rounds take turns, and the networks of one take as long as the one that was trained for the longest', () => {
  const history = (...seconds: readonly number[]) => ({
    history: seconds.map((each, i) => ({
      ...{ epoch: i + 1, loss: 1, accuracy: 0.5, valLoss: null, valAccuracy: null },
      seconds: each,
    })),
  });
  expect(secondsTrained([])).toBe(0);
  expect(secondsTrained([[history(1, 2), history(1, 2, 4), history()], [history(8)]])).toBe(15);
});

test('the networks of each round', () => {
  expect(membersOf(template)).toEqual([template.networks.slice(0, 3), template.networks.slice(3)]);
});
