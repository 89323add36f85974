import { describe, expect, test } from 'vitest';
import { KERNELS } from '../../src/gpu/kernels.ts';
import { UNIT_COUNTS } from '../../src/train/kernels/fused.ts';
import { assertWithinLimits, DEFAULT_LIMITS } from '../../src/train/plan.ts';
import { fusedFits, fusedPlan, fusedUnits } from '../../src/train/plans/fused.ts';
import { planMisfit } from '../../src/train/plans/index.ts';
import { ADAM, OPTIMIZERS } from '../support/step.ts';

const spec = { inputs: 784, hidden: [100], classes: 10 };
const sizes = { spec, models: 1, batch: 32, samples: 60_000, orderLength: 54_000 };

function memoryOf(plan: ReturnType<typeof fusedPlan>): number {
  const [step] = plan.dispatches;
  return KERNELS.fused_step.workgroupBytes(step?.constants ?? {});
}

test('a step of the reference network is one dispatch, a workgroup to each hidden unit', () => {
  const { before, dispatches, after } = fusedPlan('fused', sizes, ADAM);
  const shapes = [before, dispatches, after].map((part = []) =>
    part.map(({ kernel, workgroups }) => [kernel, ...workgroups]),
  );
  expect(shapes).toEqual([
    [
      ['fused_layout', 4, 197, 1],
      ['fused_step', 100, 1, 1],
    ],
    [['fused_step', 100, 1, 1]],
    [['fused_layout', 4, 197, 1]],
  ]);
});

test("the fused plan's own buffers have the sizes their tensors have", () => {
  const { buffers } = fusedPlan('fused', { ...sizes, models: 3, batch: 33 }, ADAM);
  const size = Object.fromEntries(buffers.map((buffer) => [buffer.name, buffer.size]));
  expect(size).toMatchObject({
    columns: 4 * 3 * 100 * 3 * 788,
    head: 4 * 2 * 3 * 101 * 12,
    hidden: 4 * 2 * 3 * 100 * 64,
    parameters0: 4 * 3 * 785 * 100,
    moments1: 4 * 2 * 3 * 101 * 12,
  });
});

test('more units than keep a GPU busy share workgroups, as far as they fit', () => {
  const units = (hidden: number, inputs = 784, classes = 10) =>
    fusedUnits({ inputs, hidden: [hidden], classes });
  expect(units(256)).toBe(1);
  expect(units(257)).toBe(2);
  expect(units(512)).toBe(2);
  expect(units(513)).toBe(4);
  // Of four units the new columns no longer fit into workgroup memory, then of two.
  expect(units(2_000, 828)).toBe(4);
  expect(units(2_000, 829)).toBe(2);
  expect(units(2_000, 1_724)).toBe(2);
  expect(units(2_000, 1_725)).toBe(1);
});

test('has Adam and AdamW, and no other optimizer', () => {
  for (const optimizer of OPTIMIZERS) {
    const build = () => fusedPlan('fused', sizes, optimizer);
    if (optimizer.part === 'adam') expect(build().dispatches).toHaveLength(1);
    else expect(build).toThrow(RangeError);
    expect(planMisfit('fused', spec, optimizer) === undefined).toBe(optimizer.part === 'adam');
  }
});

test('fits one hidden layer, and what workgroup memory has room for', () => {
  expect(fusedFits(spec)).toBe(true);
  expect(fusedFits({ ...spec, hidden: [] })).toBe(false);
  expect(fusedFits({ ...spec, hidden: [100, 100] })).toBe(false);
  expect(fusedFits({ ...spec, classes: 60 })).toBe(true);
  expect(fusedFits({ ...spec, classes: 61 })).toBe(false);
  expect(fusedFits({ ...spec, inputs: 3_516 })).toBe(true);
  expect(fusedFits({ ...spec, inputs: 3_517 })).toBe(false);
  expect(() => fusedPlan('fused', { ...sizes, spec: { ...spec, hidden: [7, 5] } }, ADAM)).toThrow(RangeError);
});

test.each([
  ['fused', undefined, 3_516],
  ['fused-2', 2, 1_724],
  ['fused-4', 4, 828],
] as const)('%s takes as many inputs as its units leave room for', (name, units, most) => {
  expect(fusedFits({ ...spec, inputs: most }, units)).toBe(true);
  expect(fusedFits({ ...spec, inputs: most + 1 }, units)).toBe(false);
  expect(planMisfit(name, { ...spec, inputs: most }, ADAM)).toBeUndefined();
  expect(planMisfit(name, { ...spec, inputs: most + 1 }, ADAM)).toBeDefined();
  expect(planMisfit(name, { ...spec, hidden: [100, 100] }, ADAM)).toBeDefined();
  expect(planMisfit('layered', { ...spec, inputs: most + 1 }, ADAM)).toBeUndefined();
});

describe.each(UNIT_COUNTS)('%i units to a workgroup', (units) => {
  test.each([
    { batch: 1, hidden: 1, classes: 1, inputs: 1 },
    { batch: 32, hidden: 100, classes: 10, inputs: 784 },
    { batch: 4096, hidden: 100, classes: 10, inputs: 784 },
    { batch: 33, hidden: 4096, classes: 10, inputs: 784 },
    { batch: 32, hidden: 100, classes: 36, inputs: 620 },
  ])("fit WebGPU's default limits: %j", ({ batch, hidden, classes, inputs }) => {
    const large = { ...sizes, batch, spec: { inputs, hidden: [hidden], classes } };
    const plan = fusedPlan('fused', large, ADAM, units);
    assertWithinLimits(plan, DEFAULT_LIMITS);
    expect(plan.dispatches.length).toBe(1);
    expect(plan.dispatches[0]?.workgroups).toEqual([Math.ceil(hidden / units), 1, 1]);
    expect(memoryOf(plan)).toBeLessThanOrEqual(16_384);
  });
});
