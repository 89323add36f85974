import { afterEach, expect, test, vi } from 'vitest';
import { compile } from '../../src/gpu/pipeline.ts';

afterEach(() => vi.unstubAllGlobals());

test('a device that is lost while it compiles leaves no rejection unhandled', async () => {
  vi.stubGlobal('GPUShaderStage', { COMPUTE: 4 });
  const dropped = () => Promise.reject(new Error('Instance dropped'));
  const device = {
    lost: new Promise(() => undefined),
    addEventListener: () => undefined,
    pushErrorScope: () => undefined,
    popErrorScope: dropped,
    createShaderModule: () => ({ getCompilationInfo: dropped }),
    createBindGroupLayout: () => ({}),
  };
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const compiled = compile(device as unknown as GPUDevice, 'any.wgsl', '', {}, {});
    await expect(compiled).rejects.toMatchObject({ code: 'gpu' });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});
