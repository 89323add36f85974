import { describe, expect, test } from 'vitest';
import type { History } from '../../src/index.ts';
import { overfitting, overfittingText } from '../../src/report/overfitting.ts';

/** @param losses of training and of validation, epoch after epoch */
function run(...losses: readonly [string, string]): History {
  const [training = [], validation = []] = losses.map((text) => text.split(' ').map(Number));
  return training.map((loss, i) => ({
    ...{
      epoch: i + 1,
      loss,
      accuracy: 0.5,
      valLoss: validation[i] ?? Number.NaN,
      valAccuracy: 0.5,
      seconds: 1,
    },
  }));
}

/** What real trainings had, by SwiftShader. */
const RUNS = {
  // MNIST, 784-100-10, Adam, 6,000 images to validate with, seeds 1 and 2.
  mnist: run(
    '0.293 0.133 0.0926 0.0699 0.0546 0.0441 0.0353 0.028 0.0234 0.0206',
    '0.193 0.132 0.117 0.0927 0.0884 0.102 0.0919 0.0973 0.0907 0.098',
  ),
  restless: run(
    '0.28 0.128 0.0896 0.0677 0.0543 0.0433 0.035 0.0284 0.0242 0.0201',
    '0.149 0.111 0.103 0.0851 0.0795 0.0773 0.0945 0.0995 0.0864 0.0778',
  ),
  // Synthetic digits: 100 images to learn and 100 to validate with; nine labels of ten wrong; 1,800 images and a rate of 0.1; 5,400.
  memorised: run(
    '2.2 1.8 1.51 1.29 1.09 0.932 0.802 0.693 0.597 0.51 0.437 0.375 0.323 0.283 0.249 0.217 0.189 0.171 0.152 0.137 0.123 0.109 0.0982 0.0899 0.083 0.0769 0.0687 0.0647 0.0603 0.056 0.0523 0.0488 0.0459 0.044 0.0416 0.0393 0.0372 0.0351 0.0333 0.0317 0.0301 0.0287 0.0273 0.0261 0.025 0.0241 0.0231 0.0221 0.0213 0.0205 0.0196 0.0189 0.0183 0.0177 0.0171 0.0165 0.0159 0.0153 0.0147 0.0142',
    '2.07 1.89 1.76 1.64 1.5 1.38 1.29 1.22 1.15 1.08 1.04 0.982 0.927 0.877 0.84 0.828 0.841 0.847 0.845 0.818 0.772 0.743 0.73 0.736 0.741 0.739 0.725 0.717 0.721 0.715 0.712 0.713 0.712 0.712 0.713 0.717 0.723 0.727 0.732 0.736 0.738 0.74 0.743 0.743 0.738 0.728 0.72 0.716 0.714 0.713 0.708 0.709 0.71 0.712 0.712 0.716 0.716 0.715 0.712 0.709',
  ),
  shuffled: run(
    '2.37 2.22 2.15 2.08 1.99 1.93 1.85 1.79 1.7 1.63 1.56 1.5 1.44 1.36 1.3 1.24 1.16 1.11 1.06 0.992',
    '2.37 2.4 2.42 2.44 2.5 2.54 2.54 2.59 2.61 2.62 2.68 2.71 2.73 2.78 2.81 2.85 2.88 2.91 2.96 2.98',
  ),
  wild: run(
    '2.33 1.22 0.791 0.804 0.864 0.751 0.583 0.642 0.571 0.534 0.894 0.764 0.574 0.595 0.586 0.628 0.612 0.683 0.605 0.588',
    '1.81 0.908 1.01 1.1 0.593 0.54 0.81 0.69 0.606 0.738 0.896 0.74 0.933 0.773 0.713 1.07 0.632 0.872 0.839 0.706',
  ),
  learning: run(
    '0.626 0.203 0.134 0.104 0.0792 0.0643 0.0505 0.0402 0.0311 0.0271 0.0213 0.0189 0.0145 0.0137 0.00971',
    '0.29 0.207 0.187 0.164 0.153 0.141 0.138 0.149 0.124 0.142 0.139 0.138 0.157 0.133 0.139',
  ),
  long: run(
    '1.15 0.393 0.252 0.185 0.139 0.107 0.0864 0.074 0.0607 0.0518 0.0413 0.0344 0.0296 0.0243 0.0213 0.0191 0.0165 0.0145 0.0134 0.0113 0.0104 0.00916 0.00856 0.00766 0.00695 0.00633 0.00604 0.00537 0.00491 0.00448 0.00425 0.00394 0.00361 0.0034 0.00316 0.00292 0.00276 0.00259 0.00241 0.00229',
    '0.527 0.369 0.291 0.284 0.268 0.25 0.265 0.245 0.238 0.238 0.241 0.238 0.243 0.238 0.246 0.245 0.247 0.249 0.244 0.248 0.255 0.255 0.258 0.251 0.251 0.258 0.259 0.259 0.261 0.265 0.265 0.266 0.268 0.269 0.269 0.269 0.277 0.275 0.278 0.279',
  ),
};

/** What is found after each epoch, without repetitions: the epoch, and what. */
function foundIn(history: History): string[] {
  const found = history.map((_, i) => {
    const what = overfitting(history.slice(0, i + 1));
    return what ? `${what.validation} since ${what.since}` : '';
  });
  return found.flatMap((what, i) =>
    what === (found[i - 1] ?? '') ? [] : [`${i + 1}: ${what || 'nothing'}`],
  );
}

describe('overfitting is found', () => {
  test.each([
    ['in 100 images that are learned by heart', RUNS.memorised, ['44: stands since 22']],
    ['where labels say nothing', RUNS.shuffled, ['11: rises since 1']],
    ['in small data, trained for long', RUNS.long, ['17: stands since 8', '32: rises since 9']],
  ])('%s', (_, history, found) => {
    expect(foundIn(history)).toEqual(found);
  });
});

describe('overfitting is not found', () => {
  test.each([
    ['in ten epochs of MNIST', RUNS.mnist],
    ['in two bad epochs, after which it is as good as ever', RUNS.restless],
    ['where steps are so large that the validation loss jumps about', RUNS.wild],
    ['where it goes up and down a little', RUNS.learning],
    ['before there is an epoch', []],
  ])('%s', (_, history) => {
    expect(foundIn(history)).toEqual([]);
  });

  test('where nothing is validated', () => {
    expect(overfitting(RUNS.memorised.map((record) => ({ ...record, valLoss: null })))).toBeNull();
  });

  test('where the training gains nothing either', () => {
    const worse = run('0.5 0.4 0.5 0.6 0.7 0.8', '0.5 0.4 0.5 0.6 0.7 0.8');
    expect(overfitting(worse)).toBeNull();
  });
});

test('is told in a sentence', () => {
  expect(overfittingText({ since: 4, validation: 'rises' })).toBe(
    'Overfitting: since epoch 4 the validation loss rises while the training loss falls.',
  );
  expect(overfittingText({ since: 22, validation: 'stands' })).toBe(
    'Overfitting: since epoch 22 only the training loss falls, the validation loss no longer does.',
  );
});
