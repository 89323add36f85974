import { describe, expect, test } from 'vitest';
import type { KernelCase } from '../../src/bench/cases/case.ts';
import { kernelCases } from '../../src/bench/cases/index.ts';
import { KERNELS, type KernelName } from '../../src/gpu/kernels.ts';
import type { Dispatch } from '../../src/train/plan.ts';

const table = Object.entries(kernelCases()) as [KernelName, readonly KernelCase[]][];
const cases = table.flatMap(([kernel, sizes]) =>
  sizes.map((kernelCase) => [`${kernel}, ${kernelCase.size}`, kernel, kernelCase] as const),
);
const firsts = table.flatMap(([kernel, [first]]) => (first ? [[kernel, first] as const] : []));

test('every shader has a case, and there is no case without a shader', () => {
  expect(table.map(([kernel]) => kernel).sort()).toEqual(Object.keys(KERNELS).sort());
  expect(firsts).toHaveLength(table.length);
});

test('every size of a kernel has a name of its own, without a comma, since --only is cut at commas', () => {
  const names = cases.map(([name]) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const [, , { size }] of cases) expect(size).toMatch(/^[^,]+$/);
});

describe.each(cases)('%s', (_, kernel, { dispatch, variants = {}, flops, bytes, step }) => {
  test('runs its kernel, with a step where the kernel reads one', () => {
    const runs: Dispatch[] = [dispatch, ...Object.values(variants)];
    expect(runs.map((run) => run.kernel)).toEqual(runs.map(() => kernel));
    const accesses: string[] = Object.values(KERNELS[kernel].bindings);
    expect(step !== undefined).toBe(accesses.includes('step'));
  });

  test('states its work', () => {
    expect(Number.isFinite(flops) && flops >= 0).toBe(true);
    expect(bytes).toBeGreaterThan(0);
  });

  test('stays in workgroups that every device allows', () => {
    for (const { constants, workgroups } of [dispatch, ...Object.values(variants)]) {
      const { WORKGROUP_SIZE = 1, WORKGROUP_X = WORKGROUP_SIZE, WORKGROUP_Y = 1 } = constants;
      expect(WORKGROUP_X * WORKGROUP_Y).toBeLessThanOrEqual(256);
      for (const count of workgroups) expect(count).toBeLessThanOrEqual(65_535);
    }
  });
});

describe.each(firsts)('the first case of %s', (kernel, { dispatch, prepare }) => {
  const { data, checks } = prepare();

  test('has contents for every buffer but those of the step, and no others', () => {
    const accesses: [string, string][] = Object.entries(KERNELS[kernel].bindings);
    const bound = accesses.flatMap(([name, access]) =>
      access === 'step' || name === 'rates' ? [] : [dispatch.bindings[name]],
    );
    const unused = Object.keys(data).filter((name) => !bound.includes(name));
    expect(bound.filter((name) => data[name ?? ''] === undefined)).toEqual([]);
    expect(unused.filter((name) => name !== 'order')).toEqual([]);
  });

  test('checks finite values, inside of buffers that the kernel writes', () => {
    expect(checks.length).toBeGreaterThan(0);
    for (const { buffer, rows, columns, start = 0, stride, expected, summed = false, of } of checks) {
      const written = Object.entries(dispatch.bindings).find(([, bound]) => bound === buffer)?.[0] ?? '';
      expect(Reflect.get(KERNELS[kernel].bindings, written)).toBe('read-write');
      expect(expected).toHaveLength(summed ? columns : rows.length * columns);
      expect(expected.every(Number.isFinite)).toBe(true);
      expect(rows.length).toBeLessThanOrEqual(of);
      const last = start + (rows.at(-1) ?? Number.NaN) * stride + columns;
      expect(4 * last).toBeLessThanOrEqual(data[buffer]?.byteLength ?? 0);
    }
  });

  test('wants something else than what is in the buffers before', () => {
    const same = checks.every(({ buffer, rows, columns, start = 0, stride, expected, summed, tolerance }) => {
      const before = data[buffer];
      if (summed || !(before instanceof Float32Array)) return false;
      return Array.from(expected).every((value, i) => {
        const at = start + (rows[Math.floor(i / columns)] ?? Number.NaN) * stride + (i % columns);
        return Math.abs((before[at] ?? Number.NaN) - value) <= tolerance.absolute;
      });
    });
    expect(same).toBe(false);
  });
});
