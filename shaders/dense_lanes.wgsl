// A dense layer for software adapters whose subgroups are LANES wide: no workgroup memory, no barrier.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k x[z, m, k] parameters[z, k, n])
//   f(v) = max(v, 0) with RELU, else v
//
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the columns from INPUTS on padding
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]        f32
//
// A subgroup makes BLOCK_ROWS rows of BLOCK_VECTORS LANES vec4s of columns, BLOCK_VECTORS vec4s to a lane: (block of
// rows, strip of columns, model). Neighbouring workgroups share the strip's kernel, so that it stays in the processor's
// cache.

enable subgroups;

override ROWS: u32;
override RELU: bool;

override RESULT_ROWS = ROWS;
override RESULT_VECTORS = OUTPUT_VECTORS;
override LENGTH = INPUT_VECTORS;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

var<private> model: u32;

fn moving(row: u32, i: u32) -> vec4f {
  let numbers = x[(model * ROWS + row) * INPUT_VECTORS + i];
  if (INPUTS % 4u == 0u) {
    return numbers;
  }
  return select(vec4f(), numbers, lanes_below(i, INPUTS));
}

// Rows past the kernel's end are read from the bias: x is 0 there, so any finite number will do.
fn standing(i: u32, column: u32) -> mat4x4f {
  let start = model * (INPUTS + 1u) * OUTPUT_VECTORS + column;
  let k = min(4u * i + FOUR, vec4u(INPUTS));
  return mat4x4f(
    parameters[start + k.x * OUTPUT_VECTORS],
    parameters[start + k.y * OUTPUT_VECTORS],
    parameters[start + k.z * OUTPUT_VECTORS],
    parameters[start + k.w * OUTPUT_VECTORS],
  );
}

fn finish(row: u32, column: u32, sum: vec4f) {
  let v = sum + parameters[(model * (INPUTS + 1u) + INPUTS) * OUTPUT_VECTORS + column];
  y[(model * ROWS + row) * OUTPUT_VECTORS + column] = select(v, max(v, vec4f()), RELU);
}

@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane_of_subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  model = group.z;
  make_block(lane_of_subgroup, group);
}
