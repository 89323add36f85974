// A dense layer for adapters whose subgroups are four wide (software): no workgroup memory, no barrier.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k x[z, m, k] parameters[z, k, n])
//   f(v) = max(v, 0) with RELU, else v
//
//   x           with BYTES: samples [samples, 4 INPUT_VECTORS] bytes, four to a u32, of which x[z, m, k] is
//               samples[order[z, step.offset + m], k] / 255, and 0 from m = step.count on;
//               else [models, ROWS, 4 INPUT_VECTORS] f32, the columns from INPUTS on padding
//   order       [models, ORDER_LENGTH]                  u32, index of a sample
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]        f32
//
// A quad makes 32 rows of 8 columns: (pair of vec4s of columns, block of rows, model). Such an adapter spends ten times
// longer on a load than on a product, so nothing is loaded twice: each of the four lanes loads every fourth row of x and
// every fourth column of the kernel, and the columns go round by quad swaps. Component s of a sum belongs to the
// column of lane ^ s; `in_order` sorts that out at the end.

enable subgroups;

override ROWS: u32;
override INPUTS: u32;
override OUTPUTS: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;
override RELU: bool;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;

const TILE_ROWS = 32u;
const TILE_VECTORS = 2u;

struct Step {
  offset: u32,
  count: u32,
  index: u32,
  t: u32,
  step_size: f32,
  root_correction: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// Where a row begins: a word of four pixels, or a float, to a step.
fn row_start(model: u32, m: u32) -> u32 {
  if (BYTES) {
    return order[model * ORDER_LENGTH + step.offset + min(m, step.count - 1u)] * INPUT_VECTORS;
  }
  return (model * ROWS + min(m, ROWS - 1u)) * 4u * INPUT_VECTORS;
}

// Four pixels as 255 times their value. The products by powers of two are exact, and cheaper here than shifts; so is
// the conversion from i32, which the highest byte cannot take.
fn pixels(word: u32) -> vec4f {
  let low = vec3f(bitcast<vec3i>(vec3u(word) & vec3u(0xffu, 0xff00u, 0xff0000u)));
  return vec4f(low, f32(word & 0xff000000u)) * vec4f(1.0, 0x1p-8, 0x1p-16, 0x1p-24);
}

// Vector i of the row that begins at `start`, its padding as zeros.
fn inputs(start: u32, i: u32) -> vec4f {
  var value = vec4f();
  if (BYTES) {
    value = pixels(x[start + i]);
  } else {
    let k = start + 4u * i;
    value = bitcast<vec4f>(vec4u(x[k], x[k + 1u], x[k + 2u], x[k + 3u]));
  }
  if (INPUTS % 4u != 0u) {
    value = select(vec4f(), value, 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(INPUTS));
  }
  return value;
}

// The value of every lane, this one's first: of lane, lane ^ 1, lane ^ 2, lane ^ 3.
fn quad(value: f32) -> vec4f {
  return vec4f(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value));
}

// Four rows of one column of the kernel. Below the kernel the bias serves, as any finite number would: x is 0 there.
fn kernel(start: u32, k: u32) -> mat4x4f {
  var rows = k + vec4u(0u, 1u, 2u, 3u);
  if (INPUTS % 4u != 0u) {
    rows = min(rows, vec4u(INPUTS));
  }
  let row = start + rows * (4u * OUTPUT_VECTORS);
  return mat4x4f(
    quad(parameters[row.x]),
    quad(parameters[row.y]),
    quad(parameters[row.z]),
    quad(parameters[row.w]),
  );
}

fn in_order(value: vec4f, lane: u32) -> vec4f {
  let pairs = select(value, value.yxwz, vec4<bool>((lane & 1u) != 0u));
  return select(pairs, pairs.zwxy, vec4<bool>((lane & 2u) != 0u));
}

fn write(model: u32, m: u32, n: u32, lane: u32, sum: vec4f) {
  if (m >= ROWS || n >= OUTPUT_VECTORS) {
    return;
  }
  let i = (model * (INPUTS + 1u) + INPUTS) * 4u * OUTPUT_VECTORS + 4u * n;
  let bias = vec4f(parameters[i], parameters[i + 1u], parameters[i + 2u], parameters[i + 3u]);
  var value = in_order(sum, lane);
  if (BYTES) {
    value = select(value / 255.0, vec4f(), vec4<bool>(m >= step.count));
  }
  value += bias;
  y[(model * ROWS + m) * OUTPUT_VECTORS + n] = select(value, max(value, vec4f()), RELU);
}

@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let n = group.x * TILE_VECTORS;
  let m = group.y * TILE_ROWS + lane;
  let start = model * (INPUTS + 1u) * 4u * OUTPUT_VECTORS + lane;
  let left = start + 4u * n;
  let right = start + 4u * min(n + 1u, OUTPUT_VECTORS - 1u);
  let x0 = row_start(model, m);
  let x1 = row_start(model, m + 4u);
  let x2 = row_start(model, m + 8u);
  let x3 = row_start(model, m + 12u);
  let x4 = row_start(model, m + 16u);
  let x5 = row_start(model, m + 20u);
  let x6 = row_start(model, m + 24u);
  let x7 = row_start(model, m + 28u);

  // Every column of these matrices is four sums of one of this lane's rows.
  var low_left = mat4x4f();
  var low_right = mat4x4f();
  var high_left = mat4x4f();
  var high_right = mat4x4f();
  for (var i = 0u; i < INPUT_VECTORS; i++) {
    let low = mat4x4f(inputs(x0, i), inputs(x1, i), inputs(x2, i), inputs(x3, i));
    let high = mat4x4f(inputs(x4, i), inputs(x5, i), inputs(x6, i), inputs(x7, i));
    let w_left = kernel(left, 4u * i);
    let w_right = kernel(right, 4u * i);
    low_left += w_left * low;
    high_left += w_left * high;
    low_right += w_right * low;
    high_right += w_right * high;
  }

  write(model, m, n, lane, low_left[0]);
  write(model, m + 4u, n, lane, low_left[1]);
  write(model, m + 8u, n, lane, low_left[2]);
  write(model, m + 12u, n, lane, low_left[3]);
  write(model, m + 16u, n, lane, high_left[0]);
  write(model, m + 20u, n, lane, high_left[1]);
  write(model, m + 24u, n, lane, high_left[2]);
  write(model, m + 28u, n, lane, high_left[3]);
  write(model, m, n + 1u, lane, low_right[0]);
  write(model, m + 4u, n + 1u, lane, low_right[1]);
  write(model, m + 8u, n + 1u, lane, low_right[2]);
  write(model, m + 12u, n + 1u, lane, low_right[3]);
  write(model, m + 16u, n + 1u, lane, high_right[0]);
  write(model, m + 20u, n + 1u, lane, high_right[1]);
  write(model, m + 24u, n + 1u, lane, high_right[2]);
  write(model, m + 28u, n + 1u, lane, high_right[3]);
}
