import type { ShaderSource } from '../../src/gpu/shaders.ts';

/**
 * A shader for matrix units as one that any device runs: each invocation is a subgroup of one, operands are read where
 * they are staged, sums are arrays of the invocation's own, and halves are floats that were rounded to float16.
 * Everything around the products stays as it is: what is staged where, which tile is whose, what becomes of the sums.
 *
 * @throws Error where the shader uses matrix units in a way that this does not know
 */
export function emulateMatrixUnits(code: string): string {
  // Of an operand that begins at `operand.x`, with rows or columns `operand.y` apart.
  const elements = [...code.matchAll(/subgroupMatrixLoad<(\w+), (row|col)_major>\(&(\w+),/g)].map(
    ([, side, major, memory]) => `
fn element_of_${side}(operand: vec2u, row: u32, column: u32) -> f32 {
  return ${memory}[operand.x + ${major === 'row' ? 'row * operand.y + column' : 'column * operand.y + row'}];
}
`,
  );
  const changed = code
    .replace(/^\/\/.*|^enable .*/gm, '')
    .replace(/^alias (Left|Right) .*/gm, 'alias $1 = vec2u;')
    // A number of `accumulators`.
    .replace(/^alias Sum .*/m, 'alias Sum = u32;')
    .replace(/^ *var sum\d\d: Sum;/gm, '')
    .replace(
      /(sum\d\d) = subgroupMatrixMultiplyAccumulate\((\w+), (\w+), \1\)/g,
      'multiply_accumulate($2, $3, $1)',
    )
    .replace(/\bsum(\d)(\d)\)/g, '$1u * 2u + $2u)')
    .replace(/subgroupMatrixLoad<\w+, \w+>\(&\w+, /g, 'vec2u(')
    .replace('subgroupMatrixStore<row_major>(&sums, ', 'store(')
    .replaceAll('array<f16,', 'array<f32,')
    .replaceAll('vec4<f16>(', 'quantizeToF16(')
    .replace(/^ *@builtin\(subgroup_id\).*/m, '')
    .replaceAll('min(subgroup,', 'min(local,');
  const [unknown] = changed.match(/.*(\bf16|[sS]ubgroup).*/) ?? [];
  if (unknown !== undefined) throw new Error(`not emulated: ${unknown}`);
  return `${changed}${elements.join('')}
var<private> accumulators: array<f32, 4u * FRAGMENT>;

fn store(offset: u32, sum: Sum, stride: u32) {
  for (var i = 0u; i < FRAGMENT; i++) {
    sums[offset + i / SIDE * stride + i % SIDE] = accumulators[sum * FRAGMENT + i];
  }
}

fn multiply_accumulate(left: Left, right: Right, sum: Sum) {
  for (var i = 0u; i < FRAGMENT; i++) {
    var value = accumulators[sum * FRAGMENT + i];
    for (var k = 0u; k < SIDE; k++) {
      value += element_of_Left(left, i / SIDE, k) * element_of_Right(right, k, i % SIDE);
    }
    accumulators[sum * FRAGMENT + i] = value;
  }
}
`;
}

/** The source of a kernel, or of its emulation where it is for matrix units. */
export function emulated(source: ShaderSource): ShaderSource {
  if (!source.code.includes('subgroup_matrix')) return source;
  return { ...source, code: emulateMatrixUnits(source.code) };
}
