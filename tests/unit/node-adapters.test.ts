import { describe, expect, test } from 'vitest';
import { askAll, type ListedAdapter, type Place, pick } from '../../src/node/adapters.ts';
import type { VulkanDriver } from '../../src/node/drivers.ts';
import type { Probe, ProbedAdapter } from '../../src/node/probe.ts';
import { failure } from '../support/failure.ts';

const probed = (name: string, driver: string, software = false, alike = [name]): ProbedAdapter => ({
  backend: 'vulkan',
  name,
  info: {
    vendor: 'maker',
    architecture: 'kind',
    device: name.toLowerCase().replaceAll(/\W+/g, '-'),
    description: driver,
    isFallbackAdapter: software,
    subgroupMinSize: 8,
    subgroupMaxSize: 32,
  },
  matrices: [],
  features: ['subgroups'],
  limits: { maxBufferSize: 1 },
  problem: null,
  alike,
});

const place = (name: string): Place => {
  const driver: VulkanDriver = {
    manifest: `/${name}.json`,
    library: `lib${name}.so`,
    vulkan: '1.3.0',
    problem: null,
  };
  return { environment: { VK_DRIVER_FILES: driver.manifest }, driver };
};

/** Answers for the drivers by their manifests. */
const answering = (answers: Readonly<Record<string, Probe>>) => async (environment: NodeJS.ProcessEnv) =>
  answers[environment.VK_DRIVER_FILES ?? ''] ?? { adapters: [], complaints: [] };

const giving = (...adapters: ProbedAdapter[]): Probe => ({ adapters, complaints: [] });
const complaining = (...complaints: string[]): Probe => ({ adapters: [], complaints });

describe('a survey', () => {
  test('lists every adapter of every driver, hardware first', async () => {
    const ask = answering({
      '/lvp.json': giving(probed('llvmpipe', 'Mesa 25', true)),
      '/radeon.json': giving(probed('AMD Radeon RX 6800', 'radv'), probed('AMD Radeon 780M', 'radv')),
    });
    const { adapters, troubles } = await askAll([place('lvp'), place('radeon')], ask);
    expect(troubles).toEqual([]);
    expect(
      adapters.map(({ name, driver, manifest, software }) => [name, driver, manifest, software]),
    ).toEqual([
      ['AMD Radeon RX 6800', 'radv', '/radeon.json', false],
      ['AMD Radeon 780M', 'radv', '/radeon.json', false],
      ['llvmpipe', 'Mesa 25', '/lvp.json', true],
    ]);
    expect(adapters[0]).toEqual({
      vendor: 'maker',
      architecture: 'kind',
      description: 'amd radeon rx 6800, radv',
      software: false,
      backend: 'vulkan',
      name: 'AMD Radeon RX 6800',
      driver: 'radv',
      manifest: '/radeon.json',
      subgroupSizes: [8, 32],
      matrices: [],
      features: ['subgroups'],
      limits: { maxBufferSize: 1 },
      problem: null,
      alike: 1,
    });
  });

  test('counts the cards that Dawn cannot tell apart', async () => {
    const twins = probed('NVIDIA A100', 'NVIDIA 550', false, ['NVIDIA A100', 'NVIDIA A100']);
    const { adapters } = await askAll([place('nvidia')], answering({ '/nvidia.json': giving(twins) }));
    expect(adapters.map(({ alike }) => alike)).toEqual([2]);
  });

  test('says nothing of a driver that has no card here', async () => {
    const ask = answering({
      '/a.json': complaining(
        'Error: Loader Message: setup_loader_term_phys_devs:  Failed to detect any valid GPUs in the current config',
        'Warning: vkEnumeratePhysicalDevices',
        '    at GatherPhysicalDevices (VulkanInfo.cpp:147)',
      ),
    });
    expect(await askAll([place('a')], ask)).toEqual({ adapters: [], troubles: [] });
  });

  test("tells of a driver that Dawn refuses, in Dawn's words", async () => {
    const ask = answering({
      '/v3d.json': complaining('Warning: Vulkan depthBiasClamp required.', ' - While initializing adapter'),
    });
    expect((await askAll([place('v3d')], ask)).troubles).toEqual([
      {
        what: 'The driver libv3d.so (/v3d.json) gives no adapter: Vulkan depthBiasClamp required.',
        remedy: 'Update the driver of /v3d.json.',
      },
    ]);
  });

  test('tells of a driver that crashes, and lists the others', async () => {
    const ask = answering({
      '/bad.json': complaining('It ended the process that asked it (SIGSEGV).'),
      '/good.json': giving(probed('a GPU', 'driver')),
    });
    const { adapters, troubles } = await askAll([place('bad'), place('good')], ask);
    expect(adapters.map(({ name }) => name)).toEqual(['a GPU']);
    expect(troubles.map(({ what }) => what)).toEqual([
      'The driver libbad.so (/bad.json) gives no adapter: It ended the process that asked it (SIGSEGV).',
    ]);
  });

  test('asks Dawn as it is where there are no Vulkan drivers to name', async () => {
    const metal = { environment: {}, driver: null };
    const { adapters } = await askAll([metal], async () => giving(probed('Apple M1', 'Metal driver')));
    expect(adapters).toMatchObject([{ name: 'Apple M1', manifest: null }]);
    expect((await askAll([metal], async () => complaining())).troubles).toMatchObject([
      { what: 'Dawn gives no adapter: it says nothing' },
    ]);
  });
});

