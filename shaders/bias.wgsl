// Adds the bias, in place.
//
//   y[z, m, n] += parameters[z, INPUTS, n]
//
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]        f32
//
// One invocation changes one vec4 of y: (vector, row, model).

override ROWS: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= OUTPUT_VECTORS) {
    return;
  }
  y[(id.z * ROWS + id.y) * OUTPUT_VECTORS + id.x] += parameters[(id.z * (INPUTS + 1u) + INPUTS) * OUTPUT_VECTORS + id.x];
}
