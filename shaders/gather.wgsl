// One batch of normalised inputs, found through the epoch's order.
//
//   x[z, b, i] = images[order[z, step.offset + b], i] / 255      b <  step.count
//              = 0                                               b >= step.count
//
//   images  [samples, INPUTS]          bytes, four to a u32, low byte first
//   order   [models, ORDER_LENGTH]     u32, index of a sample
//   x       [models, BATCH, 4 VECTORS] f32; columns from INPUTS on are padding, which no kernel reads
//
// One invocation makes one vec4 of x: (vector, row, model); of more rows than there are workgroups, every so manieth.

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

fn pixels(sample: u32, vector: u32) -> vec4f {
  let byte = sample * INPUTS + vector * 4u;
  var word = images[byte / 4u];
  // Images whose size is no multiple of four begin in the middle of a word.
  let shift = (byte % 4u) * 8u;
  if (shift != 0u) {
    let next = min(byte / 4u + 1u, arrayLength(&images) - 1u);
    word = (word >> shift) | (images[next] << (32u - shift));
  }
  return unpack4x8unorm(word);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.x >= VECTORS) {
    return;
  }
  for (var row = id.y; row < BATCH; row += groups.y) {
    var value = vec4f();
    if (row < step.count) {
      value = pixels(order[id.z * ORDER_LENGTH + step.offset + row], id.x);
    }
    x[(id.z * BATCH + row) * VECTORS + id.x] = value;
  }
}
