// A dense layer's parameter gradient and its Adam update in one go: the gradient never reaches memory.
//
//   gradient[z, k, n] = sum_b x[z, b, k] delta[z, b, n]   k < INPUTS, the kernel
//                     = sum_b delta[z, b, n]              k = INPUTS, the bias
//   then Adam as in adam.wgsl
//
//   x           without BYTES  [models, BATCH, 4 INPUT_VECTORS]  f32; columns from INPUTS on are padding
//               with BYTES     [samples, 4 INPUT_VECTORS]        bytes, found through order as in dense.wgsl
//   order       [models, ORDER_LENGTH]                           u32, index of a sample; read with BYTES only
//   delta       [models, BATCH, 4 OUTPUT_VECTORS]                f32
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]           f32; kernel rows, then the bias
//   moments     [2, models, INPUTS + 1, 4 OUTPUT_VECTORS]        f32; Adam's first moment, then the second
//
// One workgroup makes a TILE x TILE tile of the parameters: (tile of columns, tile of rows, model). It goes about it as
// dense.wgsl does, with a sum over b for the sum over k.

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
override TILE: u32;
// 4, or 8: then the tile is 2 x 2 quadrants, and an invocation makes 4 x 4 of each.
override REGISTER_TILE: u32;
override WORKGROUP_SIZE: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;
override MOMENT = MODELS * (INPUTS + 1u) * OUTPUT_VECTORS;
// Blocks along the tile and along a chunk.
override TILE_BLOCKS = TILE / 4u;
override CHUNK_BLOCKS = WORKGROUP_SIZE / (2u * TILE_BLOCKS);
override CHUNKS = (BATCH + 4u * CHUNK_BLOCKS - 1u) / (4u * CHUNK_BLOCKS);
// Invocations along a quadrant.
override LANES = TILE / REGISTER_TILE;
override SLICES = WORKGROUP_SIZE / (LANES * LANES);
override SLICE_DEPTH = 4u * CHUNK_BLOCKS / SLICES;

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

// A chunk of x, then one of delta, each [4, CHUNK_BLOCKS, TILE_BLOCKS]; at the end the slices' sums,
// [SLICES, 4 LANES, LANES].
var<workgroup> staged: array<vec4f, 4u * WORKGROUP_SIZE>;

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Row b of x, its columns 4 vector to 4 vector + 3; behind x, a column of ones, whose gradient is the bias's.
fn vector_of_x(model: u32, b: u32, vector: u32) -> vec4f {
  let read = min(vector, INPUT_VECTORS - 1u);
  var value = vec4f();
  if (BYTES) {
    if (b < step.count) {
      let word = order[model * ORDER_LENGTH + step.offset + b] * INPUT_VECTORS + read;
      value = unpack4x8unorm(x[word / 4u][word % 4u]);
    }
  } else {
    value = bitcast<vec4f>(x[(model * BATCH + min(b, BATCH - 1u)) * INPUT_VECTORS + read]);
  }
  let k = 4u * vector + FOUR;
  let with_ones = select(vec4f(1.0), value, k < vec4u(INPUTS));
  // Past the end zero, so that delta may be any finite number there.
  return select(vec4f(), with_ones, BATCH % (4u * CHUNK_BLOCKS) == 0u || b < BATCH);
}

fn vector_of_delta(model: u32, b: u32, vector: u32) -> vec4f {
  return delta[(model * BATCH + min(b, BATCH - 1u)) * OUTPUT_VECTORS + min(vector, OUTPUT_VECTORS - 1u)];
}

// A column for each of four b.
fn load(is_x: bool, model: u32, b: u32, vector: u32) -> mat4x4f {
  if (is_x) {
    return mat4x4f(
      vector_of_x(model, b, vector),
      vector_of_x(model, b + 1u, vector),
      vector_of_x(model, b + 2u, vector),
      vector_of_x(model, b + 3u, vector),
    );
  }
  return mat4x4f(
    vector_of_delta(model, b, vector),
    vector_of_delta(model, b + 1u, vector),
    vector_of_delta(model, b + 2u, vector),
    vector_of_delta(model, b + 3u, vector),
  );
}

