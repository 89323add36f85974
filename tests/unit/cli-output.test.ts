import { describe, expect, test } from 'vitest';
import { epochLine, networkLine, resumeCommand, resumeLine } from '../../src/cli/output.ts';
import { trainerSettings } from '../../src/train/settings.ts';

const record = (epoch: number) => ({
  epoch,
  loss: 0.5,
  accuracy: 0.75,
  valLoss: null,
  valAccuracy: null,
  seconds: 2,
});

const network = (seed: number, epochs: number) => ({
  seed,
  learningRate: 0.01,
  weightDecay: 0,
  history: Array.from({ length: epochs }, (_, i) => record(i + 1)),
  diverged: null,
  stopped: false,
  epoch: epochs,
});

describe('where a training goes on', () => {
  test.each([
    [0, 0, 'Going on after 0 epochs'],
    [1, 0, 'Going on after 1 epoch'],
    [0, 500, 'Going on after 500 of 1,875 batches'],
    [2, 1500, 'Going on after 2 epochs and 1,500 of 1,875 batches'],
  ])('after %i epochs and %i batches', (epochs, done, line) => {
    expect(resumeLine({ epochs, place: { done, of: 1875 } })).toBe(line);
  });

  test.each([
    ['runs/latest', 'npx shadegrad train --resume runs/latest'],
    ['/a b/c', 'npx shadegrad train --resume "/a b/c"'],
    ['C:\\runs\\x', 'npx shadegrad train --resume C:\\runs\\x'],
  ])('%s is typed so that a shell takes it for one word', (folder, command) => {
    expect(resumeCommand(folder)).toBe(command);
  });
});

describe('the lines of many networks', () => {
  const spec = { inputs: 4, hidden: [3], classes: 2 };

  test('name what they differ in', () => {
    const settings = trainerSettings({
      optimizer: 'adamw',
      learningRate: [0.01, 0.1],
      weightDecay: [0, 0.5],
      models: 2,
      seed: 7,
      warmup: 0.5,
    });
    const networks = [0.01, 0.1].flatMap((learningRate) =>
      [0, 0.5].flatMap((weightDecay) =>
        [7, 8].map((seed) => ({ ...network(seed, 0), learningRate, weightDecay })),
      ),
    );
    expect(networkLine({ spec, settings, networks })).toBe(
      '8 networks: 4-3-2, batch size 32, adamw, learning rate 0.01, 0.1, weight decay 0, 0.5, warm-up 0.5 epochs, seeds 7 to 8',
    );
  });

  test('name changes of the learning rate', () => {
    const settings = trainerSettings({ rateChanges: [{ step: 33, learningRate: 0.001 }] });
    expect(networkLine({ spec, settings, networks: [network(1, 0)] })).toBe(
      'Network: 4-3-2, batch size 32, learning rate 0.01 (0.001 from step 33 on), seed 1',
    );
  });

  test('say of how many an epoch tells, and count the images of those', () => {
    const networks = [network(1, 2), network(2, 1), network(3, 2)];
    expect(epochLine(record(2), 10, { samplesPerEpoch: 100, networks })).toBe(
      'Epoch  2/10  mean of 2:  loss 0.5000  accuracy 75.00 %  2.0 s  100 images/s',
    );
    expect(epochLine(record(1), 10, { samplesPerEpoch: 100, networks: [network(1, 1)] })).toBe(
      'Epoch  1/10  loss 0.5000  accuracy 75.00 %  2.0 s  50 images/s',
    );
  });
});
