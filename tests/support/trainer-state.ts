import { padded } from '../../src/model/layout.ts';
import { denseLayers, type MlpSpec } from '../../src/model/spec.ts';
import type { CheckpointNotes } from '../../src/train/checkpoint.ts';
import type { EpochRecord } from '../../src/train/history.ts';
import type { NetworkState, RoundState, TrainerState } from '../../src/train/state.ts';
import { randomData } from './random.ts';

export const CHECKPOINT_NOTES: CheckpointNotes = {
  data: 'pictures/of "digits"',
  imageSize: { width: 2, height: 1 },
  epochs: 5,
  initial: { file: 'runs/before/model.safetensors', sha256: 'fedcba9876543210'.repeat(4) },
  adapter: { choice: 'software', description: 'an adapter, of a "driver"' },
  versions: { shadegrad: '1.2.3', webgpu: '0.6.2', runtime: 'a test' },
  earlier: [
    { plan: 'fused', adapter: 'a GPU', versions: { shadegrad: '1.2.2', webgpu: null, runtime: 'a page' } },
  ],
};

const RECORD = { accuracy: 0.5, valLoss: 0.1 + 0.2, valAccuracy: 1, seconds: 1 / 3 };

/** A training in its third epoch: five networks in two rounds of three, with all that they can have. */
export function trainerState({
  spec = { inputs: 2, hidden: [3], classes: 2 } as MlpSpec,
  place = 4,
  optimizer = 'adamw' as TrainerState['settings']['optimizer'],
} = {}): TrainerState {
  const { floats } = randomData(7);
  const layers = (copies: number) =>
    denseLayers(spec).map(({ inputs, outputs }) =>
      Float32Array.from(floats(copies * (inputs + 1) * padded(outputs))),
    );
  const round = (loss: number): RoundState => ({
    t: 14 + place,
    place,
    seconds: 2 / 7,
    sums: [
      { loss, hits: 5, diverged: null },
      { loss: 0, hits: 0, diverged: 1 },
      { loss: loss / 7, hits: 0, diverged: null },
    ],
    parameters: layers(3),
    moments: layers(optimizer === 'sgd' ? 3 : 6),
  });
  const history = [1, 2].map((epoch): EpochRecord => ({ epoch, loss: 2 / (3 * epoch), ...RECORD }));
  const rates = { learningRate: 0.003, weightDecay: 4e-3 };
  const network: NetworkState = {
    seed: 1,
    ...rates,
    history,
    diverged: null,
    stopped: false,
    best: { epoch: 2, valLoss: RECORD.valLoss, parameters: layers(1) },
  };
  return {
    spec,
    settings: {
      hidden: spec.hidden,
      batchSize: 32,
      optimizer,
      learningRate: [0.003, 0.1],
      weightDecay: 4e-3,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-7,
      momentum: -0,
      schedule: { name: 'step', epochs: 2, factor: 0.1 },
      warmup: 0.5,
      seed: 1,
      models: 3,
      validationSplit: 0.1,
      patience: 3,
      plan: 'layered',
    },
    dataset: '0123456789abcdef'.repeat(4),
    epoch: 3,
    rounds: [round(1e22 / 3), round(5e-324)],
    networks: [
      network,
      { ...network, seed: 2, history: history.slice(0, 1), diverged: { epoch: 2, batch: 3 }, best: null },
      { ...network, seed: 3, history: history.slice(0, 1), diverged: { epoch: 2, batch: null }, best: null },
      { ...network, learningRate: 0.1, history: history.slice(0, 1), stopped: true, best: null },
      { ...network, learningRate: 0.1, seed: 2 ** 53 - 1, best: null },
    ],
  };
}
