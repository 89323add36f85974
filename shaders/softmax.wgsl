// Class probabilities, in the stable form.
//
//   probabilities[z, step.offset + b, c] = exp(logits[z, b, c] - max_c logits) / sum_c exp(...)   b < step.count
//
//   logits         [models, BATCH, 4 VECTORS]     f32; columns from CLASSES on are padding
//   probabilities  [models, PROBABILITY_ROWS, CLASSES]  f32, without padding: the host reads it as it is
//
// One invocation makes one row: (row, 0, model).

override BATCH: u32;
override CLASSES: u32;
override PROBABILITY_ROWS: u32;
override WORKGROUP_SIZE: u32;

override STRIDE = (CLASSES + 3u) / 4u * 4u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> probabilities: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= step.count) {
    return;
  }
  let row = (id.z * BATCH + id.x) * STRIDE;
  var highest = logits[row];
  for (var c = 1u; c < CLASSES; c++) {
    highest = max(highest, logits[row + c]);
  }
  var sum = 0.0;
  for (var c = 0u; c < CLASSES; c++) {
    sum += exp(logits[row + c] - highest);
  }
  let target_row = (id.z * PROBABILITY_ROWS + step.offset + id.x) * CLASSES;
  for (var c = 0u; c < CLASSES; c++) {
    probabilities[target_row + c] = exp(logits[row + c] - highest) / sum;
  }
}
