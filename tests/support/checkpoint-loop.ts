// A program for tests to kill: writes one checkpoint after the other to the folder that it is given.
import { checkpointWriter } from '../../src/node/checkpoints.ts';
import { CHECKPOINT_NOTES, trainerState } from './trainer-state.ts';

const state = trainerState({ spec: { inputs: 784, hidden: [32], classes: 10 } });
const writer = checkpointWriter(process.argv[2] ?? '', (error) => {
  throw error;
});
for (let step = 0; ; step++) {
  const place = 1 + (step % 7);
  const rounds = state.rounds.map((round) => ({ ...round, t: 14 + place, place }));
  writer.write({ state: { ...state, rounds }, notes: CHECKPOINT_NOTES });
  await writer.done();
  if (step === 0) process.stdout.write('writing\n');
}
