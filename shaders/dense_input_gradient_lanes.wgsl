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
// A subgroup makes BLOCK_ROWS rows of BLOCK_VECTORS LANES vec4s of columns, as in dense_lanes.wgsl: (block of rows, strip
// of columns, model). A column of delta_x is a row of the kernel.

enable subgroups;

override ROWS: u32;

override RESULT_ROWS = ROWS;
override RESULT_VECTORS = INPUT_VECTORS;
override LENGTH = OUTPUT_VECTORS;

@group(0) @binding(0) var<storage, read> delta_y: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> delta_x: array<vec4f>;

var<private> model: u32;

// Padding may hold anything, and 0 times NaN is NaN: both factors count as zero.
fn without_padding(value: vec4f, n: u32) -> vec4f {
  if (OUTPUTS % 4u == 0u) {
    return value;
  }
  return select(vec4f(), value, lanes_below(n, OUTPUTS));
}

fn moving(row: u32, i: u32) -> vec4f {
  return without_padding(delta_y[(model * ROWS + row) * OUTPUT_VECTORS + i], i);
}

fn kernel_at(row: u32, n: u32) -> vec4f {
  return without_padding(parameters[(model * (INPUTS + 1u) + row) * OUTPUT_VECTORS + n], n);
}

// Rows past the kernel's end repeat the last one: they are padding of delta_x.
fn standing(i: u32, column: u32) -> mat4x4f {
  let k = min(4u * column + FOUR, vec4u(INPUTS - 1u));
  return transpose(mat4x4f(kernel_at(k.x, i), kernel_at(k.y, i), kernel_at(k.z, i), kernel_at(k.w, i)));
}

fn finish(row: u32, column: u32, sum: vec4f) {
  let at = (model * ROWS + row) * INPUT_VECTORS + column;
  delta_x[at] = select(vec4f(), sum, x[at] > vec4f());
}

@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane_of_subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  model = group.z;
  make_block(lane_of_subgroup, group);
}
