// The output layer on top of a hidden one, for adapters whose subgroups are four wide (software): logits, softmax
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
//   metrics     [models, STEPS, parts]                   vec2 of f32; one part for each 16 rows
//
// A quad makes 16 rows, each lane every fourth of them: (block of rows, 0, model). As in dense_quads.wgsl each lane
// loads a fourth of what the quad needs, and the rest comes by quad swaps.

enable subgroups;

override BATCH: u32;
override INPUTS: u32;
// At most 16.
override CLASSES: u32;
override ORDER_LENGTH: u32;
override STEPS: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override CLASS_VECTORS = (CLASSES + 3u) / 4u;
override PARTS = (BATCH + TILE_ROWS - 1u) / TILE_ROWS;

const TILE_ROWS = 16u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> samples: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read> parameters: array<f32>;
@group(0) @binding(5) var<storage, read_write> delta: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> delta_x: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> metrics: array<vec2f>;

// The value of every lane, this one's first: of lane, lane ^ 1, lane ^ 2, lane ^ 3.
fn quad(value: f32) -> vec4f {
  return vec4f(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value));
}

fn in_order(value: vec4f, lane: u32) -> vec4f {
  let pairs = select(value, value.yxwz, vec4<bool>((lane & 1u) != 0u));
  return select(pairs, pairs.zwxy, vec4<bool>((lane & 2u) != 0u));
}

fn inputs(row: u32, k: u32) -> vec4f {
  if (INPUTS % 4u == 0u) {
    return x[row + k];
  }
  return select(vec4f(), x[row + k], lanes_below(k, INPUTS));
}

// Four rows of one column of the kernel. Rows past its end are read from the bias: x is 0 there, so any finite number
// will do.
fn kernel_column(start: u32, k: u32) -> mat4x4f {
  let i = start + min(4u * k + FOUR, vec4u(INPUTS)) * (4u * CLASS_VECTORS);
  return mat4x4f(quad(parameters[i.x]), quad(parameters[i.y]), quad(parameters[i.z]), quad(parameters[i.w]));
}

// Four columns of one row of the kernel, or of the bias.
fn columns(row: u32, vector: u32) -> vec4f {
  let i = row + 4u * min(vector, CLASS_VECTORS - 1u);
  let value = vec4f(parameters[i], parameters[i + 1u], parameters[i + 2u], parameters[i + 3u]);
  return select(vec4f(), value, lanes_below(vector, CLASSES));
}

fn kernel_row(row: u32, vector: u32) -> mat4x4f {
  let w = columns(row, vector);
  return mat4x4f(quad(w.x), quad(w.y), quad(w.z), quad(w.w));
}

fn class_logits(sum: vec4f, bias: u32, vector: u32, lane: u32) -> vec4f {
  let inside = lanes_below(vector, CLASSES);
  return select(vec4f(LOWEST), in_order(sum, lane) + columns(bias, vector), inside);
}

// Four vec4s for each of this lane's four rows: at first sums that become logits, then the logits' gradients.
var<private> rows: array<vec4f, 16>;

fn keep(vector: u32, values: mat4x4f) {
  rows[vector] = values[0];
  rows[4u + vector] = values[1];
  rows[8u + vector] = values[2];
  rows[12u + vector] = values[3];
}

fn kept(vector: u32) -> mat4x4f {
  return mat4x4f(rows[vector], rows[4u + vector], rows[8u + vector], rows[12u + vector]);
}

// Turns a row's sums into its gradients, and returns its loss and hit.
fn row_result(model: u32, b: u32, row: u32, bias: u32, lane: u32) -> vec2f {
  let result = softmax_cross_entropy(model, b, Row(
    class_logits(rows[row], bias, 0u, lane),
    class_logits(rows[row + 1u], bias, 1u, lane),
    class_logits(rows[row + 2u], bias, 2u, lane),
    class_logits(rows[row + 3u], bias, 3u, lane),
  ));
  if (b < BATCH) {
    write_delta(model, b, result.delta);
  }
  rows[row] = result.delta.a;
  rows[row + 1u] = result.delta.b;
  rows[row + 2u] = result.delta.c;
  rows[row + 3u] = result.delta.d;
  return result.loss_and_hit;
}

fn write_delta_x(model: u32, b: u32, k: u32, lane: u32, sum: vec4f) {
  if (b >= BATCH) {
    return;
  }
  let i = (model * BATCH + b) * INPUT_VECTORS + k;
  delta_x[i] = select(vec4f(), in_order(sum, lane), x[i] > vec4f());
}

@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let b = group.x * TILE_ROWS + lane;
  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let row = (model * BATCH + min(b + vec4u(0u, 4u, 8u, 12u), vec4u(BATCH - 1u))) * INPUT_VECTORS;
  let kernel = model * (INPUTS + 1u) * 4u * CLASS_VECTORS;

  // Every column of these matrices is four logits of one of this lane's rows.
  var logits0 = mat4x4f();
  var logits1 = mat4x4f();
  var logits2 = mat4x4f();
  var logits3 = mat4x4f();
  for (var k = 0u; k < INPUT_VECTORS; k++) {
    let rows = mat4x4f(inputs(row.x, k), inputs(row.y, k), inputs(row.z, k), inputs(row.w, k));
    logits0 += kernel_column(kernel + lane, k) * rows;
    if (CLASS_VECTORS > 1u) { logits1 += kernel_column(kernel + 4u + lane, k) * rows; }
    if (CLASS_VECTORS > 2u) { logits2 += kernel_column(kernel + 8u + lane, k) * rows; }
    if (CLASS_VECTORS > 3u) { logits3 += kernel_column(kernel + 12u + lane, k) * rows; }
  }

  let bias = kernel + INPUTS * 4u * CLASS_VECTORS;
  keep(0u, logits0);
  keep(1u, logits1);
  keep(2u, logits2);
  keep(3u, logits3);
  // Row by row in a loop, which compiles in a fraction of the time of the unrolled code.
  var part = vec2f();
  for (var r = 0u; r < 4u; r++) {
    part += row_result(model, b + 4u * r, 4u * r, bias, lane);
  }
  part += quadSwapX(part);
  part += quadSwapY(part);
  if (lane == 0u) {
    metrics[(model * STEPS + step.index) * PARTS + group.x] = part;
  }

  let delta_a = kept(0u);
  let delta_b = kept(1u);
  let delta_c = kept(2u);
  let delta_d = kept(3u);
  for (var k = 0u; k < INPUT_VECTORS; k++) {
    let w = kernel + min(4u * k + lane, INPUTS - 1u) * 4u * CLASS_VECTORS;
    var sum = kernel_row(w, 0u) * delta_a;
    if (CLASS_VECTORS > 1u) { sum += kernel_row(w, 1u) * delta_b; }
    if (CLASS_VECTORS > 2u) { sum += kernel_row(w, 2u) * delta_c; }
    if (CLASS_VECTORS > 3u) { sum += kernel_row(w, 3u) * delta_d; }
    write_delta_x(model, b, k, lane, sum[0]);
    write_delta_x(model, b + 4u, k, lane, sum[1]);
    write_delta_x(model, b + 8u, k, lane, sum[2]);
    write_delta_x(model, b + 12u, k, lane, sum[3]);
  }
}
