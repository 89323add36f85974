import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBuffer, upload } from '../../src/gpu/buffers.ts';
import { listAdapters } from '../../src/node/adapters.ts';
import { openDevice } from '../../src/node/gpu.ts';
import { runNode } from '../support/process.ts';

describe('openDevice', () => {
  test('opens a software device that computes and says that it is software', async () => {
    const { device, info } = await openDevice({ adapter: 'software' });
    expect(info).toMatchObject({
      vendor: 'google',
      architecture: 'swiftshader',
      software: true,
      backend: 'vulkan',
    });
    expect(info.description).toMatch(/swiftshader/i);
    const bytes = Uint8Array.of(1, 2, 3, 4);
    const buffer = await upload(device, 'bytes', 4, (memory) => memory.set(bytes));
    expect(new Uint8Array(await readBuffer(device, buffer))).toEqual(bytes);
    device.destroy();
  });

  test('opens the adapter that has a part of its name, which listAdapters lists', async () => {
    const [listed, ...others] = await listAdapters();
    expect(others).toEqual([]);
    const { device, adapter, info, toggles } = await openDevice({ adapter: 'sWiFt', robustness: false });
    const { vendor, architecture, description, software } = info;
    expect(listed).toMatchObject({ vendor, architecture, description, software, problem: null });
    expect(listed?.features).toEqual(expect.arrayContaining([...adapter.features]));
    expect(listed?.limits.maxBufferSize).toBe(adapter.limits.maxBufferSize);
    expect(toggles).toContain('disable_robustness');
    device.destroy();
    await expect(openDevice({ adapter: 'RTX' })).rejects.toMatchObject({ code: 'usage' });
  });

  test('gives a new device each time, also several at once', async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDevice()));
    expect(new Set(opened.map(({ device }) => device)).size).toBe(4);
    for (const { device } of opened) device.destroy();
  });

  test('leaves the environment as it was', async () => {
    const before = { ...process.env };
    const { device } = await openDevice({ adapter: 'software' });
    device.destroy();
    expect({ ...process.env }).toEqual(before);
  });

  test('gives the limits and features that were asked for', async () => {
    const requiredLimits = { maxStorageBufferBindingSize: 2 ** 29, maxBufferSize: 2 ** 29 };
    const { device } = await openDevice({ requiredLimits, requiredFeatures: ['timestamp-query'] });
    expect(device.limits).toMatchObject(requiredLimits);
    expect(device.features.has('timestamp-query')).toBe(true);
    device.destroy();
  });

  test('gives optional limits as far as the adapter has them', async () => {
    const optionalLimits = {
      maxBufferSize: 2 ** 50,
      maxStorageBufferBindingSize: 2 ** 28,
      maxNoSuchThing: 1,
    };
    const { device, adapter } = await openDevice({ optionalLimits });
    expect(device.limits.maxBufferSize).toBe(adapter.limits.maxBufferSize);
    expect(device.limits.maxStorageBufferBindingSize).toBe(2 ** 28);
    device.destroy();
  });

  test('says which limit the adapter lacks, and what it gives', async () => {
    await expect(openDevice({ requiredLimits: { maxBufferSize: 2 ** 50 } })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/maxBufferSize = 1125899906842624.*gives \d+/),
    });
  });

  test('gives optional features where the adapter has them, and opens where it has not', async () => {
    const optionalFeatures = ['timestamp-query', 'no-such-feature' as GPUFeatureName] as const;
    const { device } = await openDevice({ optionalFeatures });
    expect(device.features.has('timestamp-query')).toBe(true);
    device.destroy();
  });

  test('says which toggles were set, also where robustness asks for one', async () => {
    const toggles = { timestamp_quantization: false };
    const opened = [
      await openDevice({ adapter: 'software', robustness: false }),
      await openDevice({ adapter: 'software', toggles }),
      await openDevice({ adapter: 'software', robustness: false, toggles }),
      await openDevice({ adapter: 'software', robustness: false, toggles: { disable_robustness: false } }),
    ];
    const always = 'use_vulkan_zero_initialize_workgroup_memory_extension=off';
    expect(opened.map((one) => one.toggles)).toEqual([
      ['disable_robustness', always],
      ['timestamp_quantization=off', always],
      ['disable_robustness', 'timestamp_quantization=off', always],
      ['disable_robustness=off', always],
    ]);
    for (const { device } of opened) device.destroy();
  });

  test.each(['skip_validaton', 'robustness', '', 'disable_robustness,skip_validation'])(
    'refuses the toggle "%s", which Dawn would silently ignore',
    async (name) => {
      await expect(openDevice({ toggles: { [name]: true } })).rejects.toMatchObject({
        code: 'usage',
        message: `Dawn has no toggle "${name}".`,
      });
    },
  );

  test('says which feature the adapter lacks', async () => {
    const requiredFeatures = ['no-such-feature' as GPUFeatureName];
    await expect(openDevice({ requiredFeatures })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('no-such-feature'),
    });
  });
});

