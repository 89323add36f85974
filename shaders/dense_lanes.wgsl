// A dense layer for software adapters whose subgroups are LANES wide: no workgroup memory, no barrier.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k x[z, m, k] parameters[z, k, n])
//   f(v) = max(v, 0) with RELU, else v
//
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the columns from INPUTS on padding
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]        f32
//
// A subgroup makes BLOCK_ROWS rows of VECTORS LANES columns, a column of each vector to a lane: (block of rows, strip of
// columns, model). Neighbouring workgroups share the strip's kernel, so that it stays in the processor's cache.

enable subgroups;

override ROWS: u32;
override RELU: bool;

override RESULT_ROWS = ROWS;
override RESULT_COLUMNS = OUTPUTS;
override LENGTH = INPUTS;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<private> model: u32;

fn moving(row: u32, i: u32) -> f32 {
  let number = x[(model * ROWS + row) * 4u * INPUT_VECTORS + i];
  if (INPUTS % 4u == 0u) {
    return number;
  }
  return select(0.0, number, i < INPUTS);
}

// Rows past the kernel's end are read from the bias: x is 0 there, so any finite number will do.
fn standing(i: u32, column: u32) -> f32 {
  var k = i;
  if (INPUTS % 4u != 0u) {
    k = min(i, INPUTS);
  }
  return parameters[(model * (INPUTS + 1u) + k) * 4u * OUTPUT_VECTORS + column];
}

fn finish(row: u32, column: u32, sum: f32) {
  let v = sum + parameters[(model * (INPUTS + 1u) + INPUTS) * 4u * OUTPUT_VECTORS + column];
  y[(model * ROWS + row) * 4u * OUTPUT_VECTORS + column] = select(v, max(v, 0.0), RELU);
}

@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane_of_subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  model = group.z;
  make_block(lane_of_subgroup, group);
}