// Column i is a[i] b.
fn outer(a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(a.x * b, a.y * b, a.z * b, a.w * b);
}

// Adds up the slices of a quadrant whose first row is k0 and first vector n0, and updates its parameters. `at` is this
// invocation's place in it.
fn update_quadrant(model: u32, k0: u32, n0: u32, local: u32, at: u32, sum: mat4x4f) {
  staged[at] = sum[0];
  staged[at + LANES] = sum[1];
  staged[at + 2u * LANES] = sum[2];
  staged[at + 3u * LANES] = sum[3];
  workgroupBarrier();
  for (var i = local; i < 4u * LANES * LANES; i += WORKGROUP_SIZE) {
    let k = k0 + i / LANES;
    let n = n0 + i % LANES;
    if (k <= INPUTS && n < OUTPUT_VECTORS) {
      var g = staged[i];
      for (var slice = 1u; slice < SLICES; slice++) {
        g += staged[slice * 4u * LANES * LANES + i];
      }
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
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.z;

  // The first half of the invocations stages x, the other delta: in both columns run along memory.
  let stages_x = local < WORKGROUP_SIZE / 2u;
  let i = local % (WORKGROUP_SIZE / 2u);
  let b = 4u * (i / TILE_BLOCKS);
  let vector = select(group.x, group.y, stages_x) * TILE_BLOCKS + i % TILE_BLOCKS;
  let staged_at = select(2u * WORKGROUP_SIZE, 0u, stages_x) + i;

  // Neighbours make 2 x 2 squares, as in dense.wgsl.
  let lane = local % (LANES * LANES);
  let slice = local / (LANES * LANES);
  let row = lane / (2u * LANES) * 2u + lane / 2u % 2u;
  let column = lane % (2u * LANES) / 4u * 2u + lane % 2u;

  // Column i of these matrices is a part of row i of the invocation's tile; quadrants by row, then column.
  var sum00 = mat4x4f();
  var sum01 = mat4x4f();
  var sum10 = mat4x4f();
  var sum11 = mat4x4f();
  for (var chunk = 0u; chunk <= CHUNKS; chunk++) {
    // One chunk is loaded while the one before it is multiplied.
    var next: mat4x4f;
    if (chunk < CHUNKS) {
      next = load(stages_x, model, 4u * chunk * CHUNK_BLOCKS + b, vector);
    }
    if (chunk > 0u) {
      for (var depth = 0u; depth < SLICE_DEPTH; depth++) {
        let x_at = (depth * SLICES + slice) * TILE_BLOCKS + row;
        let delta_at = 2u * WORKGROUP_SIZE + (depth * SLICES + slice) * TILE_BLOCKS + column;
        let x0 = staged[x_at];
        let d0 = staged[delta_at];
        sum00 += outer(x0, d0);
        if (REGISTER_TILE == 8u) {
          let x1 = staged[x_at + LANES];
          let d1 = staged[delta_at + LANES];
          sum01 += outer(x0, d1);
          sum10 += outer(x1, d0);
          sum11 += outer(x1, d1);
        }
      }
    }
    workgroupBarrier();
    if (chunk < CHUNKS) {
      staged[staged_at] = next[0];
      staged[staged_at + WORKGROUP_SIZE / 2u] = next[1];
      staged[staged_at + WORKGROUP_SIZE] = next[2];
      staged[staged_at + 3u * WORKGROUP_SIZE / 2u] = next[3];
    }
    workgroupBarrier();
  }

  let at = (slice * 4u * LANES + 4u * row) * LANES + column;
  let k0 = group.y * TILE;
  let n0 = group.x * TILE_BLOCKS;
  update_quadrant(model, k0, n0, local, at, sum00);
  if (REGISTER_TILE == 8u) {
    update_quadrant(model, k0, n0 + LANES, local, at, sum01);
    update_quadrant(model, k0 + 4u * LANES, n0, local, at, sum10);
    update_quadrant(model, k0 + 4u * LANES, n0 + LANES, local, at, sum11);
  }
}
