// One batch of normalised inputs, found through the epoch's order.
//
//   x[z, b, i] = samples[order[z, step.offset + b], i] / 255     b <  step.count
//              = 0                                               b >= step.count
//
//   samples  [samples, 4 VECTORS]        bytes, four to a u32, low byte first; then the labels
//   order    [models, ORDER_LENGTH]      u32, index of a sample
//   x        [models, BATCH, 4 VECTORS]  f32; columns from INPUTS on are padding, which no kernel reads
//
// One invocation makes one vec4 of x: (vector, row, model). With n workgroups along y for more rows than that, it also
// makes the same vector of every n-th row after its own.

override BATCH: u32;
override INPUTS: u32;
override ORDER_LENGTH: u32;
override WORKGROUP_SIZE: u32;

override VECTORS = (INPUTS + 3u) / 4u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> samples: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read_write> x: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.x >= VECTORS) {
    return;
  }
  for (var row = id.y; row < BATCH; row += groups.y) {
    var value = vec4f();
    if (row < step.count) {
      value = unpack4x8unorm(samples[order[id.z * ORDER_LENGTH + step.offset + row] * VECTORS + id.x]);
    }
    x[(id.z * BATCH + row) * VECTORS + id.x] = value;
  }
}
