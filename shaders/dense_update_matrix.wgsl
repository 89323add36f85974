// A dense layer's parameter gradient on matrix units, which multiply halves, and the parameters' update.
//
//   gradient[z, k, n] = 1/SCALE sum_b half(x[z, b, k]) half(SCALE delta[z, b, n])   k < INPUTS, the kernel
//                     = 1/SCALE sum_b half(SCALE delta[z, b, n])                    k = INPUTS, the bias
//   then the optimizer's update in float32, parts/adam.wgsl or parts/sgd.wgsl
//   half: rounded to float16; bytes count as 256ths, which it holds exactly, and the sum is multiplied by 256 / 255
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
override X_ONE = select(1.0, 255.0 / 256.0, BYTES);

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

// Columns 4 vector to 4 vector + 3 of row b of x, as staged. The columns of x are followed by ones, whose
// gradient is the bias's.
fn vector_of_x(model: u32, b: u32, vector: u32) -> vec4f {
  let read = min(vector, INPUT_VECTORS - 1u);
  var value = vec4f();
  if (BYTES) {
    if (b < step.count) {
      let word = order[model * ORDER_LENGTH + step.offset + b] * INPUT_VECTORS + read;
      value = vec4f(unpack4xU8(x[word / 4u][word % 4u])) / 256.0;
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

fn stage(model: u32, k0: u32, b0: u32, n0: u32, local: u32) {
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

fn finish(model: u32, k: u32, vector: u32, sum: vec4f) {
  if (k <= INPUTS && vector < OUTPUT_VECTORS) {
    let rate = rate_of(model);
    let gradient = sum * (1.0 / SCALE) / X_ONE;
    let at = (model * (INPUTS + 1u) + k) * OUTPUT_VECTORS + vector;
    update_at(at, gradient, select(rate, bias_rate(rate), k == INPUTS));
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  make_tile(group.z, group.y * TILE, group.x * TILE, local, subgroup);
}
