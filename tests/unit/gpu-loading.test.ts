import { afterEach, describe, expect, test, vi } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { pipelineFor } from '../../src/gpu/pipeline.ts';
import { loadShader } from '../../src/gpu/shaders.ts';
import { initialModel } from '../../src/model/initialise.ts';
import { mlp } from '../../src/model/spec.ts';
import { loadShaders } from '../../src/train/executable.ts';
import { Inference, inferencePlanOn, inferenceSizes } from '../../src/train/inference.ts';
import { Network } from '../../src/train/network.ts';

vi.mock(import('../../src/gpu/shaders.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return { ...original, loadShader: vi.fn(original.loadShader) };
});

afterEach(() => vi.mocked(loadShader).mockReset());

test('a file that no family has is named', async () => {
  await expect(loadShader('quads', 'dense.wgsl')).rejects.toThrow(
    'src/gpu/families/quads.ts has no dense.wgsl',
  );
});

test('a failed load is not kept: whoever asks again asks the import again', async () => {
  const device = {} as GPUDevice;
  const offline = new ShadegradError('io', 'The shader could not be loaded: offline', '');
  vi.mocked(loadShader).mockRejectedValueOnce(offline).mockRejectedValueOnce(offline);
  await expect(pipelineFor(device, 'relu', {})).rejects.toBe(offline);
  await expect(pipelineFor(device, 'relu', {})).rejects.toBe(offline);
  // The device is none, so it comes no further than to the compiler.
  await expect(pipelineFor(device, 'relu', {})).rejects.toThrow(TypeError);
  expect(loadShader).toHaveBeenCalledTimes(3);
});

describe('what evaluation needs', () => {
  const spec = { inputs: 784, hidden: [32], classes: 10 };
  const device = (adapterInfo: Partial<GPUAdapterInfo>, ...features: string[]) =>
    ({
      features: new Set(features),
      adapterInfo: { isFallbackAdapter: false, subgroupMinSize: 32, subgroupMaxSize: 32, ...adapterInfo },
      limits: new Proxy({}, { get: () => Number.POSITIVE_INFINITY }),
    }) as unknown as GPUDevice;
  const loaded = () => new Set(vi.mocked(loadShader).mock.calls.map(([family, file]) => `${family}/${file}`));

  test.each([
    ['a GPU', device({})],
    ['SwiftShader', device({ isFallbackAdapter: true, subgroupMinSize: 4, subgroupMaxSize: 4 }, 'subgroups')],
    ['lavapipe', device({ isFallbackAdapter: true, subgroupMinSize: 8, subgroupMaxSize: 8 }, 'subgroups')],
  ])('on %s is loaded before the weights are there, for any number of samples', async (_, device) => {
    await Inference.load(device, mlp(spec), 1);
    const before = loaded();
    expect(before.size).toBeGreaterThan(3);
    for (const [models, count] of [
      [1, 7],
      [3, 256],
      [1, 10_000],
    ] as const) {
      const sizes = inferenceSizes(mlp(spec), models, count, count);
      for (const labelled of [true, false]) await loadShaders(inferencePlanOn(device, sizes, labelled));
    }
    expect(loaded()).toEqual(before);
  });

  test('and where it cannot be loaded, no network is made', async () => {
    const gone = new ShadegradError('io', 'The shader could not be loaded: 503', '');
    vi.mocked(loadShader).mockRejectedValue(gone);
    await expect(Network.create(device({}), initialModel(spec, 1))).rejects.toBe(gone);
  });
});
