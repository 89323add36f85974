// Gradient of the bias: the sum over the batch.
//
//   gradient[z, INPUTS, n] = sum_b delta[z, b, n]
//
//   delta     [models, BATCH, 4 OUTPUT_VECTORS]       f32, gradient of the loss with respect to the layer's output
//   gradient  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; only the last row is written
//
// One invocation sums one vec4 of columns, first sample to last: (vector, 0, model).

override BATCH: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> delta: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= OUTPUT_VECTORS) {
    return;
  }
  var sum = vec4f();
  for (var row = 0u; row < BATCH; row++) {
    sum += delta[(id.z * BATCH + row) * OUTPUT_VECTORS + id.x];
  }
  gradient[(id.z * (INPUTS + 1u) + INPUTS) * OUTPUT_VECTORS + id.x] = sum;
}
