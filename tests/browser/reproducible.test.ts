import { describe, expect } from 'vitest';
import { syntheticDigits } from '../../src/data/synthetic.ts';
import { openDevice } from '../../src/node/gpu.ts';
import { confusionMatrix } from '../../src/report/confusion.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { quickRun, reach, reportOf, test, train, withoutTimes } from '../support/demo.ts';

const seed = 7;

describe('a link', () => {
  test('reproduces a run: the same settings, losses and confusion matrix in another browser profile', async ({
    visit,
  }) => {
    const page = await visit();
    await reach(page, 'ready');
    await page.getByLabel('Hidden layers').fill('24, 16');
    await page.getByLabel('Learning rate').fill('0.002');
    await page.getByLabel('Batch size').fill('50');
    await page.getByLabel('Epochs').fill('2');
    await page.getByLabel('Seed').fill(String(seed));
    await page.getByLabel('Seed').blur();
    await train(page);
    const first = await reportOf(page);
    expect(first.config).toMatchObject({
      hidden: [24, 16],
      learningRate: 0.002,
      batchSize: 50,
      epochs: 2,
      seed,
    });

    const other = await visit();
    await other.goto(page.url());
    await train(other);
    expect(withoutTimes(await reportOf(other))).toEqual(withoutTimes(first));
  });
});

describe('the browser and Node', () => {
  test('train to the same curve and confusion matrix, to the last bit where both run the same SwiftShader', async ({
    visit,
  }) => {
    const page = await visit({ ...quickRun, seed });
    await train(page);
    const browser = await reportOf(page);

    const { train: trainCount = 0, test: testCount = 0, epochs = 1 } = quickRun;
    const data = syntheticDigits({ train: trainCount, test: testCount });
    const { device } = await openDevice({ adapter: 'software' });
    const trainer = await Trainer.create(device, data, { hidden: [32], seed });
    const losses: number[] = [];
    for await (const { loss } of trainer.fit({ epochs })) losses.push(loss);
    const evaluation = await trainer.evaluate(data.test);
    trainer.destroy();
    device.destroy();

    const labels = Array.from({ length: data.classes }, (_, label) => label);
    const matrix = confusionMatrix(data.test.labels, evaluation.predictions, labels);
    const curve = browser.history.map(({ loss }) => loss);
    if (process.env.SHADEGRAD_CHROMIUM) {
      // Another SwiftShader may round a sum differently, and training amplifies that: to a thousandth of the loss.
      for (const [epoch, loss] of losses.entries()) {
        expect(Math.abs((curve[epoch] ?? Number.NaN) / loss - 1)).toBeLessThanOrEqual(0.001);
      }
      expect(Math.abs(browser.test.accuracy - evaluation.accuracy)).toBeLessThanOrEqual(0.01);
    } else {
      expect(curve).toEqual(losses);
      expect(browser.test.loss).toBe(evaluation.loss);
      expect(browser.confusionMatrix).toEqual(matrix);
    }
  });
});
