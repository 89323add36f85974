import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, textsOf } from '../../demo/configuration.ts';
import { overfitting, syntheticDigits, Trainer, withLabelNoise } from '../../src/index.ts';
import { openTestDevice } from '../support/gpu.ts';

// What the answers of the page's experiments say, trained again as the page does. Where that takes seconds, all seeds of an answer
// are trained, and its range is theirs; else the first ones, which must be within it. On SwiftShader, where the answers were
// measured, the bits are the same. Not repeated are times, the batches of 8, and the mean of what five networks learn by heart.

const html = await readFile(join(import.meta.dirname, '..', '..', 'demo', 'index.html'), 'utf8');
const cards = html
  .split('<li class="experiment">')
  .slice(1)
  .map((card) => card.slice(0, card.indexOf('</li>')));

const { device } = await openTestDevice({ optionalFeatures: ['subgroups'] });
afterAll(() => device.destroy());

/** The experiment with this heading: its address, and what its answer says. */
function experiment(heading: string): { readonly query: string; readonly answer: string } {
  const card = cards.find((one) => one.includes(`<h3>${heading}</h3>`)) ?? '';
  const [, query = ''] = /href="([^"]*)"/.exec(card) ?? [];
  return { query: query.replaceAll('&amp;', '&'), answer: card.slice(card.indexOf('<summary>')) };
}

/** Trains what an address sets, each of the seeds from 1 on as a network of its own. */
async function trained(query: string, changes: Readonly<Record<string, string>>, seeds: number) {
  const texts = textsOf(
    new URLSearchParams({ ...Object.fromEntries(new URLSearchParams(query)), ...changes }),
  );
  const { configuration } = parse({ ...texts, networks: String(seeds) });
  if (!configuration) throw new Error(`The page does not take ${query}.`);
  const { data: _, train, test: count, epochs, noise: share, ...settings } = configuration;
  const digits = syntheticDigits({ train, test: count });
  const data = share > 0 ? withLabelNoise(digits, { share, seed: settings.seed }) : digits;
  const trainer = await Trainer.create(device, data, settings);
  for await (const _ of trainer.fit({ epochs }));
  const { networks, ensemble } = await trainer.evaluateAll(data.test);
  const accuracies = networks.map((one) => 100 * (one?.accuracy ?? Number.NaN));
  const histories = trainer.networks.map(({ history }) => history);
  trainer.destroy();
  return { accuracies, histories, together: 100 * ensemble.accuracy };
}

/** The least and the greatest, as an answer has them, e.g. "94.2 to 94.7 %". */
function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} %`;
}

/** Expects values to be within the range that an answer has after some words of its. */
function expectWithin(values: readonly number[], answer: string, words: string): void {
  const [, least, most] = /^([\d.]+) to ([\d.]+) %/.exec(answer.split(words)[1]?.trim() ?? '') ?? [];
  for (const value of values) {
    const rounded = Number(value.toFixed(1));
    expect(rounded, words).toBeGreaterThanOrEqual(Number(least));
    expect(rounded, words).toBeLessThanOrEqual(Number(most));
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('the answers of the experiments say what comes out', () => {
  test('without a hidden layer, and with one', async () => {
    const { query, answer } = experiment('Remove the hidden layer');
    const without = await trained(query, {}, 5);
    expect(answer).toContain(`Without it ${range(without.accuracies)}`);
    const layer = await trained(query, { hidden: '100' }, 1);
    expectWithin(layer.accuracies, answer, 'with 100 units');
  });

  test('where the rate is too high, and where it is less; and of batches', async () => {
    const { query, answer } = experiment('A rate that is too high');
    const high = await trained(query, {}, 5);
    expect(answer).toContain(`The test accuracy is ${range(high.accuracies)}`);
    const less = await trained(query, { lr: '0.1' }, 1);
    expectWithin(less.accuracies, answer, 'unsteadily, to');
    const usual = await trained(query, { lr: '0.001' }, 1);
    expectWithin(usual.accuracies, answer, 'with 0.001 to');
    const batches = experiment('The batch size');
    expectWithin(usual.accuracies, batches.answer, 'with 32 it is');
    const large = await trained(batches.query, {}, 1);
    expectWithin(large.accuracies, batches.answer, 'With 500 the test accuracy is');
  });

  test('of 100 images that are learned by heart', async () => {
    const { query, answer } = experiment('Overfitting: memorise 100 images');
    const { accuracies, histories } = await trained(query, {}, 5);
    expect(answer).toContain(`it ends at ${range(accuracies)}`);
    const validated = (epoch: number) =>
      mean(histories.map((history) => 100 * (history[epoch - 1]?.valAccuracy ?? Number.NaN))).toFixed(0);
    expect(answer).toContain(`goes from ${validated(20)} to ${validated(60)} %`);
    const loss = (epoch: number) => mean(histories.map((history) => history[epoch - 1]?.loss ?? Number.NaN));
    expect(Math.round(loss(20) / loss(60)), 'falls to a tenth').toBe(10);
    expect(Math.min(...histories.map((history) => history[19]?.accuracy ?? 0)), 'by epoch 20').toBe(1);
    const [first = []] = histories;
    expect(overfitting(first.slice(0, 43)), 'near epoch 44').toBeNull();
    expect(overfitting(first.slice(0, 44))).toMatchObject({ validation: 'stands' });
  });

  test('of labels that say nothing', async () => {
    const { query, answer } = experiment('Shuffled labels');
    const { accuracies, histories } = await trained(query, {}, 1);
    expectWithin(accuracies, answer, 'Of the test images it has');
    expect(histories[0]?.at(-1)?.accuracy).toBeGreaterThan(0.99);
  });

  test('of sixteen seeds', async () => {
    const { query, answer } = experiment('Sixteen seeds');
    const { accuracies, together } = await trained(query, {}, 16);
    expect(answer).toContain(`the same setting has ${range(accuracies)}`);
    expect(answer).toContain(
      `they have ${together.toFixed(1)} %, and their mean is ${mean(accuracies).toFixed(1)} %`,
    );
  });
});
