import { afterEach, expect, test, vi } from 'vitest';
import { KERNELS, type KernelName } from '../../src/gpu/kernels.ts';
import { compile } from '../../src/gpu/pipeline.ts';
import { kernelSources, shader } from '../support/shader.ts';

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

test.each(Object.keys(KERNELS) as KernelName[])('every line of %s is one of a file', async (kernel) => {
  for (const { code, place } of await kernelSources(kernel)) {
    for (const [i, text] of code.split('\n').entries()) {
      const { file, line } = place(i + 1) ?? { file: '', line: 0 };
      const there = shader(file).code.split('\n')[line - 1];
      // A directive's own line is left blank: it stands at the top.
      if (/^(enable|diagnostic)/.test(there ?? '') && text === '') continue;
      // The shape of matrix units is the device's.
      const numberless = (constant = '') => constant.replace(/^(const [MNK] = )\d+u;$/, '$1');
      expect(numberless(text), `${file}:${line}`).toBe(numberless(there));
    }
  }
});
