import { describe, expect, test } from 'vitest';
import { askAll, type Place, pick, type Survey } from '../../src/node/adapters.ts';
import type { VulkanDriver } from '../../src/node/drivers.ts';
import type { Failure, Probe, ProbedAdapter } from '../../src/node/probe.ts';
import { failure } from '../support/failure.ts';

const probed = (name: string, driver: string, software = false, alike = 1): ProbedAdapter => ({
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

const place = (name: string, isBundled = false): Place => {
  const driver: VulkanDriver = {
    manifest: `/${name}.json`,
    library: `lib${name}.so`,
    vulkan: '1.3.0',
    problem: null,
  };
  return { environment: { VK_DRIVER_FILES: driver.manifest }, driver, isBundled };
};

const nothing: Probe = { adapters: [], hidden: [], complaints: [], failure: null };

/** Answers for the drivers by their manifests. */
const answering = (answers: Readonly<Record<string, Probe>>) => async (environment: NodeJS.ProcessEnv) =>
  answers[environment.VK_DRIVER_FILES ?? ''] ?? nothing;

const giving = (...adapters: ProbedAdapter[]): Probe => ({ ...nothing, adapters });
const complaining = (...complaints: string[]): Probe => ({ ...nothing, complaints });
const failing = (of: Failure['of'], reason: string, ...complaints: string[]): Probe => ({
  ...nothing,
  complaints,
  failure: { of, reason },
});
const CRASH = 'It ended the process that asked it (SIGSEGV).';

describe('a survey', () => {
  test('lists every adapter of every driver, hardware first', async () => {
    const ask = answering({
      '/lvp.json': giving(probed('llvmpipe', 'Mesa 25', true)),
      '/radeon.json': giving(probed('AMD Radeon RX 6800', 'radv'), probed('AMD Radeon 780M', 'radv')),
    });
    const { adapters, troubles, libraries } = await askAll([place('lvp'), place('radeon')], ask);
    expect(troubles).toEqual([]);
    expect(libraries).toEqual(['liblvp.so', 'libradeon.so']);
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
      hides: [],
    });
  });

  test('counts the cards that Dawn cannot tell apart', async () => {
    const twins = probed('NVIDIA A100', 'NVIDIA 550', false, 2);
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
    expect(await askAll([place('a')], ask)).toEqual({ adapters: [], troubles: [], libraries: ['liba.so'] });
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
      '/bad.json': failing('process', CRASH),
      '/good.json': giving(probed('a GPU', 'driver')),
    });
    const { adapters, troubles } = await askAll([place('bad'), place('good')], ask);
    expect(adapters.map(({ name }) => name)).toEqual(['a GPU']);
    expect(troubles.map(({ what }) => what)).toEqual([
      `The driver libbad.so (/bad.json) gives no adapter: ${CRASH}`,
    ]);
  });

  test.each(['Warning: a beta driver', 'Error: Failed to detect any valid GPUs in the current config'])(
    'tells of a crash before what was printed: %s',
    async (line) => {
      const { troubles } = await askAll(
        [place('bad')],
        answering({ '/bad.json': failing('process', CRASH, line) }),
      );
      expect(troubles.map(({ what }) => what)).toEqual([
        `The driver libbad.so (/bad.json) gives no adapter: ${CRASH} Before, it printed: ${line.replace(/^\w+: /, '')}`,
      ]);
    },
  );

  test('tells of a driver that does not load, but not of one of another processor', async () => {
    const ask = answering({
      '/a.json': failing('driver', 'libLLVM.so.15: cannot open shared object file'),
      '/b.json': failing('driver', 'libb.so: wrong ELF class: ELFCLASS32'),
    });
    expect(await askAll([place('a'), place('b')], ask)).toEqual({
      adapters: [],
      troubles: [
        {
          what: 'The driver liba.so (/a.json) does not load: libLLVM.so.15: cannot open shared object file',
          remedy: 'Reinstall the package of /a.json, or remove that file.',
        },
      ],
      libraries: [],
    });
  });

  test('asks with the library of the driver, to be loaded first', async () => {
    const loaded: (string | null)[] = [];
    await askAll([place('a')], async (_, library) => {
      loaded.push(library);
      return nothing;
    });
    expect(loaded).toEqual(['liba.so']);
  });

  test('has a remedy of its own for the driver from npm', async () => {
    const ask = answering({ '/swift.json': failing('process', CRASH) });
    expect((await askAll([place('swift', true)], ask)).troubles).toMatchObject([
      { remedy: 'Remove the folder /: it is unpacked again. If that does not help, run "npm ci" again.' },
    ]);
  });

  test('is refused where Dawn does not load', async () => {
    const ask = answering({ '/a.json': failing('dawn', 'no such file') });
    await expect(askAll([place('a')], ask)).rejects.toMatchObject({
      code: 'no-adapter',
      message: expect.stringMatching(/^Dawn, .* does not load on .*: no such file$/),
      nextStep: expect.stringContaining('Run "npm ci" again.'),
    });
  });

  test('asks Dawn as it is where there are no Vulkan drivers to name', async () => {
    const metal = { environment: {}, driver: null, isBundled: false };
    const { adapters } = await askAll([metal], async () => giving(probed('Apple M1', 'Metal driver')));
    expect(adapters).toMatchObject([{ name: 'Apple M1', manifest: null }]);
    expect((await askAll([metal], async () => complaining())).troubles).toEqual([]);
    expect((await askAll([metal], async () => failing('process', CRASH))).troubles).toEqual([
      { what: `Dawn gives no adapter: ${CRASH}`, remedy: 'Update the system or its graphics driver.' },
    ]);
  });
});

