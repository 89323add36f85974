import type { Page } from 'playwright-core';
import { describe, expect } from 'vitest';
import { crashGpuProcess, launchBrowser } from '../support/browser.ts';
import {
  alertOf,
  confusionTable,
  demoUrl,
  drop,
  eventually,
  longRun,
  prependToWorkers,
  press,
  quickRun,
  reach,
  reportOf,
  save,
  test,
  testAccuracy,
  train,
  withoutTimes,
} from '../support/demo.ts';
import { pngFile } from '../support/png.ts';

describe('without WebGPU the page says what to do', () => {
  test('in a browser that does not know it', async ({ visit }) => {
    const page = await visit(quickRun, {
      prepare: async (page) => {
        const remove = 'delete (globalThis.WorkerNavigator ?? globalThis.Navigator).prototype.gpu;';
        await page.addInitScript(remove);
        await prependToWorkers(page, remove);
      },
    });
    await expectHelp(page, /no WebGPU/, /Chrome.*Edge.*Safari.*Firefox/);
    // The network that comes with the page answers on the processor.
    await page.locator('#draw-canvas').click();
    await eventually(() => page.locator('#verdict').textContent()).toMatch(/^An? \d/);
  });

  test('in a browser that knows it, but has no adapter', async ({ port }) => {
    const browser = await launchBrowser([]);
    try {
      const page = await browser.newPage();
      await page.goto(demoUrl(`http://127.0.0.1:${port}`, quickRun));
      await expectHelp(page, /no graphics adapter/, /hardware acceleration/);
    } finally {
      await browser.close();
    }
  });

  test('where the page was loaded through an insecure address', async ({ visit }) => {
    const page = await visit(quickRun, { insecure: true });
    await expectHelp(page, /insecure connection/, /https/);
  });
});

describe('a device that is lost in the middle', () => {
  test('by a crash of the GPU process: the training goes on by itself, to the very weights of one without', async ({
    visit,
    browser,
  }) => {
    const run = { ...quickRun, train: 5000, epochs: 6, networks: 2, val: 0.1 };
    const undisturbed = await visit(run);
    await train(undisturbed);
    const expected = await outcomeOf(undisturbed);
    await undisturbed.close();

    const page = await visit(run);
    await trainForAnEpoch(page);
    await crashGpuProcess(browser);
    await eventually(() => statusOf(page)).toContain('on a new device (1 of at most 3 times)');
    await reach(page, 'done');
    expect(await outcomeOf(page)).toEqual(expected);
    expect(await alertOf(page)).toBe('');
  });

  test('before the first epoch ends: it begins anew, with the same end', async ({ trained, visit }) => {
    const page = await visit(quickRun, { prepare: keepDevices });
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => page.workers()[0]?.evaluate('devices.length')).toBe(1);
    await loseDevice(page);
    await reach(page, 'done');
    expect(await page.workers()[0]?.evaluate('devices.length')).toBe(2);
    expect(await outcomeOf(page)).toEqual(await outcomeOf(trained));
  });

  test('while it is paused: it goes on when it is resumed', async ({ trained, visit }) => {
    const page = await visit(quickRun, { prepare: keepDevices });
    await reach(page, 'ready');
    await press(page, 'Train');
    await reach(page, 'training');
    await press(page, 'Pause');
    await reach(page, 'paused');
    await loseDevice(page);
    await press(page, 'Resume');
    await reach(page, 'done');
    expect(await page.workers()[0]?.evaluate('devices.length')).toBe(2);
    expect(await outcomeOf(page)).toEqual(await outcomeOf(trained));
  });

  test('four times: three are told and mended, then the page says so, keeps what was learned and starts again', async ({
    visit,
  }) => {
    const page = await visit(longRun, { prepare: keepDevices });
    await trainForAnEpoch(page);
    for (const times of [1, 2, 3]) {
      await loseDevice(page);
      await eventually(() => statusOf(page)).toContain(`on a new device (${times} of at most 3 times)`);
      expect(await alertOf(page)).toBe('');
    }
    await loseDevice(page);
    await expectRecovery(page);
  });

  test('after training: the results stay, and drawing or training starts again', async ({
    visit,
    browser,
  }) => {
    const page = await visit(quickRun);
    await train(page);
    const before = [await testAccuracy(page), await confusionTable(page)];
    await crashGpuProcess(browser);
    await eventually(() => alertOf(page)).toMatch(/graphics device/);
    expect([await testAccuracy(page), await confusionTable(page)]).toEqual(before);
    await press(page, 'Restart');
    await train(page);
    expect([await testAccuracy(page), await confusionTable(page)]).toEqual(before);
  });
});

