import { expect, test, vi } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { pipelineFor } from '../../src/gpu/pipeline.ts';
import { loadShader } from '../../src/gpu/shaders.ts';

vi.mock(import('../../src/gpu/shaders.ts'), async (importOriginal) => {
  const original = await importOriginal();
  return { ...original, loadShader: vi.fn(original.loadShader) };
});

test('a file that no family has is named', async () => {
  await expect(loadShader('quads', 'dense.wgsl')).rejects.toThrow(
    'src/gpu/families/quads.ts has no dense.wgsl',
  );
});

test('shaders that could not be loaded are loaded again when they are asked for again', async () => {
  const device = {} as GPUDevice;
  const offline = new ShadegradError('io', 'The shader could not be loaded: offline', '');
  vi.mocked(loadShader).mockClear().mockRejectedValueOnce(offline).mockRejectedValueOnce(offline);
  await expect(pipelineFor(device, 'relu', {})).rejects.toBe(offline);
  await expect(pipelineFor(device, 'relu', {})).rejects.toBe(offline);
  // The device is none, so it comes no further than to the compiler.
  await expect(pipelineFor(device, 'relu', {})).rejects.toThrow(TypeError);
  expect(loadShader).toHaveBeenCalledTimes(3);
});
