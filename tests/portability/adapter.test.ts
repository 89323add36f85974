import { expect, test } from 'vitest';
import type { AdapterReport } from '../../src/gpu/adapter.ts';
import { MATRIX_DEVICE } from '../../src/node/gpu.ts';
import { openTestDevice } from '../support/gpu.ts';

declare module 'vitest' {
  interface TaskMeta {
    adapter?: AdapterReport & { readonly features: readonly string[] };
  }
}

test('the adapter is known', async ({ task }) => {
  const { adapter, info } = await openTestDevice(MATRIX_DEVICE);
  task.meta.adapter = { ...info, features: [...adapter.features] };
  expect(info.description).not.toBe('');
});