describe('a part of a name or driver', () => {
  let adapters: readonly ListedAdapter[];
  const all = async () => {
    const ask = answering({
      '/a.json': giving(probed('NVIDIA GeForce RTX 3080', '550.1'), probed('NVIDIA T4', '550.1')),
      '/b.json': giving(probed('llvmpipe (LLVM 15.0.6, 256 bits)', 'llvmpipe: Mesa 25.0.7', true)),
    });
    return (await askAll([place('a'), place('b')], ask)).adapters;
  };

  test.each([
    ['rtx', 'NVIDIA GeForce RTX 3080'],
    ['T4', 'NVIDIA T4'],
    ['LLVMPipe', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
    ['mesa 25', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
    ['/b.json', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
    ['llvmpipe llvm 15', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
  ])('"%s" is %s', async (part, name) => {
    adapters = await all();
    expect(pick(part, adapters).name).toBe(name);
  });

  test('that is a whole name pins it, even if another name begins with it', async () => {
    const [longer, shorter] = [probed('RTX 3080 Ti', '550.1'), probed('RTX 3080', '551.2')];
    const ask = answering({ '/a.json': giving(longer), '/b.json': giving(shorter) });
    const two = (await askAll([place('a'), place('b')], ask)).adapters;
    expect(pick('rtx 3080', two).name).toBe('RTX 3080');
    expect(failure(() => pick('3080', two)).code).toBe('usage');
  });

  test('that several have is refused, with those that have it', async () => {
    adapters = await all();
    expect(failure(() => pick('nvidia', adapters))).toMatchObject({
      code: 'usage',
      message:
        'The adapter "nvidia" may be any of several: "NVIDIA GeForce RTX 3080" (550.1, /a.json); "NVIDIA T4" (550.1, /a.json).',
      nextStep: 'Use more of a name or driver, or auto, hardware or software.',
    });
  });

  test('that none has is refused, with all that there are', async () => {
    adapters = await all();
    const { code, message, nextStep } = failure(() => pick('intel', adapters));
    expect(code).toBe('usage');
    expect(message).toMatch(
      /^No adapter has "intel" in its name or driver\. This machine has: .*3080.*T4.*llvmpipe/,
    );
    expect(nextStep).toBe('Use a part of a name or driver that is there, or auto, hardware or software.');
    expect(failure(() => pick('intel', [])).message).toMatch(/This machine has none\.$/);
  });
});
