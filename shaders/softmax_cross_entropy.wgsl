// Softmax cross-entropy of integer labels: its gradient, and the batch's loss and hits.
//
//   p[b, c]        = exp(logits[b, c] - max_c logits[b]) / sum_c exp(...)
//   delta[z, b, c] = (p[b, c] - [c = label b]) / step.count     b <  step.count   (the mean over the batch)
//                  = 0                                          b >= step.count
//   metrics[z, step.index] = (sum_b -log p[b, label b], number of b whose largest logit is the label's)
//
//   samples  from word LABELS_AT on: the labels, bytes, four to a u32, low byte first
//   order    [models, ORDER_LENGTH]      u32, index of a sample
//   logits   [models, BATCH, 4 VECTORS]  f32; columns from CLASSES on are padding
//   delta    [models, BATCH, 4 VECTORS]  f32; padding is written as 0
//   metrics  [models, STEPS]             vec2 of f32
//
// One workgroup makes a model's whole batch, so that the sums need no atomics and come out the same every time.

override BATCH: u32;
override CLASSES: u32;
override ORDER_LENGTH: u32;
override STEPS: u32;
override WORKGROUP_SIZE: u32;

override STRIDE = (CLASSES + 3u) / 4u * 4u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> samples: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> logits: array<f32>;
@group(0) @binding(4) var<storage, read_write> delta: array<f32>;
@group(0) @binding(5) var<storage, read_write> metrics: array<vec2f>;

var<workgroup> partial: array<vec2f, WORKGROUP_SIZE>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.z;
  var loss_and_hits = vec2f();
  for (var b = local; b < BATCH; b += WORKGROUP_SIZE) {
    let row = (model * BATCH + b) * STRIDE;
    if (b >= step.count) {
      for (var c = 0u; c < STRIDE; c++) {
        delta[row + c] = 0.0;
      }
      continue;
    }

    let sample = order[model * ORDER_LENGTH + step.offset + b];
    let label = label_of(sample);
    var highest = logits[row];
    var predicted = 0u;
    for (var c = 1u; c < CLASSES; c++) {
      if (logits[row + c] > highest) {
        highest = logits[row + c];
        predicted = c;
      }
    }
    var sum = 0.0;
    for (var c = 0u; c < CLASSES; c++) {
      sum += exp(logits[row + c] - highest);
    }
    loss_and_hits += vec2f(log(sum) + highest - logits[row + label], select(0.0, 1.0, predicted == label));

    for (var c = 0u; c < CLASSES; c++) {
      let p = exp(logits[row + c] - highest) / sum;
      delta[row + c] = (p - select(0.0, 1.0, c == label)) / f32(step.count);
    }
    for (var c = CLASSES; c < STRIDE; c++) {
      delta[row + c] = 0.0;
    }
  }

  partial[local] = loss_and_hits;
  workgroupBarrier();
  for (var half = WORKGROUP_SIZE / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      partial[local] += partial[local + half];
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    metrics[model * STEPS + step.index] = partial[0];
  }
}
