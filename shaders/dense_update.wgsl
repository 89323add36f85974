// A dense layer's parameter gradient and the parameters' update in one go: the gradient never reaches memory.
//
//   gradient[z, k, n] = sum_b x[z, b, k] delta[z, b, n]   k < INPUTS, the kernel
//                     = sum_b delta[z, b, n]              k = INPUTS, the bias
//   then the optimizer's update, parts/adam.wgsl or parts/sgd.wgsl
//
//   x           without BYTES  [models, BATCH, 4 INPUT_VECTORS]  f32; columns from INPUTS on are padding
//               with BYTES     [samples, 4 INPUT_VECTORS]        bytes, found through order as in dense.wgsl
//   order       [models, ORDER_LENGTH]                           u32, index of a sample; read with BYTES only
//   delta       [models, BATCH, 4 OUTPUT_VECTORS]                f32; 0 for samples from step.count on
//   rates       [slots, models]                                  vec2 of f32, as in parts/rates.wgsl
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]           f32; kernel rows, then the bias
//   moments     [moments, models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; what the optimizer keeps
//
// One workgroup makes a TILE x TILE tile of the parameters: (tile of columns, tile of rows, model). It works as
// dense.wgsl does, with a sum over b instead of k.

override BATCH: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;

override CHUNKS = (BATCH + 4u * CHUNK_BLOCKS - 1u) / (4u * CHUNK_BLOCKS);

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read> rates: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> moments: array<vec4f>;

// The columns of x are followed by ones, whose gradient is the bias's. Samples past the end are zero, so that delta may
// be any finite number there.
fn with_ones(value: vec4f, vector: u32, inside: bool) -> vec4f {
  return select(vec4f(), select(vec4f(1.0), value, lanes_below(vector, INPUTS)), inside);
}

// Columns 4 vector to 4 vector + 3 of x: a matrix column for each of the four samples from b on.
fn block_of_x(model: u32, b: u32, vector: u32) -> mat4x4f {
  let samples = b + FOUR;
  let read = min(vector, INPUT_VECTORS - 1u);
  var inside: vec4<bool>;
  var block: mat4x4f;
  if (BYTES) {
    inside = samples < vec4u(step.count);
    let i = model * ORDER_LENGTH + step.offset + select(vec4u(), samples, inside);
    let word = vec4u(order[i.x], order[i.y], order[i.z], order[i.w]) * INPUT_VECTORS + read;
    block = mat4x4f(pixels(word.x), pixels(word.y), pixels(word.z), pixels(word.w));
  } else {
    inside = vec4<bool>(BATCH % (4u * CHUNK_BLOCKS) == 0u) | (samples < vec4u(BATCH));
    let i = (model * BATCH + min(samples, vec4u(BATCH - 1u))) * INPUT_VECTORS + read;
    block = mat4x4f(
      bitcast<vec4f>(x[i.x]),
      bitcast<vec4f>(x[i.y]),
      bitcast<vec4f>(x[i.z]),
      bitcast<vec4f>(x[i.w]),
    );
  }
  return mat4x4f(
    with_ones(block[0], vector, inside.x),
    with_ones(block[1], vector, inside.y),
    with_ones(block[2], vector, inside.z),
    with_ones(block[3], vector, inside.w),
  );
}

// Columns 4 vector to 4 vector + 3 of delta, likewise.
fn block_of_delta(model: u32, b: u32, vector: u32) -> mat4x4f {
  let samples = model * BATCH + min(b + FOUR, vec4u(BATCH - 1u));
  let i = samples * OUTPUT_VECTORS + min(vector, OUTPUT_VECTORS - 1u);
  return mat4x4f(delta[i.x], delta[i.y], delta[i.z], delta[i.w]);
}

// Adds up the slices of a quadrant whose first row is k0 and first vector n0, and updates its parameters. `at` is this
// invocation's place in `staged`.
fn update_quadrant(model: u32, rate: vec2f, k0: u32, n0: u32, local: u32, at: u32, sum: mat4x4f) {
  stage_sums(at, sum);
  workgroupBarrier();
  for (var i = local; i < 4u * LANES * LANES; i += WORKGROUP_SIZE) {
    let k = k0 + i / LANES;
    let n = n0 + i % LANES;
    if (k <= INPUTS && n < OUTPUT_VECTORS) {
      let p = (model * (INPUTS + 1u) + k) * OUTPUT_VECTORS + n;
      update_at(p, added_slices(i), select(rate, bias_rate(rate), k == INPUTS));
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.z;

  // The first half of the invocations stages x, the other half delta; columns run along memory in both.
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
      let first = 4u * chunk * CHUNK_BLOCKS + b;
      if (stages_x) {
        next = block_of_x(model, first, vector);
      } else {
        next = block_of_delta(model, first, vector);
      }
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
      stage(staged_at, next);
    }
    workgroupBarrier();
  }

  let at = (slice * 4u * LANES + 4u * row) * LANES + column;
  let k0 = group.y * TILE;
  let n0 = group.x * TILE_BLOCKS;
  let rate = rate_of(model);
  update_quadrant(model, rate, k0, n0, local, at, sum00);
  if (REGISTER_TILE == 8u) {
    update_quadrant(model, rate, k0, n0 + LANES, local, at, sum01);
    update_quadrant(model, rate, k0 + 4u * LANES, n0, local, at, sum10);
    update_quadrant(model, rate, k0 + 4u * LANES, n0 + LANES, local, at, sum11);
  }
}
