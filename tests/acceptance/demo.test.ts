import { expect } from 'vitest';
import { eventually, press, quickRun, reach, test, testAccuracy, train } from '../support/demo.ts';
import { realMnist } from '../support/mnist-files.ts';

const mirror = 'https://ossci-datasets.s3.amazonaws.com/mnist/';

test('the demo page fetches the real MNIST once, checks and keeps it, and learns from it', async ({
  visit,
}) => {
  const mnist = await realMnist();
  if (!mnist) throw new Error('Set MNIST_DIR to the folder of the four MNIST files.');
  const asked: string[] = [];
  const page = await visit(
    { ...quickRun, epochs: 1 },
    {
      provokes: /^request to https:\/\/ossci-datasets/,
      prepare: (page) =>
        page.route(`${mirror}**`, (route) => {
          const name = route.request().url().slice(mirror.length);
          const file = mnist.files.find((candidate) => candidate.name === name);
          asked.push(name);
          return route.fulfill({
            headers: { 'access-control-allow-origin': '*' },
            body: Buffer.from(file?.bytes ?? []),
          });
        }),
    },
  );
  await reach(page, 'ready');
  await page.getByLabel('Data', { exact: true }).selectOption('MNIST');
  await press(page, 'Fetch MNIST');
  await eventually(() => page.locator('#train-size').textContent()).toBe('60,000');
  expect(asked.toSorted()).toEqual(mnist.files.map(({ name }) => name).toSorted());

  await page.reload();
  await reach(page, 'ready');
  expect(await page.locator('#train-size').textContent()).toBe('60,000');
  await train(page);
  expect(await testAccuracy(page)).toBeGreaterThan(90);
  expect(asked).toHaveLength(4);
});
