// Gradient of a dense layer's input, through the ReLU that made it: matmul with the transposed kernel + mask.
//
//   delta_x[z, m, k] = sum_n delta_y[z, m, n] parameters[z, k, n]   x[z, m, k] > 0
//                    = 0                                            else
//
//   delta_y     [models, ROWS, 4 OUTPUT_VECTORS]        f32; columns from OUTPUTS on are padding
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias; padded likewise
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the layer's input: the ReLU's output
//   delta_x     [models, ROWS, 4 INPUT_VECTORS]         f32
//
// One workgroup makes a TILE x TILE tile of delta_x: (tile of columns, tile of rows, model). It works as
// dense.wgsl does, with a sum over n instead of k.

override ROWS: u32;

override CHUNKS = (OUTPUT_VECTORS + CHUNK_BLOCKS - 1u) / CHUNK_BLOCKS;

@group(0) @binding(0) var<storage, read> delta_y: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> delta_x: array<vec4f>;

// Columns n = 4 vector to 4 vector + 3 of four rows: a matrix column for each n.
fn block(row0: vec4f, row1: vec4f, row2: vec4f, row3: vec4f, vector: u32) -> mat4x4f {
  // Padding and vectors past the end may hold anything: both factors count as zero, since 0 times NaN is NaN.
  let inside = vec4<bool>(OUTPUTS % (4u * CHUNK_BLOCKS) == 0u) | lanes_below(vector, OUTPUTS);
  let zero = vec4f();
  return transpose(mat4x4f(
    select(zero, row0, inside),
    select(zero, row1, inside),
    select(zero, row2, inside),
    select(zero, row3, inside),
  ));
}

// The rows that begin at the vectors `rows` of delta_y or of the kernel.
fn load(is_delta: bool, rows: vec4u, vector: u32) -> mat4x4f {
  let i = rows + min(vector, OUTPUT_VECTORS - 1u);
  if (is_delta) {
    return block(delta_y[i.x], delta_y[i.y], delta_y[i.z], delta_y[i.w], vector);
  }
  return block(parameters[i.x], parameters[i.y], parameters[i.z], parameters[i.w], vector);
}

// Adds up the slices of a quadrant whose first row is m0 and first vector k0, and writes it. `at` is this invocation's
// place in `staged`.
fn write_quadrant(model: u32, m0: u32, k0: u32, local: u32, at: u32, sum: mat4x4f) {
  stage_sums(at, sum);
  workgroupBarrier();
  for (var i = local; i < 4u * LANES * LANES; i += WORKGROUP_SIZE) {
    let m = m0 + i / LANES;
    let k = k0 + i % LANES;
    if (m < ROWS && k < INPUT_VECTORS) {
      let gradient = added_slices(i);
      let target_vector = (model * ROWS + m) * INPUT_VECTORS + k;
      delta_x[target_vector] = select(vec4f(), gradient, x[target_vector] > vec4f());
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.z;
  let m0 = group.y * TILE;
  let k0 = group.x * TILE;

  // The first half of the invocations stages delta_y, the other half the kernel; n runs along memory in both. They take
  // eight rows of blocks, then eight more, so that neighbours share a row's cache lines.
  let stages_delta = local < WORKGROUP_SIZE / 2u;
  let i = local % (WORKGROUP_SIZE / 2u);
  let eight = min(8u, TILE_BLOCKS);
  let tile_block = i % eight + i / (eight * CHUNK_BLOCKS) * eight;
  let chunk_block = i / eight % CHUNK_BLOCKS;
  let staged_at = select(2u * WORKGROUP_SIZE, 0u, stages_delta) + chunk_block * TILE_BLOCKS + tile_block;

  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let delta_rows = model * ROWS + min(m0 + 4u * tile_block + FOUR, vec4u(ROWS - 1u));
  let kernel_rows = model * (INPUTS + 1u) + min(k0 + 4u * tile_block + FOUR, vec4u(INPUTS - 1u));
  let rows = select(kernel_rows, delta_rows, stages_delta) * OUTPUT_VECTORS;

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
      next = load(stages_delta, rows, chunk * CHUNK_BLOCKS + chunk_block);
    }
    if (chunk > 0u) {
      for (var depth = 0u; depth < SLICE_DEPTH; depth++) {
        let delta_at = (depth * SLICES + slice) * TILE_BLOCKS + row;
        let kernel_at = 2u * WORKGROUP_SIZE + (depth * SLICES + slice) * TILE_BLOCKS + column;
        let d0 = staged[delta_at];
        let w0 = staged[kernel_at];
        sum00 += outer(d0, w0);
        if (REGISTER_TILE == 8u) {
          let d1 = staged[delta_at + LANES];
          let w1 = staged[kernel_at + LANES];
          sum01 += outer(d0, w1);
          sum10 += outer(d1, w0);
          sum11 += outer(d1, w1);
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
  write_quadrant(model, m0, group.x * TILE_BLOCKS, local, at, sum00);
  if (REGISTER_TILE == 8u) {
    write_quadrant(model, m0, group.x * TILE_BLOCKS + LANES, local, at, sum01);
    write_quadrant(model, m0 + 4u * LANES, group.x * TILE_BLOCKS, local, at, sum10);
    write_quadrant(model, m0 + 4u * LANES, group.x * TILE_BLOCKS + LANES, local, at, sum11);
  }
}
