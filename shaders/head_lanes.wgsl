// The output layer on top of a hidden one, for software adapters whose subgroups are LANES wide: logits, softmax
// cross-entropy of integer labels, loss and hits, and the gradients of the logits and of the layer's input.
//
//   logits[b, c]     = parameters[INPUTS, c] + sum_k x[b, k] parameters[k, c]
//   p[b, c]          = exp(logits[b, c] - max_c logits[b]) / sum_c exp(...)
//   delta[z, b, c]   = (p[b, c] - [c = label b]) / step.count         b <  step.count   (the mean over the batch)
//                    = 0                                              b >= step.count
//   delta_x[z, b, k] = sum_c delta[z, b, c] parameters[k, c]          x[z, b, k] > 0
//                    = 0                                              else
//   metrics[z, step.index, part] = (sum_b -log p[b, label b], number of b whose largest logit is the label's)
//
//   samples     from word LABELS_AT on: the labels, bytes, four to a u32, low byte first
//   order       [models, ORDER_LENGTH]                   u32, index of a sample
//   x           [models, BATCH, 4 INPUT_VECTORS]         f32, a ReLU's output; columns from INPUTS on are padding
//   parameters  [models, INPUTS + 1, 4 CLASS_VECTORS]    f32; kernel rows, then the bias
//   delta       [models, BATCH, 4 CLASS_VECTORS]         f32; padding is written as 0
//   delta_x     [models, BATCH, 4 INPUT_VECTORS]         f32
//   metrics     [models, STEPS, parts]                   vec2 of f32; one part for each 2 LANES rows
//
// A subgroup makes 2 LANES rows, two to a lane: (block of rows, 0, model). A row is its lane's own from the logits to the
// gradients; the kernel goes round, four rows of up to LANES classes at a time.

enable subgroups;

override BATCH: u32;
override INPUTS: u32;
// At most 16.
override CLASSES: u32;
override ORDER_LENGTH: u32;
override STEPS: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override CLASS_VECTORS = (CLASSES + 3u) / 4u;
override TILE_ROWS = LANE_ROWS * LANES;
override PARTS = (BATCH + TILE_ROWS - 1u) / TILE_ROWS;

const LANE_ROWS = 2u;
const MOST_VECTORS = 4u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> samples: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> delta: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> delta_x: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> metrics: array<vec2f>;

// Four rows of the kernel: a matrix for each vec4 of classes, a column for each row.
var<private> kernel: array<mat4x4f, MOST_VECTORS>;
// Of the lane's rows [LANE_ROWS, MOST_VECTORS]: at first sums that become logits, then the logits' gradients.
var<private> rows: array<vec4f, LANE_ROWS * MOST_VECTORS>;

fn inputs(row: u32, k: u32) -> vec4f {
  if (INPUTS % 4u == 0u) {
    return x[row + k];
  }
  return select(vec4f(), x[row + k], lanes_below(k, INPUTS));
}

// Loads vec4s of classes `vector` to `vector + LANES / 4 - 1` of rows 4k to 4k + 3. Rows past the kernel's end are
// read from the bias: x is 0 there, so any finite number will do. Vectors past the end repeat the last one.
fn load_vectors(start: u32, k: u32, vector: u32, lane: u32) {
  if (vector >= CLASS_VECTORS) {
    return;
  }
  let row = start + min(4u * k + lane % 4u, INPUTS) * CLASS_VECTORS;
  let value = parameters[row + min(vector + lane / 4u, CLASS_VECTORS - 1u)];
  kernel[vector] = lanes_0_to_3(value);
  if (LANES > 4u && vector + 1u < CLASS_VECTORS) { kernel[vector + 1u] = lanes_4_to_7(value); }
  if (LANES > 8u && vector + 2u < CLASS_VECTORS) { kernel[vector + 2u] = lanes_8_to_11(value); }
  if (LANES > 8u && vector + 3u < CLASS_VECTORS) { kernel[vector + 3u] = lanes_12_to_15(value); }
}

fn load_kernel(start: u32, k: u32, lane: u32) {
  load_vectors(start, k, 0u, lane);
  if (LANES == 4u) {
    load_vectors(start, k, 1u, lane);
    load_vectors(start, k, 2u, lane);
    load_vectors(start, k, 3u, lane);
  } else if (LANES == 8u) {
    load_vectors(start, k, 2u, lane);
  }
}

