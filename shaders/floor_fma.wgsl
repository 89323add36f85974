// Arithmetic and nothing else: as many fused multiply-adds as the device can do.
//
//   v[j] = start[i] + j                                j = 0 ... 5, each a vec4
//   v[j] = a v[j] + b                                  ROUNDS times
//   y[i] = sum_j v[j]
//
//   coefficients  [2]            vec4 of f32: a, b
//   start, y      [invocations]  vec4 of f32
//
// One invocation makes one vec4 of y. Its 24 sums do not wait for each other, and 16 rounds make one pass of the loop,
// so that neither a multiply-add's latency nor the loop is measured.

override ROUNDS: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(1) var<storage, read> start: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

struct Sums {
  v0: vec4f,
  v1: vec4f,
  v2: vec4f,
  v3: vec4f,
  v4: vec4f,
  v5: vec4f,
}

fn one_round(s: Sums, a: vec4f, b: vec4f) -> Sums {
  return Sums(fma(a, s.v0, b), fma(a, s.v1, b), fma(a, s.v2, b), fma(a, s.v3, b), fma(a, s.v4, b), fma(a, s.v5, b));
}

fn four_rounds(s: Sums, a: vec4f, b: vec4f) -> Sums {
  return one_round(one_round(one_round(one_round(s, a, b), a, b), a, b), a, b);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = coefficients[0];
  let b = coefficients[1];
  let v = start[id.x];
  var sums = Sums(v, v + 1.0, v + 2.0, v + 3.0, v + 4.0, v + 5.0);
  for (var k = 0u; k < ROUNDS; k += 16u) {
    sums = four_rounds(four_rounds(four_rounds(four_rounds(sums, a, b), a, b), a, b), a, b);
  }
  y[id.x] = sums.v0 + sums.v1 + sums.v2 + sums.v3 + sums.v4 + sums.v5;
}
