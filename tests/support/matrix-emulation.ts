import type { ShaderSource } from '../../src/gpu/shaders.ts';

/**
 * A shader for matrix units as one that any device runs: each invocation is a subgroup of one, operands are read where
 * they are staged, fragments are arrays of the invocation's own, and halves are floats that were rounded to float16.
 * Units that add up in float16 round every product and every sum to the nearest.
 * Everything around the products stays as it is: what is staged where, which tile is whose, what becomes of the sums.
 *
 * @throws Error where the shader uses matrix units in a way that this does not know
 */
export function emulateMatrixUnits(code: string): string {
  const rounded = code.includes('subgroup_matrix_result<f16') ? 'nearest_half' : '';
  // Of an operand that begins at `operand.x`, with rows or columns `operand.y` apart.
  const elements = [...code.matchAll(/subgroupMatrixLoad<(\w+), (row|col)_major>\(&(\w+),/g)].map(
    ([, side, major, memory]) => `
fn element_of_${side}(operand: vec2u, row: u32, column: u32) -> f32 {
  return ${memory}[operand.x + ${major === 'row' ? 'row * operand.y + column' : 'column * operand.y + row'}];
}
`,
  );
  const changed = code
    .replace(/^ *\/\/.*|^enable .*/gm, '')
    .replace(/^alias (Left|Right) .*/gm, 'alias $1 = vec2u;')
    .replace(/^alias Sum .*/m, 'alias Sum = array<f32, FRAGMENT>;')
    .replace(/(\w+\[.+?\]) = subgroupMatrixMultiplyAccumulate\((.+), \1\)/g, 'multiply_accumulate($2, &$1)')
    .replace(/subgroupMatrixLoad<\w+, \w+>\(&\w+, /g, 'vec2u(')
    .replace(/subgroupMatrixStore<row_major>\(&stored, (\w+), (.+), N\)/, 'store_fragment($1, &$2)')
    .replaceAll('array<f16,', 'array<f32,')
    .replaceAll('vec4<f16>(', 'quantizeToF16(')
    .replace(/^ *@builtin\(subgroup_id\).*/m, '')
    .replace('local, subgroup);', 'local, local);');
  const [unknown] = changed.match(/.*(\bf16|Subgroup|subgroup[A-Z_]).*/) ?? [];
  if (unknown !== undefined) throw new Error(`not emulated: ${unknown}`);
  return `${changed}${elements.join('')}
// WGSL's own function may take either neighbour, and SwiftShader's takes the one that is nearer to zero.
fn nearest_half(value: f32) -> f32 {
  if (abs(value) < 0x1p-14) {
    return (0.75 + value) - 0.75;
  }
  let bits = bitcast<u32>(value);
  return bitcast<f32>((bits + 0xFFFu + ((bits >> 13u) & 1u)) & ~0x1FFFu);
}

fn store_fragment(at: u32, sum: ptr<function, Sum>) {
  for (var i = 0u; i < FRAGMENT; i++) {
    stored[at + i] = sum[i];
  }
}

fn multiply_accumulate(left: Left, right: Right, sum: ptr<function, Sum>) {
  for (var i = 0u; i < FRAGMENT; i++) {
    var value = sum[i];
    for (var k = 0u; k < K; k++) {
      let product = ${rounded}(element_of_Left(left, i / N, k) * element_of_Right(right, k, i % N));
      value = ${rounded}(value + product);
    }
    sum[i] = value;
  }
}
`;
}

/** The source of a kernel, or of its emulation where it is for matrix units. */
export function emulated(source: ShaderSource): ShaderSource {
  if (!source.code.includes('subgroup_matrix')) return source;
  return { ...source, code: emulateMatrixUnits(source.code) };
}
