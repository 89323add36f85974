// One batch of normalised inputs, found through the epoch's order.
//
//   x[z, b, i] = images[order[z, step.offset + b], i] / 255      b <  step.count
//              = 0                                               b >= step.count
//
//   images  [samples, INPUTS]          bytes, four to a u32, low byte first
//   order   [models, ORDER_LENGTH]     u32, index of a sample
//   x       [models, BATCH, 4 VECTORS] f32; columns from INPUTS on are padding, which no kernel reads
//
// One invocation makes one vec4 of x: (vector, row, model).

override BATCH: u32;
override INPUTS: u32;
override ORDER_LENGTH: u32;
override WORKGROUP_SIZE: u32;

override VECTORS = (INPUTS + 3u) / 4u;

struct Step {
  offset: u32,
  count: u32,
  index: u32,
  step_size: f32,
  root_correction: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= VECTORS) {
    return;
  }
  let target_index = (id.z * BATCH + id.y) * VECTORS + id.x;
  if (id.y >= step.count) {
    x[target_index] = vec4f();
    return;
  }
  let sample = order[id.z * ORDER_LENGTH + step.offset + id.y];
  let byte = sample * INPUTS + id.x * 4u;
  var pixels = images[byte / 4u];
  // Images whose size is no multiple of four begin in the middle of a word.
  let shift = (byte % 4u) * 8u;
  if (shift != 0u) {
    let next = min(byte / 4u + 1u, arrayLength(&images) - 1u);
    pixels = (pixels >> shift) | (images[next] << (32u - shift));
  }
  x[target_index] = unpack4x8unorm(pixels);
}