describe('the software GPU from npm', () => {
  const openScript = `
    import { openDevice } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)};
    const { device, info } = await openDevice({ adapter: 'software' });
    device.destroy();
    console.log(info.architecture);`;
  const open = (env: Record<string, string | undefined>) =>
    runNode(['--input-type=module', '-e', openScript], { env });
  const good = { code: 0, stdout: 'swiftshader\n', stderr: '' };
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('is unpacked once into the cache, whole, also by processes that start together', async () => {
    const starts = Array.from({ length: 4 }, () => open({ XDG_CACHE_HOME: folder }));
    expect(await Promise.all(starts)).toEqual([good, good, good, good]);
    const [unpacked, ...others] = await readdir(join(folder, 'shadegrad'));
    expect(unpacked).toMatch(/^swiftshader-\d+\.\d+\.\d+$/);
    expect(others).toEqual([]);
    expect((await readdir(join(folder, 'shadegrad', String(unpacked)))).sort()).toEqual([
      'libvk_swiftshader.so',
      'libvulkan.so.1',
      'vk_swiftshader_icd.json',
    ]);
  });

  test.each([
    ['lost', (file: string) => rm(file)],
    ['emptied', (file: string) => writeFile(file, '')],
  ])('is unpacked again where the cache has a file of it %s', async (_, harm) => {
    await open({ XDG_CACHE_HOME: folder });
    const [unpacked] = await readdir(join(folder, 'shadegrad'));
    await harm(join(folder, 'shadegrad', String(unpacked), 'libvk_swiftshader.so'));
    expect(await open({ XDG_CACHE_HOME: folder })).toEqual(good);
  });

  test('is found where XDG_CACHE_HOME is no absolute path, which does not count', async () => {
    expect(await open({ XDG_CACHE_HOME: 'relative', HOME: folder })).toEqual(good);
    expect(await readdir(join(folder, '.cache', 'shadegrad'))).toHaveLength(1);
  });

  describe('in a worker thread', () => {
    const openInThread = (options: string) => {
      const opened = `import(${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)})
        .then(({ openDevice }) => openDevice({ adapter: 'software' }))
        .then(({ device, info }) => {
          device.destroy();
          console.log(info.architecture);
        })
        .catch((error) => console.log(error.code, String(error)));`;
      return `
        import { SHARE_ENV, Worker } from 'node:worker_threads';
        new Worker(${JSON.stringify(opened)}, { eval: true, ${options} });`;
    };

    test('is found where the thread shares the environment', async () => {
      expect(await runNode(['--input-type=module', '-e', openInThread('env: SHARE_ENV')])).toEqual(good);
    });

    test('is not found in a copy of the environment, and the error says how to share it', async () => {
      const env = { VK_DRIVER_FILES: '/nonexistent.json', VK_ICD_FILENAMES: undefined };
      const { stdout, stderr } = await runNode(['--input-type=module', '-e', openInThread('')], { env });
      expect(stderr).toBe('');
      expect(stdout).toMatch(
        /^no-adapter .*this worker thread has a copy of the environment.* env: SHARE_ENV /,
      );
      expect(stdout).not.toContain('npm ci');
    });
  });

  test('is found where HOME is empty', async () => {
    expect(await open({ XDG_CACHE_HOME: undefined, HOME: '' })).toEqual(good);
  });

  test('runs from the temporary folder where the cache cannot be written, and leaves nothing there', async () => {
    const notAFolder = join(folder, 'file');
    const temporary = join(folder, 'temporary');
    await writeFile(notAFolder, '');
    await mkdir(temporary);
    expect(await open({ XDG_CACHE_HOME: notAFolder, TMPDIR: temporary })).toEqual(good);
    expect(await readdir(temporary)).toEqual([]);
  });

  test('names both folders where neither can be written', async () => {
    const notAFolder = join(folder, 'file');
    await writeFile(notAFolder, '');
    const { code, stderr } = await open({ XDG_CACHE_HOME: notAFolder, TMPDIR: notAFolder });
    expect(code).toBe(1);
    expect(stderr).toContain('The software GPU cannot be unpacked');
    expect(stderr.split(notAFolder).length).toBeGreaterThan(2);
  });
});

test('a device outlives garbage collection under load, whatever the caller lets go of', async () => {
  const script = `
    import { openDevice, Trainer } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)};
    const samples = (count) => ({
      images: Uint8Array.from({ length: 16 * count }, (_, i) => (i * 37) % 256),
      labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
      count,
    });
    const data = {
      name: 'any', shape: { height: 4, width: 4 }, classes: 2, train: samples(512), test: samples(64),
    };
    const start = async () => Trainer.create((await openDevice()).device, data, { hidden: [8] });
    const timer = setInterval(() => gc(), 25);
    for (let round = 0; round < 2; round++) {
      const trainer = await start();
      for await (const record of trainer.fit({ epochs: 3 })) {
        for (let i = 0; i < 3; i++) gc();
      }
      const { count } = await trainer.evaluate(data.test);
      if (count !== 64) throw new Error('wrong count');
    }
    clearInterval(timer);
    console.log('done');`;
  expect(await runNode(['--expose-gc', '--input-type=module', '-e', script])).toEqual({
    code: 0,
    stdout: 'done\n',
    stderr: '',
  });
});