test('what does not come when it is asked for is told, and nothing is lost', async ({ visit }) => {
  const seldom = /\/assets\/(picture|bench|bench-result|echarts-svg)-[^/]*\.js$/;
  const page = await visit(quickRun, { provokes: /ERR_INTERNET_DISCONNECTED/ });
  await train(page);
  await page.route(seldom, (route) => route.abort('internetdisconnected'));

  await press(page, 'Save heatmap as SVG');
  await eventually(() => alertOf(page)).toMatch(/ECharts.*could not be loaded.*Check the network/s);
  await press(page, 'Close');

  await page.locator('#draw-canvas').click();
  const verdict = () => page.locator('#verdict').textContent();
  await eventually(verdict).toMatch(/^An? \d/);
  const before = await verdict();
  await drop(page, [
    { name: 'one.png', bytes: pngFile({ width: 28, height: 28, data: new Uint8Array(28 * 28) }) },
  ]);
  await eventually(() => alertOf(page)).toMatch(
    /^Reading a picture needs .*could not be loaded.*Check the network/,
  );
  expect(await verdict()).toBe(before);
  await press(page, 'Close');

  await page.getByText('Measure this machine').click();
  await press(page, 'Run benchmark');
  await eventually(() => alertOf(page)).toMatch(
    /^The benchmark needs .*could not be loaded.*Check the network/,
  );
  await page.locator('#bench-run:enabled').waitFor();

  expect(await testAccuracy(page)).toBeGreaterThan(80);
});

describe('a network that the GPU cannot hold is refused, and a smaller one trains', () => {
  test('where it breaks a limit of the adapter, with that limit', async ({ visit }) => {
    const page = await visit({ ...quickRun, hidden: '65536,65536' });
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => alertOf(page)).toMatch(/max\w+/);
    await expectSmallerNetworkTrains(page);
  });

  test('where memory runs out, with what to do', async ({ visit }) => {
    // Really filling the memory would disturb everything else on the machine.
    const page = await visit(
      { ...quickRun, hidden: '2000' },
      {
        prepare: (page) =>
          prependToWorkers(
            page,
            `const { createBuffer, popErrorScope } = GPUDevice.prototype;
            let largest = 0;
            GPUDevice.prototype.createBuffer = function (descriptor) {
              largest = Math.max(largest, descriptor.size);
              return createBuffer.call(this, descriptor);
            };
            GPUDevice.prototype.popErrorScope = async function () {
              const error = await popErrorScope.call(this);
              return largest > 4e6 ? new GPUOutOfMemoryError('out of memory') : error;
            };`,
          ),
      },
    );
    await reach(page, 'ready');
    await press(page, 'Train');
    await eventually(() => alertOf(page)).toMatch(/not enough memory.*[Ss]maller/s);
    await expectSmallerNetworkTrains(page);
  });
});

async function expectSmallerNetworkTrains(page: Page): Promise<void> {
  await page.getByLabel('Hidden layers').fill('16');
  await page.getByLabel('Hidden layers').blur();
  await press(page, 'Restart');
  await train(page);
  expect(await alertOf(page)).toBe('');
}

/** Expects an alert with the cause and the next step, and that nothing can be trained. */
async function expectHelp(page: Page, cause: RegExp, wayOut: RegExp): Promise<void> {
  await eventually(() => alertOf(page)).toMatch(cause);
  expect(await alertOf(page)).toMatch(wayOut);
  expect(await page.locator('#status').getAttribute('data-state')).toBe('error');
  expect(await page.getByRole('button', { name: 'Train', exact: true }).isVisible()).toBe(false);
}

async function trainForAnEpoch(page: Page): Promise<void> {
  await reach(page, 'ready');
  await press(page, 'Train');
  await eventually(async () => (await confusionTable(page)).length).toBe(10);
}

async function expectRecovery(page: Page): Promise<void> {
  await eventually(() => alertOf(page)).toMatch(/graphics device/);
  expect((await save(page, 'Save model')).bytes.length).toBeGreaterThan(4 * 784 * 32);
  await page.getByLabel('Epochs').fill('2');
  await page.getByLabel('Epochs').blur();
  await press(page, 'Restart');
  await train(page);
  expect(await testAccuracy(page)).toBeGreaterThan(80);
  expect(await alertOf(page)).toBe('');
}

function statusOf(page: Page): Promise<string | null> {
  return page.locator('[role=status][data-state]').textContent();
}

/** Keeps every device of the worker in the worker's variable `devices`. */
function keepDevices(page: Page): Promise<unknown> {
  return prependToWorkers(
    page,
    `globalThis.devices = [];
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (descriptor) {
      const device = await requestDevice.call(this, descriptor);
      devices.push(device);
      return device;
    };`,
  );
}

/** As from outside: the page did not ask for it. */
async function loseDevice(page: Page): Promise<void> {
  await page.workers()[0]?.evaluate('for (const device of devices) device.destroy()');
}

/** All that a training comes to. */
async function outcomeOf(page: Page) {
  const shown = [await page.locator('#curves').getAttribute('aria-label'), await confusionTable(page)];
  return { report: withoutTimes(await reportOf(page)), shown };
}
