// Multiply-adds of numbers that lanes of a subgroup share: one lane loads a number, and SHARING lanes use it.
//
//   y[i] = start[i] sum_k x[k]                         k = 0 ... ROUNDS - 1
//
//   x         [ROUNDS]       f32
//   start, y  [invocations]  vec4 of f32
//
// One invocation makes one vec4 of y, a vec4 of multiply-adds for each number. Each lane loads four neighbouring numbers
// of 4 SHARING, and the others get them by broadcasts or, where four lanes share, by quad swaps. In wider subgroups
// several lanes load the same four.

enable subgroups;

override ROUNDS: u32;
override SHARING: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> start: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

fn add(sum: vec4f, w: vec4f, number: f32) -> vec4f {
  return fma(w, vec4f(number), sum);
}

fn add_quad(sum: vec4f, w: vec4f, own: f32) -> vec4f {
  var s = add(sum, w, own);
  s = add(s, w, quadSwapX(own));
  s = add(s, w, quadSwapY(own));
  return add(s, w, quadSwapDiagonal(own));
}

// A broadcast's lane has to be written out.
fn add_8(sum: vec4f, w: vec4f, own: f32) -> vec4f {
  var s = add(sum, w, subgroupBroadcast(own, 0u));
  s = add(s, w, subgroupBroadcast(own, 1u));
  s = add(s, w, subgroupBroadcast(own, 2u));
  s = add(s, w, subgroupBroadcast(own, 3u));
  s = add(s, w, subgroupBroadcast(own, 4u));
  s = add(s, w, subgroupBroadcast(own, 5u));
  s = add(s, w, subgroupBroadcast(own, 6u));
  return add(s, w, subgroupBroadcast(own, 7u));
}

fn add_8_to_15(sum: vec4f, w: vec4f, own: f32) -> vec4f {
  var s = add(sum, w, subgroupBroadcast(own, 8u));
  s = add(s, w, subgroupBroadcast(own, 9u));
  s = add(s, w, subgroupBroadcast(own, 10u));
  s = add(s, w, subgroupBroadcast(own, 11u));
  s = add(s, w, subgroupBroadcast(own, 12u));
  s = add(s, w, subgroupBroadcast(own, 13u));
  s = add(s, w, subgroupBroadcast(own, 14u));
  return add(s, w, subgroupBroadcast(own, 15u));
}

fn add_16_to_31(sum: vec4f, w: vec4f, own: f32) -> vec4f {
  var s = add(sum, w, subgroupBroadcast(own, 16u));
  s = add(s, w, subgroupBroadcast(own, 17u));
  s = add(s, w, subgroupBroadcast(own, 18u));
  s = add(s, w, subgroupBroadcast(own, 19u));
  s = add(s, w, subgroupBroadcast(own, 20u));
  s = add(s, w, subgroupBroadcast(own, 21u));
  s = add(s, w, subgroupBroadcast(own, 22u));
  s = add(s, w, subgroupBroadcast(own, 23u));
  s = add(s, w, subgroupBroadcast(own, 24u));
  s = add(s, w, subgroupBroadcast(own, 25u));
  s = add(s, w, subgroupBroadcast(own, 26u));
  s = add(s, w, subgroupBroadcast(own, 27u));
  s = add(s, w, subgroupBroadcast(own, 28u));
  s = add(s, w, subgroupBroadcast(own, 29u));
  s = add(s, w, subgroupBroadcast(own, 30u));
  return add(s, w, subgroupBroadcast(own, 31u));
}

fn add_lanes(sum: vec4f, w: vec4f, own: f32) -> vec4f {
  if (SHARING == 4u) {
    return add_quad(sum, w, own);
  }
  var s = add_8(sum, w, own);
  if (SHARING > 8u) {
    s = add_8_to_15(s, w, own);
  }
  if (SHARING > 16u) {
    s = add_16_to_31(s, w, own);
  }
  return s;
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let w = start[id.x];
  var sum = vec4f();
  for (var k = 0u; k < ROUNDS / 4u; k += SHARING) {
    let own = x[k + lane % SHARING];
    sum = add_lanes(sum, w, own.x);
    sum = add_lanes(sum, w, own.y);
    sum = add_lanes(sum, w, own.z);
    sum = add_lanes(sum, w, own.w);
  }
  y[id.x] = sum;
}
