import { describe, expect, test } from 'vitest';
import { KERNELS } from '../../src/gpu/kernels.ts';
import { UNIT_COUNTS } from '../../src/train/kernels/fused.ts';
import { assertWithinLimits, DEFAULT_LIMITS } from '../../src/train/plan.ts';
import { fusedFits, fusedPlan, fusedUnits } from '../../src/train/plans/fused.ts';
import { planFits } from '../../src/train/plans/index.ts';

const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
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

test('more networks or units than keep a GPU busy share workgroups, as far as they fit', () => {
  const units = (models: number, hidden: number, inputs = 784, classes = 10) =>
    fusedUnits({ models, spec: { inputs, hidden: [hidden], classes } });
  expect(units(1, 256)).toBe(1);
  expect(units(1, 257)).toBe(2);
  expect(units(1, 512)).toBe(2);
  expect(units(2, 257)).toBe(4);
  expect(units(128, 100)).toBe(4);
  // Of four units the new columns no longer fit into workgroup memory, then of two.
  expect(units(128, 100, 828)).toBe(4);
  expect(units(128, 100, 829)).toBe(2);
  expect(units(128, 100, 1_724)).toBe(2);
  expect(units(128, 100, 1_725)).toBe(1);
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
  expect(planFits(name, { ...spec, inputs: most })).toBe(true);
  expect(planFits(name, { ...spec, inputs: most + 1 })).toBe(false);
  expect(planFits(name, { ...spec, hidden: [100, 100] })).toBe(false);
  expect(planFits('layered', { ...spec, inputs: most + 1 })).toBe(true);
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

test("what the plan says of a step's workgroup memory is what the shader declares", () => {
  const plan = fusedPlan('fused', sizes, ADAM, 2);
  const { CLASSES = 0, UNITS = 0, STAGE = 0 } = plan.dispatches[0]?.constants ?? {};
  const declared = [...KERNELS.fused_step.code.matchAll(/^var<workgroup> \w+: array<(\w+), (.+)>;$/gm)];
  const values = { TILE: 32, CLASS_VECTORS: Math.ceil(CLASSES / 4), UNITS, STAGE };
  const bytes = { u32: 4, f32: 4, vec2f: 8, vec4f: 16 };
  const total = declared.map(([, type, length]) => {
    const factors = (length ?? '').split(' * ').map((factor) => {
      const name = factor as keyof typeof values;
      return values[name] ?? Number.parseInt(factor, 10);
    });
    return factors.reduce((product, factor) => product * factor, bytes[type as keyof typeof bytes]);
  });
  expect(declared.length).toBe(6);
  expect(memoryOf(plan)).toBe(total.reduce((sum, size) => sum + size, 0));
});
