// A dense layer's parameter gradient on matrix units, which multiply halves and add up in float32, and its Adam update.
//
//   gradient[z, k, n] = 1/SCALE sum_b half(x[z, b, k]) half(SCALE delta[z, b, n])   k < INPUTS, the kernel
//                     = 1/SCALE sum_b half(SCALE delta[z, b, n])                    k = INPUTS, the bias
//   then Adam as in adam.wgsl, in float32
//   half: rounded to float16; bytes are whole numbers, which it holds exactly, and the sum is divided by 255
//
//   x           without BYTES  [models, BATCH, 4 INPUT_VECTORS]  f32; columns from INPUTS on are padding
//               with BYTES     [samples, 4 INPUT_VECTORS]        bytes, found through order as in dense_matrix.wgsl
//   order       [models, ORDER_LENGTH]                           u32, index of a sample; read with BYTES only
//   delta       [models, BATCH, 4 OUTPUT_VECTORS]                f32
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]           f32; kernel rows, then the bias
//   moments     [2, models, INPUTS + 1, 4 OUTPUT_VECTORS]        f32; Adam's first moment, then the second
//
// One workgroup makes a TILE x TILE tile of the parameters: (tile of columns, tile of rows, model). It goes about it as
// dense_matrix.wgsl does, with a sum over b for the sum over k.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

override MODELS: u32;
override BATCH: u32;
override INPUTS: u32;
override OUTPUTS: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;
override BETA1: f32;
override BETA2: f32;
// 1 - BETA as the host's float64 has it: in float32, 1 - 0.999 is off by 5e-5 of its value.
override ONE_MINUS_BETA1: f32;
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;
override WORKGROUP_SIZE: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;
override MOMENT = MODELS * (INPUTS + 1u) * OUTPUT_VECTORS;
override CHUNKS = (BATCH + CHUNK - 1u) / CHUNK;
// A 1 of x as it is staged.
override X_ONE = select(1.0, 255.0, BYTES);

// The shape that the matrix units must have: src/gpu/matrix-units.ts asks for it.
const SIDE = 16u;
const TILE = 64u;
const CHUNK = 32u;
const QUARTERS = 4u;
// Rows are 16 bytes longer than they need be, so that eight of them begin in different banks.
const STRIDE = TILE + 8u;
const FRAGMENT = SIDE * SIDE;
// As in dense_input_gradient_matrix.wgsl.
const SCALE = 4096.0;

alias Left = subgroup_matrix_left<f16, SIDE, SIDE>;
alias Right = subgroup_matrix_right<f16, SIDE, SIDE>;
alias Sum = subgroup_matrix_result<f32, SIDE, SIDE>;

struct Step {
  offset: u32,
  count: u32,
  index: u32,
  t: u32,
  step_size: f32,
  root_correction: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> moments: array<vec4f>;

// A chunk of x and one of delta, each [CHUNK, STRIDE]: in both columns run along memory.
var<workgroup> staged_x: array<f16, CHUNK * STRIDE>;
var<workgroup> staged_delta: array<f16, CHUNK * STRIDE>;
// A fragment of each quarter, and one that nobody reads: [QUARTERS + 1, SIDE, SIDE].
var<workgroup> sums: array<f32, (QUARTERS + 1u) * FRAGMENT>;

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Row b of x, its columns 4 vector to 4 vector + 3, in units of 1 / X_ONE; behind x, a column of ones, whose gradient is
// the bias's.
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
  let with_ones = select(vec4f(X_ONE), value, 4u * vector + FOUR < vec4u(INPUTS));
  // Past the end zero, so that delta may be any finite number there.
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
    let at = row * STRIDE + 4u * vector;
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

// Of the transposed x.
fn left(k: u32, b: u32) -> Left {
  return subgroupMatrixLoad<Left, col_major>(&staged_x, b * STRIDE + k, STRIDE);
}

fn right(b: u32, n: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&staged_delta, b * STRIDE + n, STRIDE);
}

// The columns 4 vector to 4 vector + 3 of a row of a quarter's fragment.
fn vector_of_sums(quarter: u32, row: u32, vector: u32) -> vec4f {
  let at = quarter * FRAGMENT + row * SIDE + 4u * vector;
  return vec4f(sums[at], sums[at + 1u], sums[at + 2u], sums[at + 3u]);
}

// Updates the same fragment of every quarter, that which begins k1 rows and n1 columns into the quarter.
fn update(model: u32, k0: u32, n0: u32, k1: u32, n1: u32, local: u32, slot: u32, sum: Sum) {
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
      let m = BETA1 * moments[p] + ONE_MINUS_BETA1 * g;
      let v = BETA2 * moments[MOMENT + p] + ONE_MINUS_BETA2 * g * g;
      moments[p] = m;
      moments[MOMENT + p] = v;
      parameters[p] -= step.step_size * m / (sqrt(v) * step.root_correction + EPSILON);
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

  let slot = min(subgroup, QUARTERS);
  update(model, k0, n0, 0u, 0u, local, slot, sum00);
  update(model, k0, n0, 0u, SIDE, local, slot, sum01);
  update(model, k0, n0, SIDE, 0u, local, slot, sum10);
  update(model, k0, n0, SIDE, SIDE, local, slot, sum11);
}