// Adds four inputs' products to a row's logits.
fn add_vector(row: u32, vector: u32, x: vec4f) {
  if (vector >= CLASS_VECTORS) {
    return;
  }
  let w = kernel[vector];
  var s = rows[row * MOST_VECTORS + vector];
  s = fma(vec4f(x.x), w[0], s);
  s = fma(vec4f(x.y), w[1], s);
  s = fma(vec4f(x.z), w[2], s);
  rows[row * MOST_VECTORS + vector] = fma(vec4f(x.w), w[3], s);
}

fn add_inputs(row: u32, x: vec4f) {
  add_vector(row, 0u, x);
  add_vector(row, 1u, x);
  add_vector(row, 2u, x);
  add_vector(row, 3u, x);
}

// Adds a class's products to the gradients of four inputs. Padding of the kernel may be NaN.
fn add_class(sum: vec4f, class_index: u32, gradient: f32, w: vec4f) -> vec4f {
  if (class_index >= CLASSES) {
    return sum;
  }
  return fma(vec4f(gradient), w, sum);
}

fn add_classes(sum: vec4f, row: u32, vector: u32) -> vec4f {
  if (vector >= CLASS_VECTORS) {
    return sum;
  }
  // A column for each class.
  let w = transpose(kernel[vector]);
  let gradient = rows[row * MOST_VECTORS + vector];
  var s = add_class(sum, 4u * vector, gradient.x, w[0]);
  s = add_class(s, 4u * vector + 1u, gradient.y, w[1]);
  s = add_class(s, 4u * vector + 2u, gradient.z, w[2]);
  return add_class(s, 4u * vector + 3u, gradient.w, w[3]);
}

fn input_gradient(row: u32) -> vec4f {
  var sum = add_classes(vec4f(), row, 0u);
  sum = add_classes(sum, row, 1u);
  sum = add_classes(sum, row, 2u);
  return add_classes(sum, row, 3u);
}

fn class_logits(row: u32, vector: u32, bias: u32) -> vec4f {
  let logits = rows[row * MOST_VECTORS + vector] + parameters[bias + min(vector, CLASS_VECTORS - 1u)];
  return select(vec4f(LOWEST), logits, lanes_below(vector, CLASSES));
}

// Turns a row's sums into its gradients, and returns its loss and hit.
fn row_result(model: u32, b: u32, row: u32, bias: u32) -> vec2f {
  let result = softmax_cross_entropy(model, b, Row(
    class_logits(row, 0u, bias),
    class_logits(row, 1u, bias),
    class_logits(row, 2u, bias),
    class_logits(row, 3u, bias),
  ));
  if (b < BATCH) {
    write_delta(model, b, result.delta);
  }
  let first = row * MOST_VECTORS;
  rows[first] = result.delta.a;
  rows[first + 1u] = result.delta.b;
  rows[first + 2u] = result.delta.c;
  rows[first + 3u] = result.delta.d;
  return result.loss_and_hit;
}

fn write_delta_x(model: u32, b: u32, k: u32, value: vec4f) {
  if (b < BATCH) {
    let i = (model * BATCH + b) * INPUT_VECTORS + k;
    delta_x[i] = select(vec4f(), value, x[i] > vec4f());
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let b = group.x * TILE_ROWS + lane;
  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let row0 = (model * BATCH + min(b, BATCH - 1u)) * INPUT_VECTORS;
  let row1 = (model * BATCH + min(b + LANES, BATCH - 1u)) * INPUT_VECTORS;
  let start = model * (INPUTS + 1u) * CLASS_VECTORS;

  var i = 0u;
  loop {
    load_kernel(start, i, lane);
    add_inputs(0u, inputs(row0, i));
    add_inputs(1u, inputs(row1, i));
    i++;
    continuing {
      break if i >= INPUT_VECTORS;
    }
  }

  let bias = start + INPUTS * CLASS_VECTORS;
  let part = subgroupAdd(row_result(model, b, 0u, bias) + row_result(model, b + LANES, 1u, bias));
  if (lane == 0u) {
    metrics[(model * STEPS + step.index) * PARTS + group.x] = part;
  }

  var k = 0u;
  loop {
    load_kernel(start, k, lane);
    write_delta_x(model, b, k, input_gradient(0u));
    write_delta_x(model, b + LANES, k, input_gradient(1u));
    k++;
    continuing {
      break if k >= INPUT_VECTORS;
    }
  }
}
