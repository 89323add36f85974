// A dense layer: matmul + bias + ReLU in one go.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k x[z, m, k] parameters[z, k, n])
//   f(v) = max(v, 0) with RELU, else v
//
//   x           without BYTES  [models, ROWS, 4 INPUT_VECTORS]  f32; columns from INPUTS on are padding
//               with BYTES     [samples, 4 INPUT_VECTORS]       bytes, four to a u32, low byte first; row m of model z is
//                              the sample order[z, step.offset + m], divided by 255, or 0 for m >= step.count
//   order       [models, ORDER_LENGTH]                          u32, index of a sample; read with BYTES only
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]          f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]                f32
//
// One workgroup makes a TILE x TILE tile of y: (tile of columns, tile of rows, model). While one chunk of the sum over
// k is multiplied, the next is loaded into registers.

override ROWS: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;
override RELU: bool;

override CHUNKS = (INPUT_VECTORS + CHUNK_BLOCKS - 1u) / CHUNK_BLOCKS;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// Columns k = 4 vector to 4 vector + 3 of the rows of x that begin at the vectors `rows`: a matrix column for each k.
fn block_of_x(rows: vec4u, present: vec4<bool>, vector: u32) -> mat4x4f {
  let i = rows + min(vector, INPUT_VECTORS - 1u);
  // Padding and vectors past the end may hold anything: they count as zero, since 0 times NaN is NaN.
  let inside = vec4<bool>(INPUTS % (4u * CHUNK_BLOCKS) == 0u) | lanes_below(vector, INPUTS);
  let zero = vec4f();
  if (BYTES) {
    return transpose(mat4x4f(
      select(zero, pixels(i.x), inside & vec4<bool>(present.x)),
      select(zero, pixels(i.y), inside & vec4<bool>(present.y)),
      select(zero, pixels(i.z), inside & vec4<bool>(present.z)),
      select(zero, pixels(i.w), inside & vec4<bool>(present.w)),
    ));
  }
  return transpose(mat4x4f(
    select(zero, bitcast<vec4f>(x[i.x]), inside),
    select(zero, bitcast<vec4f>(x[i.y]), inside),
    select(zero, bitcast<vec4f>(x[i.z]), inside),
    select(zero, bitcast<vec4f>(x[i.w]), inside),
  ));
}

// Rows k = 4 vector to 4 vector + 3 of the kernel, the four columns that begin at the vector `columns`. Rows past the
// kernel's end are read from the bias: x is zero there, so any finite number will do.
fn block_of_kernel(columns: u32, vector: u32) -> mat4x4f {
  let i = columns + min(4u * vector + FOUR, vec4u(INPUTS)) * OUTPUT_VECTORS;
  return mat4x4f(parameters[i.x], parameters[i.y], parameters[i.z], parameters[i.w]);
}

