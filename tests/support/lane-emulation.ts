import type { ShaderSource } from '../../src/gpu/shaders.ts';

/**
 * A shader for subgroups of LANES invocations, each of which is a workgroup, as one that any device runs, whatever its
 * subgroups: lanes are the workgroup's invocations, which exchange their values by workgroup memory.
 *
 * @throws Error where the shader uses subgroups in a way that this does not know
 */
export function emulateLanes(code: string): string {
  const changed = code
    .replace(/^ *\/\/.*|^enable subgroups;|^diagnostic\(off, subgroup_uniformity\);/gm, '')
    .replace(/^fn lanes_\d+_to_\d+\(v: vec4f\) .*\{$/gm, '$&\n  exchange(bitcast<vec4u>(v));')
    .replace(/subgroupBroadcast\(v, (\d+u)\)/g, 'bitcast<vec4f>(exchanged[$1])')
    .replace(/subgroupBroadcast\(quad, (\d+u)\)/g, 'uniform_of_lane(quad, $1)')
    .replace(/quadSwapX\((\w+)\)/g, 'of_neighbour($1, 1u)')
    .replace(/quadSwapY\((\w+)\)/g, 'of_neighbour($1, 2u)')
    .replace('subgroupAdd(', 'sum_of_lanes(')
    .replace(
      /^fn main\(@builtin\(subgroup_invocation_id\) (\w+): u32, .*\{$/m,
      (main, lane) => `${main.replace('subgroup_invocation_id', 'local_invocation_index')}
  own_lane = ${lane};`,
    );
  const [unknown] = changed.match(/.*(subgroup[A-Z_]|quad[A-Z]).*/) ?? [];
  if (unknown !== undefined) throw new Error(`not emulated: ${unknown}`);
  return `${changed}
var<private> own_lane: u32;
// As many as any subgroup has: what is for the widest is compiled for all.
var<workgroup> exchanged: array<vec4u, 16>;

fn exchange(value: vec4u) {
  workgroupBarrier();
  exchanged[own_lane] = value;
  workgroupBarrier();
}

// What all lanes branch on.
fn uniform_of_lane(value: u32, lane: u32) -> u32 {
  exchange(vec4u(value));
  return workgroupUniformLoad(&exchanged[lane]).x;
}

fn of_neighbour(value: u32, distance: u32) -> u32 {
  exchange(vec4u(value));
  return exchanged[own_lane ^ distance].x;
}

fn sum_of_lanes(value: vec2f) -> vec2f {
  exchange(vec4u(bitcast<vec2u>(value), 0u, 0u));
  var sum = vec2f();
  for (var lane = 0u; lane < LANES; lane++) {
    sum += bitcast<vec2f>(exchanged[lane].xy);
  }
  return sum;
}
`;
}

/** The source of a kernel, or of its emulation where it is for lanes. */
export function emulated(source: ShaderSource): ShaderSource {
  if (!/\bLANES\b/.test(source.code)) return source;
  return { ...source, code: emulateLanes(source.code) };
}
