// The output layer of a classifier on top of a hidden layer, forward and backward: logits, softmax cross-entropy, its
// gradient, and that of the hidden layer's output, through the ReLU.
//
//   logits[b, c]     = parameters[z, INPUTS, c] + sum_k x[z, b, k] parameters[z, k, c]
//   p[b, c]          = exp(logits[b, c] - max_c logits[b]) / sum_c exp(...)
//   delta[z, b, c]   = (p[b, c] - [c = label b]) / step.count     b <  step.count   (the mean over the batch)
//                    = 0                                          b >= step.count
//   delta_x[z, b, k] = sum_c delta[z, b, c] parameters[z, k, c]   x[z, b, k] > 0
//                    = 0                                          else
//   metrics[z, step.index, part] = (sum_b -log p[b, label b], number of b whose largest logit is the label's)
//
//   samples     from word LABELS_AT on: the labels, bytes, four to a u32, low byte first
//   order       [models, ORDER_LENGTH]                 u32, index of a sample
//   x           [models, ROWS, 4 INPUT_VECTORS]        f32; columns from INPUTS on are padding
//   parameters  [models, INPUTS + 1, 4 CLASS_VECTORS]  f32; kernel rows, then the bias; columns from CLASSES on are padding
//   delta       [models, ROWS, 4 CLASS_VECTORS]        f32; padding is written as 0
//   delta_x     [models, ROWS, 4 INPUT_VECTORS]        f32; padding is not written
//   metrics     [models, STEPS, PARTS]                 vec2 of f32; a part is the sum over one workgroup's rows
//
// One workgroup makes four rows: part of PARTS, counted along x, then y; model along z.

override ROWS: u32;
override INPUTS: u32;
override CLASSES: u32;
override ORDER_LENGTH: u32;
override STEPS: u32;
override PARTS: u32;
override WORKGROUP_SIZE: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override CLASS_VECTORS = (CLASSES + 3u) / 4u;
// The sum over k is split into slices, as many as there are invocations for each vector of classes.
override SLICES = min(WORKGROUP_SIZE / CLASS_VECTORS, INPUT_VECTORS);

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> samples: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> delta: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> delta_x: array<f32>;
@group(0) @binding(7) var<storage, read_write> metrics: array<vec2f>;

// [SLICES, 4, CLASS_VECTORS]
var<workgroup> partial: array<vec4f, 4u * SLICES * CLASS_VECTORS>;
// [4, CLASS_VECTORS]
var<workgroup> logits: array<vec4f, 4u * CLASS_VECTORS>;
var<workgroup> deltas: array<vec4f, 4u * CLASS_VECTORS>;
var<workgroup> labels: array<u32, 4>;
var<workgroup> loss_and_hit: array<vec2f, 4>;

// Logit of a class that is padding: never the largest, and exp of its difference to any other is 0.
const NO_LOGIT = -1e38;

// A row's vector of x, its padding as zeros.
fn x_vector(row: u32, vector: u32) -> vec4f {
  return select(vec4f(), x[row + vector], lanes_below(vector, INPUTS));
}

