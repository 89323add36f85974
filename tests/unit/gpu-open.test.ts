import { afterEach, describe, expect, test, vi } from 'vitest';
import { assertWebGpu, findAdapter, openDevice } from '../../src/gpu/open.ts';
import { failure } from '../support/failure.ts';

afterEach(() => vi.unstubAllGlobals());

/** An adapter with a limit and a feature, and what it was asked for. */
function withAdapter(device: unknown = {}) {
  const asked: GPUDeviceDescriptor[] = [];
  const options: unknown[] = [];
  const adapter = {
    info: { vendor: 'a', architecture: 'b', device: 'card', description: '', isFallbackAdapter: false },
    limits: { maxBufferSize: 1000 },
    features: new Set(['subgroups']),
    requestDevice: async (descriptor: GPUDeviceDescriptor) => {
      asked.push(descriptor);
      if (device instanceof Error) throw device;
      return device;
    },
  };
  const requestAdapter = async (given: unknown) => {
    options.push(given);
    return adapter;
  };
  vi.stubGlobal('navigator', { gpu: { requestAdapter } });
  return { asked, options, adapter };
}

describe('without WebGPU', () => {
  test('a page of an insecure connection is told what to do', () => {
    vi.stubGlobal('isSecureContext', false);
    withAdapter();
    expect(failure(assertWebGpu)).toMatchObject({
      code: 'no-adapter',
      nextStep: expect.stringMatching(/https/),
    });
  });

  test.each([undefined, {}])(
    'a browser, or whatever else it is, is told which have it',
    async (navigator) => {
      vi.stubGlobal('navigator', navigator);
      expect(failure(assertWebGpu)).toMatchObject({
        code: 'no-adapter',
        nextStep: expect.stringMatching(/Chrome.*"shadegrad\/node"/),
      });
      await expect(openDevice()).rejects.toMatchObject({ code: 'no-adapter' });
    },
  );

  test('a browser that has no adapter is told where to look', async () => {
    vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => null } });
    assertWebGpu();
    await expect(findAdapter()).rejects.toMatchObject({
      code: 'no-adapter',
      nextStep: expect.stringMatching(/hardware acceleration.*chrome:\/\/gpu/),
    });
  });
});

describe('openDevice', () => {
  test('asks the faster adapter for what the shaders use, and says what it is', async () => {
    const device = {};
    const { asked, options, adapter } = withAdapter(device);
    const opened = await openDevice();
    expect(opened).toEqual({
      device,
      adapter,
      info: { vendor: 'a', architecture: 'b', description: 'card', software: false, backend: 'webgpu' },
    });
    expect(options).toEqual([{ powerPreference: 'high-performance' }]);
    expect(asked).toEqual([{ requiredLimits: {}, requiredFeatures: ['subgroups'] }]);
  });

  test('raises optional limits as far as they go, leaves out optional features that are not there', async () => {
    const { asked } = withAdapter();
    await openDevice({
      optionalLimits: { maxBufferSize: 2000, maxNothing: 1 },
      optionalFeatures: ['timestamp-query', 'subgroups'],
    });
    expect(asked).toEqual([{ requiredLimits: { maxBufferSize: 1000 }, requiredFeatures: ['subgroups'] }]);
  });

  test('refuses limits and features that are required and not there, by name', async () => {
    const { asked } = withAdapter();
    await expect(openDevice({ requiredLimits: { maxBufferSize: 1001 } })).rejects.toMatchObject({
      code: 'usage',
      message: 'This needs maxBufferSize = 1001, and the adapter "card" gives 1000.',
    });
    await expect(openDevice({ requiredFeatures: ['shader-f16'] })).rejects.toMatchObject({
      code: 'usage',
      message: 'The adapter "card" lacks the feature shader-f16.',
    });
    expect(asked).toEqual([]);
  });

  test('says why an adapter gives no device, and what to do', async () => {
    withAdapter(new Error('it is busy'));
    await expect(openDevice()).rejects.toMatchObject({
      code: 'gpu',
      message: 'The adapter "card" gives no device: it is busy',
      nextStep: expect.stringContaining('restart the browser'),
    });
  });
});