// Adds up the slices of a quadrant whose first row is m0 and first vector n0, and writes it. `at` is this invocation's
// place in `staged`.
fn write_quadrant(model: u32, m0: u32, n0: u32, local: u32, at: u32, sum: mat4x4f) {
  stage_sums(at, sum);
  workgroupBarrier();
  for (var i = local; i < 4u * LANES * LANES; i += WORKGROUP_SIZE) {
    let m = m0 + i / LANES;
    let n = n0 + i % LANES;
    if (m < ROWS && n < OUTPUT_VECTORS) {
      let value = added_slices(i);
      y[(model * ROWS + m) * OUTPUT_VECTORS + n] = select(value, max(value, vec4f()), RELU);
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.z;
  let m0 = group.y * TILE;
  let n0 = group.x * TILE_BLOCKS;

  // The first half of the invocations stages x, where k runs along memory: eight rows of blocks, then eight more, so
  // that neighbours share a row's cache lines. The other half stages the kernel, where columns run along memory.
  let stages_x = local < WORKGROUP_SIZE / 2u;
  let i = local % (WORKGROUP_SIZE / 2u);
  let eight = min(8u, TILE_BLOCKS);
  let x_block = vec2u(i % eight + i / (eight * CHUNK_BLOCKS) * eight, i / eight % CHUNK_BLOCKS);
  let kernel_block = vec2u(i % TILE_BLOCKS, i / TILE_BLOCKS);
  let block_at = select(kernel_block, x_block, stages_x);
  let staged_at = select(2u * WORKGROUP_SIZE, 0u, stages_x) + block_at.y * TILE_BLOCKS + block_at.x;

  // Rows and columns past the end repeat the last one: read in bounds, computed in vain, never written.
  let m = m0 + 4u * block_at.x + FOUR;
  let present = m < vec4u(step.count);
  var rows = (model * ROWS + min(m, vec4u(ROWS - 1u))) * INPUT_VECTORS;
  if (BYTES && stages_x) {
    let sample = model * ORDER_LENGTH + step.offset + select(vec4u(), m, present);
    rows = vec4u(order[sample.x], order[sample.y], order[sample.z], order[sample.w]) * INPUT_VECTORS;
  }
  let columns = model * (INPUTS + 1u) * OUTPUT_VECTORS + min(n0 + block_at.x, OUTPUT_VECTORS - 1u);

  // Neighbouring invocations make 2 x 2 squares: rows of a square read the same part of x, columns the same part of the
  // kernel, so that one access to the memory's banks serves twice as many invocations.
  let lane = local % (LANES * LANES);
  let slice = local / (LANES * LANES);
  let row = lane / (2u * LANES) * 2u + lane / 2u % 2u;
  let column = lane % (2u * LANES) / 4u * 2u + lane % 2u;

  // Column i of these matrices is a part of row i of the invocation's tile; quadrants by row, then column. The sums of
  // the first slice begin with the bias.
  let bias = (model * (INPUTS + 1u) + INPUTS) * OUTPUT_VECTORS;
  let b0 = select(vec4f(), parameters[bias + min(n0 + column, OUTPUT_VECTORS - 1u)], slice == 0u);
  let b1 = select(vec4f(), parameters[bias + min(n0 + LANES + column, OUTPUT_VECTORS - 1u)], slice == 0u);
  var sum00 = mat4x4f(b0, b0, b0, b0);
  var sum01 = mat4x4f(b1, b1, b1, b1);
  var sum10 = sum00;
  var sum11 = sum01;
  for (var chunk = 0u; chunk <= CHUNKS; chunk++) {
    // One chunk is loaded while the one before it is multiplied.
    var next: mat4x4f;
    if (chunk < CHUNKS) {
      let vector = chunk * CHUNK_BLOCKS + block_at.y;
      if (stages_x) {
        next = block_of_x(rows, present, vector);
      } else {
        next = block_of_kernel(columns, vector);
      }
    }
    if (chunk > 0u) {
      // Every index here is a sum of quotients and remainders by constants, so that a compiler can see that it is in
      // bounds and leave out the check.
      for (var depth = 0u; depth < SLICE_DEPTH; depth++) {
        let x_at = (depth * SLICES + slice) * TILE_BLOCKS + row;
        let kernel_at = 2u * WORKGROUP_SIZE + (depth * SLICES + slice) * TILE_BLOCKS + column;
        let x0 = staged[x_at];
        let w0 = staged[kernel_at];
        sum00 += outer(x0, w0);
        if (REGISTER_TILE == 8u) {
          let x1 = staged[x_at + LANES];
          let w1 = staged[kernel_at + LANES];
          sum01 += outer(x0, w1);
          sum10 += outer(x1, w0);
          sum11 += outer(x1, w1);
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
  write_quadrant(model, m0, n0, local, at, sum00);
  if (REGISTER_TILE == 8u) {
    write_quadrant(model, m0, n0 + LANES, local, at, sum01);
    write_quadrant(model, m0 + 4u * LANES, n0, local, at, sum10);
    write_quadrant(model, m0 + 4u * LANES, n0 + LANES, local, at, sum11);
  }
}
