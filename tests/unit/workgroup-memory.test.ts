import { expect, test } from 'vitest';
import type { KernelCase } from '../../src/bench/cases/case.ts';
import { kernelCases } from '../../src/bench/cases/index.ts';
import { KERNELS, type Kernel, type KernelName, kernelSource } from '../../src/gpu/kernels.ts';
import { ANY_TARGET, type Target } from '../../src/gpu/target.ts';
import { allDispatches, type Dispatch } from '../../src/train/plan.ts';
import { PLAN_NAMES, trainingPlan } from '../../src/train/plans/index.ts';
import { ADAM } from '../support/step.ts';

// WGSL, section 14.4.1: size and alignment of types.
const BYTES: Readonly<Record<string, number>> = { f16: 2, u32: 4, f32: 4, vec2f: 8, vec4f: 16, vec4u: 16 };

/** The value of a WGSL expression of whole numbers: names, `+ - * / %`, brackets, `min` and `max`. */
function evaluate(expression: string, resolve: (name: string) => number): number {
  const tokens = expression.match(/\w+|[-+*/%(),]/g) ?? [];
  const take = () => tokens.shift() ?? '';
  const operand = (): number => {
    const token = take();
    if (token === '(') {
      const value = sum();
      take();
      return value;
    }
    if (/^\d+u?$/.test(token)) return Number.parseInt(token, 10);
    if (token !== 'min' && token !== 'max') return resolve(token);
    take();
    const first = sum();
    take();
    const second = sum();
    take();
    return Math[token](first, second);
  };
  const product = (): number => {
    let value = operand();
    while (/^[*/%]$/.test(tokens[0] ?? '')) {
      const [operator, other] = [take(), operand()];
      value = operator === '*' ? value * other : operator === '/' ? Math.floor(value / other) : value % other;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (/^[-+]$/.test(tokens[0] ?? '')) value += take() === '+' ? product() : -product();
    return value;
  };
  const value = sum();
  if (tokens.length > 0 || !Number.isInteger(value)) throw new Error(`cannot evaluate "${expression}"`);
  return value;
}

/** Bytes of workgroup memory as the shader declares them, which WebGPU counts in whole vec4s for each variable. */
async function declaredBytes({ kernel, constants, update, matrix }: Dispatch): Promise<number> {
  const { code } = await kernelSource(kernel, update, matrix);
  const resolve = (name: string): number => {
    const given = constants[name];
    if (given !== undefined) return given;
    const [, expression] = code.match(new RegExp(`^(?:override|const) ${name} = (.+);$`, 'm')) ?? [];
    if (expression === undefined) throw new Error(`${kernel}: what is ${name}?`);
    return evaluate(expression, resolve);
  };
  const variables = code.match(/^var<workgroup>.*$/gm) ?? [];
  return variables.reduce((bytes, line) => {
    const [, type = '', length = ''] = /^var<workgroup> \w+: array<(\w+), (.+)>;$/.exec(line) ?? [];
    const size = (BYTES[type] ?? Number.NaN) * evaluate(length, resolve);
    return bytes + 16 * Math.ceil(size / 16);
  }, 0);
}

test('expressions are evaluated as WGSL evaluates them', () => {
  const value = evaluate(
    '2u * (A + 3u) / 4u % 5u - min(A / B, 1u) + max(2, 1)',
    (name) => ({ A: 6, B: 4 })[name] ?? 0,
  );
  expect(value).toBe(Math.floor((2 * 9) / 4) - 1 + 2);
  expect(() => evaluate('1u << 2u', () => 0)).toThrow('cannot evaluate');
});

const TARGETS: readonly Target[] = [
  ANY_TARGET,
  { ...ANY_TARGET, matrix: { shape: { M: 8, N: 16, K: 16, sums: 'f32' }, subgroup: 8 } },
  { ...ANY_TARGET, matrix: { shape: { M: 8, N: 8, K: 8, sums: 'f16' }, subgroup: 8 } },
];

const fromCases = Object.entries(kernelCases()) as [KernelName, readonly KernelCase[]][];
const fromPlans = PLAN_NAMES.flatMap((name) =>
  [1, 3, 32, 70].flatMap((batch) =>
    [
      { inputs: 784, hidden: [100], classes: 10 },
      { inputs: 3, hidden: [5], classes: 3 },
      { inputs: 61, hidden: [191], classes: 41 },
    ].flatMap((spec) => {
      const sizes = { spec, models: 2, batch, samples: 100, orderLength: 100 };
      return TARGETS.flatMap((target) => allDispatches(trainingPlan(name, sizes, ADAM, target)));
    }),
  ),
);

test.each(fromCases)('the table says how much workgroup memory %s declares', async (kernel, cases) => {
  const { workgroupBytes }: Kernel = KERNELS[kernel];
  const dispatches = [
    ...cases.map(({ dispatch }) => dispatch),
    ...fromPlans.filter((own) => own.kernel === kernel),
  ];
  expect(dispatches.length).toBeGreaterThan(0);
  for (const dispatch of dispatches) {
    const { constants, matrix } = dispatch;
    const bytes = workgroupBytes?.(constants, matrix) ?? 0;
    expect(bytes, JSON.stringify([constants, matrix])).toBe(await declaredBytes(dispatch));
  }
});
