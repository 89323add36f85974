import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { openDevice } from '../../src/node/gpu.ts';

/** One invocation that loops for longer than a submit of training takes. */
const code = `
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(1) fn main() {
  for (var i = 0u; i < 3000000u; i++) { y[0] = y[0] * 0.5 + f32(i); }
}`;

test('while software computes, the event loop rests', async () => {
  const { device } = await openDevice({ adapter: 'software' });
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(1);
  pass.end();
  const before = performance.eventLoopUtilization();
  device.queue.submit([encoder.finish()]);
  await device.queue.onSubmittedWorkDone();
  const { utilization, active, idle } = performance.eventLoopUtilization(before);
  device.destroy();
  expect(active + idle, 'milliseconds of waiting').toBeGreaterThan(20);
  expect(utilization).toBeLessThan(0.5);
});

test("another's setImmediate stays what it was", async () => {
  await openDevice({ adapter: 'software' });
  expect(await promisify(setImmediate)('value')).toBe('value');
  const called: number[] = [];
  const cleared = setImmediate(() => called.push(0));
  clearImmediate(cleared);
  await new Promise<void>((resolve) => {
    setImmediate(
      (a: number, b: number) => {
        called.push(a, b);
        resolve();
      },
      1,
      2,
    );
  });
  expect(called).toEqual([1, 2]);
});
