import { describe, expect, test } from 'vitest';
import { contradictionIn } from '../../src/train/consistency.ts';
import { partOf } from '../../src/train/rounds.ts';
import type { TrainerState } from '../../src/train/state.ts';
import { subsetOf } from '../../src/train/subset.ts';
import { failure } from '../support/failure.ts';
import { trainerState } from '../support/trainer-state.ts';

/** Between its second epoch and its third: five networks in two rounds of three, of which three are not done. */
function betweenEpochs(optimizer: 'adamw' | 'sgd' = 'adamw'): TrainerState {
  const state = trainerState({ optimizer });
  return { ...state, epoch: 2, rounds: state.rounds.map((round) => ({ ...round, t: 18, place: 9 })) };
}

/** The weights of each network, and what the optimizer keeps of it, of the first layer. */
function tensorsOf({ networks, rounds }: TrainerState) {
  const room = rounds[0]?.sums.length ?? 0;
  return networks.map((_, i) => {
    const [round, slot] = [rounds[Math.floor(i / room)], i % room];
    const parameters = round?.parameters[0] ?? new Float32Array(0);
    const moments = round?.moments[0] ?? new Float32Array(0);
    const kinds = moments.length / parameters.length;
    return {
      parameters: partOf(parameters, slot, room),
      moments: Array.from({ length: kinds }, (_, kind) => partOf(moments, kind * room + slot, kinds * room)),
    };
  });
}

describe.each(['adamw', 'sgd'] as const)('some of the networks of a training with %s', (optimizer) => {
  test.each([[[0]], [[0, 4]], [[1, 3]], [[0, 2, 3, 4]], [[0, 1, 2, 3, 4]]])('%j', (kept) => {
    const state = betweenEpochs(optimizer);
    const subset = subsetOf(state, kept);
    expect(subset.networks).toEqual(kept.map((i) => state.networks[i]));
    expect(tensorsOf(subset)).toEqual(kept.map((i) => tensorsOf(state)[i]));
    expect(subset.settings.networks).toHaveLength(kept.length);
    expect(subset.rounds).toHaveLength(kept.length > 3 ? 2 : 1);
    expect(subset.rounds[0]?.sums).toHaveLength(kept.length > 3 ? Math.ceil(kept.length / 2) : kept.length);
    expect(contradictionIn(subset)).toBeUndefined();
  });
});

test.each([
  [betweenEpochs(), [], 'No network'],
  [betweenEpochs(), [5], 'There is no network 5'],
  [trainerState(), [0], 'in the middle of epoch 3'],
])('what cannot be left is told', (state, kept, message) => {
  expect(failure(() => subsetOf(state, kept))).toMatchObject({
    code: 'usage',
    message: expect.stringContaining(message),
  });
});