describe('a part of a name or driver', () => {
  let survey: Survey;
  const all = async () => {
    const ask = answering({
      '/a.json': giving(probed('NVIDIA GeForce RTX 3080', '550.1'), probed('NVIDIA T4', '550.1')),
      '/b.json': giving(probed('llvmpipe (LLVM 15.0.6, 256 bits)', 'llvmpipe: Mesa 25.0.7', true)),
    });
    return askAll([place('a'), place('b')], ask);
  };

  test.each([
    ['rtx', 'NVIDIA GeForce RTX 3080'],
    ['T4', 'NVIDIA T4'],
    ['LLVMPipe', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
    ['mesa 25', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
    ['/b.json', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
    ['llvmpipe llvm 15', 'llvmpipe (LLVM 15.0.6, 256 bits)'],
  ])('"%s" is %s', async (part, name) => {
    survey = await all();
    expect(pick(part, survey).name).toBe(name);
  });

  test('that is a whole name pins it, even if another name begins with it', async () => {
    const [longer, shorter] = [probed('RTX 3080 Ti', '550.1'), probed('RTX 3080', '551.2')];
    const ask = answering({ '/a.json': giving(longer), '/b.json': giving(shorter) });
    const two = await askAll([place('a'), place('b')], ask);
    expect(pick('rtx 3080', two).name).toBe('RTX 3080');
    expect(failure(() => pick('3080', two)).code).toBe('usage');
  });

  test('that several have is refused, with those that have it', async () => {
    survey = await all();
    expect(failure(() => pick('nvidia', survey))).toMatchObject({
      code: 'usage',
      message:
        'The adapter "nvidia" may be any of several: "NVIDIA GeForce RTX 3080" (550.1, /a.json); "NVIDIA T4" (550.1, /a.json).',
      nextStep: 'Use more of a name or driver, or auto, hardware or software.',
    });
  });

  test('that none has is refused, with all that there are', async () => {
    survey = await all();
    const { code, message, nextStep } = failure(() => pick('intel', survey));
    expect(code).toBe('usage');
    expect(message).toMatch(
      /^No adapter has "intel" in its name or driver\. This machine has: .*3080.*T4.*llvmpipe/,
    );
    expect(nextStep).toBe('Use a part of a name or driver that is there, or auto, hardware or software.');
    expect(failure(() => pick('intel', { adapters: [], troubles: [] })).message).toMatch(
      /This machine has none\.$/,
    );
  });

  test('that none has is refused with what is wrong with the drivers', () => {
    const troubles = [{ what: 'A driver is broken.', remedy: 'Mend it.' }];
    const { message, nextStep } = failure(() => pick('intel', { adapters: [], troubles }));
    expect(message).toMatch(/This machine has none\. A driver is broken\.$/);
    expect(nextStep).toMatch(/ Mend it\.$/);
  });

  describe('of a card whose name is within that of another', () => {
    const hiding = async () => {
      const one = {
        ...giving(probed('NVIDIA A100', '550.1')),
        hidden: [{ name: 'NVIDIA A10', by: 'NVIDIA A100' }],
      };
      return askAll([place('a')], answering({ '/a.json': one }));
    };

    test('lists the card with the one that Dawn gives in its place', async () => {
      expect((await hiding()).adapters).toMatchObject([
        { name: 'NVIDIA A100', alike: 1, hides: ['NVIDIA A10'] },
      ]);
    });

    test('is refused with the reason', async () => {
      const survey = await hiding();
      expect(pick('a100', survey).name).toBe('NVIDIA A100');
      expect(failure(() => pick('nvidia a10', survey))).toMatchObject({
        code: 'usage',
        message:
          'Dawn gives "NVIDIA A100" to whoever asks for "NVIDIA A10", since the first name contains the second.',
      });
      expect(failure(() => pick('nvidia', survey)).message).toMatch(
        /any of several: "NVIDIA A100" \(550\.1, \/a\.json\); "NVIDIA A10" \(Dawn gives "NVIDIA A100" in its place\)\.$/,
      );
    });
  });
});
