// A dense layer for adapters whose subgroups are four wide (software): no workgroup memory, no barrier.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k x[z, m, k] parameters[z, k, n])
//   f(v) = max(v, 0) with RELU, else v
//
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the columns from INPUTS on padding
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]        f32
//
// A quad makes BLOCK_ROWS rows of 16 columns, a vec4 of columns to a lane: (four vec4s of columns, block of rows,
// model). On such an adapter a load or a store costs as much as fifteen products, and a value carried round a loop as
// much as three. So the kernel stands still: 64 of its rows are loaded once, and all rows of x go past them. The sums
// are kept in y, so that no loop carries them. Each lane loads a fourth of a row of x; the rest comes by quad swaps.

enable subgroups;

override ROWS: u32;
override RELU: bool;
override BLOCK_ROWS: u32;

const TILE_VECTORS = 4u;
// vec4s of inputs that go past at a time, four to a lane.
const CHUNK = 16u;
const STANDING = 4u * CHUNK;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

// Vector i of the row that begins at `start`, with zeros past its end and for padding.
fn vector(start: u32, i: u32) -> vec4f {
  if (INPUTS % (4u * CHUNK) == 0u) {
    return x[start + i];
  }
  let value = x[start + min(i, INPUT_VECTORS - 1u)];
  return select(vec4f(), value, lanes_below(i, INPUTS));
}

// Long loops test at their end whether to go on: on such an adapter, testing at the start costs one more round.
@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let n = group.x * TILE_VECTORS + lane;
  let first = group.y * BLOCK_ROWS;
  let end = min(first + BLOCK_ROWS, ROWS);
  // Columns past the end repeat the last ones: read in bounds, computed in vain, never written.
  let column = model * (INPUTS + 1u) * OUTPUT_VECTORS + min(n, OUTPUT_VECTORS - 1u);
  let y_start = model * ROWS * OUTPUT_VECTORS + n;

  let bias = parameters[column + INPUTS * OUTPUT_VECTORS];
  for (var m = first; m < end; m++) {
    if (n < OUTPUT_VECTORS) {
      y[y_start + m * OUTPUT_VECTORS] = bias;
    }
  }

  var chunk = 0u;
  loop {
    for (var t = 0u; t < CHUNK; t++) {
      // Rows past the kernel's end are read from the bias: x is 0 there, so any finite number will do.
      let k = min(4u * (chunk + (t & 12u) + (lane ^ (t & 3u))) + FOUR, vec4u(INPUTS));
      standing[4u * t] = parameters[column + k.x * OUTPUT_VECTORS];
      standing[4u * t + 1u] = parameters[column + k.y * OUTPUT_VECTORS];
      standing[4u * t + 2u] = parameters[column + k.z * OUTPUT_VECTORS];
      standing[4u * t + 3u] = parameters[column + k.w * OUTPUT_VECTORS];
    }
    let i = chunk + lane;
    var m = first;
    loop {
      let start = (model * ROWS + m) * INPUT_VECTORS;
      var sums = add_vector(vec4f(), 0u, vector(start, i));
      sums = add_vector(sums, 16u, vector(start, i + 4u));
      sums = add_vector(sums, 32u, vector(start, i + 8u));
      sums = add_vector(sums, 48u, vector(start, i + 12u));
      if (n < OUTPUT_VECTORS) {
        y[y_start + m * OUTPUT_VECTORS] += sums;
      }
      m++;
      continuing {
        break if m >= end;
      }
    }
    chunk += CHUNK;
    continuing {
      break if chunk >= INPUT_VECTORS;
    }
  }

  for (var m = first; RELU && m < end; m++) {
    if (n < OUTPUT_VECTORS) {
      let v = y[y_start + m * OUTPUT_VECTORS];
      y[y_start + m * OUTPUT_VECTORS] = max(v, vec4f());
    }
  }
}