fn logit(row: u32, c: u32) -> f32 {
  return logits[row * CLASS_VECTORS + c / 4u][c % 4u];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let model = group.z;
  let part = group.y * groups.x + group.x;
  if (part >= PARTS) {
    return;
  }
  let b0 = 4u * part;
  let kernel = model * (INPUTS + 1u) * CLASS_VECTORS;

  // Column i is row b0 + i; rows past the end repeat the last one: computed in vain, never written.
  let rows = (model * ROWS + min(b0 + FOUR, vec4u(ROWS - 1u))) * INPUT_VECTORS;
  let vector = local % CLASS_VECTORS;
  let slice = local / CLASS_VECTORS;
  if (slice < SLICES) {
    // The first slice begins with the bias.
    let bias = select(vec4f(), parameters[kernel + INPUTS * CLASS_VECTORS + vector], slice == 0u);
    var sum = mat4x4f(bias, bias, bias, bias);
    for (var k = slice; k < INPUT_VECTORS; k += SLICES) {
      // Rows past the kernel's end are read from the bias: x is zero there, so any finite number will do.
      let w = kernel + min(4u * k + FOUR, vec4u(INPUTS)) * CLASS_VECTORS + vector;
      sum += mat4x4f(parameters[w.x], parameters[w.y], parameters[w.z], parameters[w.w]) *
        mat4x4f(x_vector(rows.x, k), x_vector(rows.y, k), x_vector(rows.z, k), x_vector(rows.w, k));
    }
    let at = slice * 4u * CLASS_VECTORS + vector;
    partial[at] = sum[0];
    partial[at + CLASS_VECTORS] = sum[1];
    partial[at + 2u * CLASS_VECTORS] = sum[2];
    partial[at + 3u * CLASS_VECTORS] = sum[3];
  }
  if (local < 4u && b0 + local < step.count) {
    let sample = order[model * ORDER_LENGTH + step.offset + b0 + local];
    labels[local] = label_of(sample);
  }
  workgroupBarrier();

  for (var i = local; i < 4u * CLASS_VECTORS; i += WORKGROUP_SIZE) {
    let c = i % CLASS_VECTORS;
    var sum = partial[i];
    for (var s = 1u; s < SLICES; s++) {
      sum += partial[s * 4u * CLASS_VECTORS + i];
    }
    logits[i] = select(vec4f(NO_LOGIT), sum, lanes_below(c, CLASSES));
  }
  workgroupBarrier();

  // Each invocation finds the largest logit and the sum of its vector's row itself: that saves a barrier.
  for (var i = local; i < 4u * CLASS_VECTORS; i += WORKGROUP_SIZE) {
    let row = i / CLASS_VECTORS;
    let c = i % CLASS_VECTORS;
    let b = b0 + row;
    var gradient = vec4f();
    var loss_and_hits = vec2f();
    if (b < step.count) {
      let label = labels[row];
      var highest = logit(row, 0u);
      var predicted = 0u;
      for (var other = 1u; other < CLASSES; other++) {
        let value = logit(row, other);
        predicted = select(predicted, other, value > highest);
        highest = max(highest, value);
      }
      var sum = 0.0;
      for (var other = 0u; other < CLASSES; other++) {
        sum += exp(logit(row, other) - highest);
      }
      let p = exp(logits[i] - highest) / sum;
      gradient = (p - select(vec4f(), vec4f(1.0), 4u * c + FOUR == vec4u(label))) / f32(step.count);
      loss_and_hits = vec2f(log(sum) + highest - logit(row, label), select(0.0, 1.0, predicted == label));
    }
    deltas[i] = gradient;
    if (b < ROWS) {
      delta[(model * ROWS + b) * CLASS_VECTORS + c] = gradient;
    }
    if (c == 0u) {
      loss_and_hit[row] = loss_and_hits;
    }
  }
  workgroupBarrier();

  if (local == 0u) {
    metrics[(model * STEPS + step.index) * PARTS + part] =
      loss_and_hit[0] + loss_and_hit[1] + loss_and_hit[2] + loss_and_hit[3];
  }
  for (var k = local; k < INPUTS; k += WORKGROUP_SIZE) {
    var sum = vec4f();
    for (var c = 0u; c < CLASS_VECTORS; c++) {
      // The padding may hold anything: both factors count as zero, since 0 times NaN is NaN.
      let inside = lanes_below(c, CLASSES);
      let w = select(vec4f(), parameters[kernel + k * CLASS_VECTORS + c], inside);
      sum += vec4f(
        dot(w, deltas[c]),
        dot(w, deltas[CLASS_VECTORS + c]),
        dot(w, deltas[2u * CLASS_VECTORS + c]),
        dot(w, deltas[3u * CLASS_VECTORS + c]),
      );
    }
    for (var row = 0u; row < min(4u, ROWS - b0); row++) {
      let at = 4u * (model * ROWS + b0 + row) * INPUT_VECTORS + k;
      delta_x[at] = select(0.0, sum[row], x[at / 4u][k % 4u] > 0.0);
    }
  }
}
