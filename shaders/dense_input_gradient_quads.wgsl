// Gradient of a dense layer's input, through the ReLU that made it, for adapters whose subgroups are four wide.
//
//   delta_x[z, m, k] = sum_n delta_y[z, m, n] parameters[z, k, n]   x[z, m, k] > 0
//                    = 0                                            else
//
//   delta_y     [models, ROWS, 4 OUTPUT_VECTORS]        f32; columns from OUTPUTS on are padding, never read as a value
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias; padded likewise
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the layer's input: the ReLU's output
//   delta_x     [models, ROWS, 4 INPUT_VECTORS]         f32
//
// A quad makes BLOCK_ROWS rows of 16 columns, a vec4 of columns to a lane: (four vec4s of columns, block of rows,
// model). As in dense_quads.wgsl the kernel stands still, here 64 of its columns; all rows of delta_y go past them,
// and the sums are kept in delta_x.

enable subgroups;

override ROWS: u32;
override BLOCK_ROWS: u32;

const TILE_VECTORS = 4u;
// vec4s of delta_y that go past at a time, four to a lane.
const CHUNK = 16u;
const STANDING = 4u * CHUNK;

@group(0) @binding(0) var<storage, read> delta_y: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> delta_x: array<vec4f>;

// Padding may hold anything, and 0 times NaN is NaN: both factors count as zero.
fn without_padding(value: vec4f, n: u32) -> vec4f {
  if (OUTPUTS % (4u * CHUNK) == 0u) {
    return value;
  }
  return select(vec4f(), value, lanes_below(n, OUTPUTS));
}

fn delta_at(row: u32, n: u32) -> vec4f {
  return without_padding(delta_y[row * OUTPUT_VECTORS + min(n, OUTPUT_VECTORS - 1u)], n);
}

fn kernel_at(row: u32, n: u32) -> vec4f {
  return without_padding(parameters[row * OUTPUT_VECTORS + min(n, OUTPUT_VECTORS - 1u)], n);
}

// Long loops test at their end whether to go on: on such an adapter, testing at the start costs one more round.
@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let v = group.x * TILE_VECTORS + lane;
  let first = group.y * BLOCK_ROWS;
  let end = min(first + BLOCK_ROWS, ROWS);
  // Rows of the kernel past the end repeat the last one: read in bounds, computed in vain, never written.
  let rows = model * (INPUTS + 1u) + min(4u * v + FOUR, vec4u(INPUTS - 1u));
  let start = model * ROWS * INPUT_VECTORS + v;

  for (var m = first; m < end; m++) {
    if (v < INPUT_VECTORS) {
      delta_x[start + m * INPUT_VECTORS] = vec4f();
    }
  }

  var chunk = 0u;
  loop {
    for (var t = 0u; t < CHUNK; t++) {
      let n = chunk + (t & 12u) + (lane ^ (t & 3u));
      let columns = transpose(mat4x4f(
        kernel_at(rows.x, n),
        kernel_at(rows.y, n),
        kernel_at(rows.z, n),
        kernel_at(rows.w, n),
      ));
      standing[4u * t] = columns[0];
      standing[4u * t + 1u] = columns[1];
      standing[4u * t + 2u] = columns[2];
      standing[4u * t + 3u] = columns[3];
    }
    let n = chunk + lane;
    var m = first;
    loop {
      let row = model * ROWS + m;
      var sums = add_vector(vec4f(), 0u, delta_at(row, n));
      sums = add_vector(sums, 16u, delta_at(row, n + 4u));
      sums = add_vector(sums, 32u, delta_at(row, n + 8u));
      sums = add_vector(sums, 48u, delta_at(row, n + 12u));
      if (v < INPUT_VECTORS) {
        delta_x[start + m * INPUT_VECTORS] += sums;
      }
      m++;
      continuing {
        break if m >= end;
      }
    }
    chunk += CHUNK;
    continuing {
      break if chunk >= OUTPUT_VECTORS;
    }
  }

  for (var m = first; m < end; m++) {
    let i = start + m * INPUT_VECTORS;
    if (v < INPUT_VECTORS) {
      delta_x[i] = select(vec4f(), delta_x[i], x[i] > vec4f());
    }
  }
}
