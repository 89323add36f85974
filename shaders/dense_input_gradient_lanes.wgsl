// Gradient of a dense layer's input, through the ReLU that made it, for software adapters whose subgroups are LANES wide.
//
//   delta_x[z, m, k] = sum_n delta_y[z, m, n] parameters[z, k, n]   x[z, m, k] > 0
//                    = 0                                            else
//
//   delta_y     [models, ROWS, 4 OUTPUT_VECTORS]        f32; columns from OUTPUTS on are padding, never read as a value
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias; padded likewise
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the layer's input: the ReLU's output
//   delta_x     [models, ROWS, 4 INPUT_VECTORS]         f32
//
// A subgroup makes BLOCK_ROWS rows of VECTORS LANES columns, as in dense_lanes.wgsl: (block of rows, strip of columns,
// model). A column of delta_x is a row of the kernel.

enable subgroups;

override ROWS: u32;

override RESULT_ROWS = ROWS;
override RESULT_COLUMNS = INPUTS;
override LENGTH = OUTPUTS;

@group(0) @binding(0) var<storage, read> delta_y: array<f32>;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> delta_x: array<f32>;

var<private> model: u32;

// Padding may hold anything, and 0 times NaN is NaN: both factors count as zero.
fn without_padding(number: f32, n: u32) -> f32 {
  if (OUTPUTS % 4u == 0u) {
    return number;
  }
  return select(0.0, number, n < OUTPUTS);
}

fn moving(row: u32, i: u32) -> f32 {
  return without_padding(delta_y[(model * ROWS + row) * 4u * OUTPUT_VECTORS + i], i);
}

fn standing(i: u32, column: u32) -> f32 {
  return without_padding(parameters[(model * (INPUTS + 1u) + column) * 4u * OUTPUT_VECTORS + i], i);
}

fn finish(row: u32, column: u32, sum: f32) {
  let at = (model * ROWS + row) * 4u * INPUT_VECTORS + column;
  delta_x[at] = select(0.0, sum, x[at] > 0.0);
}

@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane_of_subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  model = group.z;
  make_block(lane_of_subgroup, group);
}
