// Arithmetic and nothing else: as many fused multiply-adds as the device can do.
//
//   v[j] = start[i] + j                                j = 0 ... VECTORS - 1, each a vec4
//   v[j] = a v[j] + b                                  ROUNDS times
//   y[i] = sum_j v[j]
//
//   coefficients  [2]            f32: a, b
//   start, y      [invocations]  vec4 of f32
//
// One invocation makes one vec4 of y.

override ROUNDS: u32;
override VECTORS: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> coefficients: array<f32>;
@group(0) @binding(1) var<storage, read> start: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

alias Vector = vec4f;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = after_rounds(start[id.x], vec4f(coefficients[0]), vec4f(coefficients[1]));
  let two = s.v0 + s.v1;
  y[id.x] = select(two, two + s.v2 + s.v3 + s.v4 + s.v5, VECTORS > 2u);
}
