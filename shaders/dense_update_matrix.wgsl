// A dense layer's parameter gradient on matrix units, which multiply halves and add up in float32, and the
// parameters' update.
//
//   gradient[z, k, n] = 1/SCALE sum_b half(x[z, b, k]) half(SCALE delta[z, b, n])   k < INPUTS, the kernel
//                     = 1/SCALE sum_b half(SCALE delta[z, b, n])                    k = INPUTS, the bias
//   then the optimizer's update in float32, parts/adam.wgsl or parts/sgd.wgsl
//   half: rounded to float16; bytes count as whole numbers, which it holds exactly, and the sum is divided by 255
//
//   x           without BYTES  [models, BATCH, 4 INPUT_VECTORS]  f32; columns from INPUTS on are padding
//               with BYTES     [samples, 4 INPUT_VECTORS]        bytes, found through order as in dense_matrix.wgsl
//   order       [models, ORDER_LENGTH]                           u32, index of a sample; read with BYTES only
//   delta       [models, BATCH, 4 OUTPUT_VECTORS]                f32
//   rates       [slots, models]                                  vec2 of f32, as in parts/rates.wgsl
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]           f32; kernel rows, then the bias
//   moments     [moments, models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; what the optimizer keeps
//
// One workgroup makes a TILE x TILE tile of the parameters: (tile of columns, tile of rows, model). It works as
// dense_matrix.wgsl does, with a sum over b instead of k.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

override BATCH: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;

override CHUNKS = (BATCH + CHUNK - 1u) / CHUNK;
// The staged value of a 1 of x.
override X_ONE = select(1.0, 255.0, BYTES);

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read> rates: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> moments: array<vec4f>;

// A chunk of x and one of delta, each [CHUNK, TILE_STRIDE]; columns run along memory in both.
var<workgroup> staged_x: array<f16, CHUNK * TILE_STRIDE>;
var<workgroup> staged_delta: array<f16, CHUNK * TILE_STRIDE>;

// Columns 4 vector to 4 vector + 3 of row b of x, in units of 1 / X_ONE. The columns of x are followed by ones, whose
// gradient is the bias's.
fn vector_of_x(model: u32, b: u32, vector: u32) -> vec4f {
  let read = min(vector, INPUT_VECTORS - 1u);
  var value = vec4f();
  if (BYTES) {
    if (b < step.count) {
      let word = order[model * ORDER_LENGTH + step.offset + b] * INPUT_VECTORS + read;
      value = vec4f(unpack4xU8(x[word / 4u][word % 4u]));
    }
  } else {
    value = bitcast<vec4f>(x[(model * BATCH + min(b, BATCH - 1u)) * INPUT_VECTORS + read]);
  }
  let with_ones = select(vec4f(X_ONE), value, lanes_below(vector, INPUTS));
  // Samples past the end are zero, so that delta may be any finite number there.
  return select(vec4f(), with_ones, b < BATCH);
}

fn vector_of_delta(model: u32, b: u32, vector: u32) -> vec4f {
  return SCALE * delta[(model * BATCH + min(b, BATCH - 1u)) * OUTPUT_VECTORS + min(vector, OUTPUT_VECTORS - 1u)];
}

fn stage(model: u32, b0: u32, k0: u32, n0: u32, local: u32) {
  for (var i = local; i < TILE * CHUNK / 4u; i += WORKGROUP_SIZE) {
    let row = i / (TILE / 4u);
    let vector = i % (TILE / 4u);
    let halves_of_x = vec4<f16>(vector_of_x(model, b0 + row, k0 / 4u + vector));
    let halves_of_delta = vec4<f16>(vector_of_delta(model, b0 + row, n0 / 4u + vector));
    let at = row * TILE_STRIDE + 4u * vector;
    staged_x[at] = halves_of_x.x;
    staged_x[at + 1u] = halves_of_x.y;
    staged_x[at + 2u] = halves_of_x.z;
    staged_x[at + 3u] = halves_of_x.w;
    staged_delta[at] = halves_of_delta.x;
    staged_delta[at + 1u] = halves_of_delta.y;
    staged_delta[at + 2u] = halves_of_delta.z;
    staged_delta[at + 3u] = halves_of_delta.w;
  }
}

// A fragment of the transposed x.
fn left(k: u32, b: u32) -> Left {
  return subgroupMatrixLoad<Left, col_major>(&staged_x, b * TILE_STRIDE + k, TILE_STRIDE);
}

fn right(b: u32, n: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&staged_delta, b * TILE_STRIDE + n, TILE_STRIDE);
}

// Updates one fragment of every quarter: the one that begins k1 rows and n1 columns into the quarter.
fn update(model: u32, rate: vec2f, k0: u32, n0: u32, k1: u32, n1: u32, local: u32, slot: u32, sum: Sum) {
  subgroupMatrixStore<row_major>(&sums, slot * FRAGMENT, sum, SIDE);
  workgroupBarrier();
  for (var i = local; i < QUARTERS * FRAGMENT / 4u; i += WORKGROUP_SIZE) {
    let quarter = i / (FRAGMENT / 4u);
    let row = i / (SIDE / 4u) % SIDE;
    let vector = i % (SIDE / 4u);
    let k = k0 + quarter / 2u * TILE / 2u + k1 + row;
    let n = (n0 + quarter % 2u * TILE / 2u + n1) / 4u + vector;
    if (k <= INPUTS && n < OUTPUT_VECTORS) {
      let g = vector_of_sums(quarter, row, vector) * (1.0 / SCALE) / X_ONE;
      let p = (model * (INPUTS + 1u) + k) * OUTPUT_VECTORS + n;
      update_at(p, g, select(rate, bias_rate(rate), k == INPUTS));
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let model = group.z;
  let k0 = group.y * TILE;
  let n0 = group.x * TILE;
  let quarter = min(subgroup, QUARTERS - 1u);
  let k = quarter / 2u * TILE / 2u;
  let n = quarter % 2u * TILE / 2u;

  var sum00: Sum;
  var sum01: Sum;
  var sum10: Sum;
  var sum11: Sum;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    stage(model, chunk * CHUNK, k0, n0, local);
    workgroupBarrier();
    for (var b = 0u; b < CHUNK; b += SIDE) {
      let x0 = left(k, b);
      let x1 = left(k + SIDE, b);
      let d0 = right(b, n);
      let d1 = right(b, n + SIDE);
      sum00 = subgroupMatrixMultiplyAccumulate(x0, d0, sum00);
      sum01 = subgroupMatrixMultiplyAccumulate(x0, d1, sum01);
      sum10 = subgroupMatrixMultiplyAccumulate(x1, d0, sum10);
      sum11 = subgroupMatrixMultiplyAccumulate(x1, d1, sum11);
    }
    workgroupBarrier();
  }

  let rate = rate_of(model);
  let slot = min(subgroup, QUARTERS);
  update(model, rate, k0, n0, 0u, 0u, local, slot, sum00);
  update(model, rate, k0, n0, 0u, SIDE, local, slot, sum01);
  update(model, rate, k0, n0, SIDE, 0u, local, slot, sum10);
  update(model, rate, k0, n0, SIDE, SIDE, local, slot, sum11);
}
