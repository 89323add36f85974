// The arithmetic of floor_fma.wgsl in half precision: the same formula, rounded to f16 in each round. The sum over j is
// f32, and so are the buffers.
//
//   v[j] = start[i] + j                                j = 0 ... VECTORS - 1, each a vec4
//   v[j] = a v[j] + b                                  ROUNDS times
//   y[i] = sum_j v[j]
//
//   coefficients  [2]            f32: a, b
//   start, y      [invocations]  vec4 of f32
//
// One invocation makes one vec4 of y.

enable f16;

override ROUNDS: u32;
override VECTORS: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> coefficients: array<f32>;
@group(0) @binding(1) var<storage, read> start: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

alias Vector = vec4h;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = after_rounds(vec4h(start[id.x]), vec4h(f16(coefficients[0])), vec4h(f16(coefficients[1])));
  let two = vec4f(s.v0) + vec4f(s.v1);
  y[id.x] = select(two, two + vec4f(s.v2) + vec4f(s.v3) + vec4f(s.v4) + vec4f(s.v5), VECTORS > 2u);
}
