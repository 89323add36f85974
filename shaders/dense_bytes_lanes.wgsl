// A dense layer on the batch's bytes, for software adapters whose subgroups are LANES wide.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k x[z, m, k] parameters[z, k, n])
//   f(v) = max(v, 0) with RELU, else v
//
//   x           samples [samples, 4 INPUT_VECTORS] bytes, four to a u32, of which x[z, m, k] is
//               samples[order[z, step.offset + m], k] / 255, and 0 from m = step.count on
//   order       [models, ORDER_LENGTH]                  u32, index of a sample
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]        f32
//
// A subgroup makes 32 rows of LANES columns: (vec4s of columns, block of rows, model). A lane has every LANES-th row, so
// that pixels are where they are needed as soon as they are unpacked, and the kernel goes round: four of its rows of LANES
// columns are a vec4 for each lane. Words that are blank in all rows are passed over, a third of an image.

enable subgroups;
// The whole subgroup decides together whether a word is blank, and therefore branches as one.
diagnostic(off, subgroup_uniformity);

override ROWS: u32;
override ORDER_LENGTH: u32;
override RELU: bool;

const TILE_ROWS = 32u;
// A lane's rows, and vec4s of columns. Together they are eight vec4s of sums.
override LANE_ROWS = TILE_ROWS / LANES;
override TILE_VECTORS = LANES / 4u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// [TILE_VECTORS, LANE_ROWS], at constant indices: only then are they registers.
var<private> sums: array<vec4f, 8>;

// Where a row begins, in words of four pixels.
fn row_start(model: u32, m: u32) -> u32 {
  return order[model * ORDER_LENGTH + step.offset + min(m, step.count - 1u)] * INPUT_VECTORS;
}

// A word of each of the lane's rows.
struct Words {
  a: vec4u,
  b: vec4u,
}

fn words(start: Words, i: u32) -> Words {
  var w = Words();
  w.a.x = x[start.a.x + i];
  w.a.y = x[start.a.y + i];
  if (LANE_ROWS > 2u) {
    w.a.z = x[start.a.z + i];
    w.a.w = x[start.a.w + i];
  }
  if (LANE_ROWS > 4u) {
    w.b = vec4u(x[start.b.x + i], x[start.b.y + i], x[start.b.z + i], x[start.b.w + i]);
  }
  return w;
}

// Whether any of the subgroup's words has a pixel. Reductions of subgroups are loops over the lanes there.
fn lit(words: Words) -> bool {
  let four = words.a | words.b;
  let lane = four.x | four.y | four.z | four.w;
  let pair = lane | quadSwapX(lane);
  let quad = pair | quadSwapY(pair);
  var all = subgroupBroadcast(quad, 0u);
  if (LANES > 4u) { all |= subgroupBroadcast(quad, 4u); }
  if (LANES > 8u) { all |= subgroupBroadcast(quad, 8u) | subgroupBroadcast(quad, 12u); }
  return all != 0u;
}

// The pixels of word i of a row, from 0 to 255, with its padding as zeros.
fn pixels(word: u32, i: u32) -> vec4f {
  let value = vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(0xffu));
  if (INPUTS % 4u == 0u) {
    return value;
  }
  return select(vec4f(), value, lanes_below(i, INPUTS));
}

fn add(sum: u32, x: vec4f, kernel: mat4x4f) {
  var s = sums[sum];
  s = fma(vec4f(x.x), kernel[0], s);
  s = fma(vec4f(x.y), kernel[1], s);
  s = fma(vec4f(x.z), kernel[2], s);
  sums[sum] = fma(vec4f(x.w), kernel[3], s);
}

fn add_row(row: u32, x: vec4f, vector: u32, kernel: mat4x4f) {
  if (row < LANE_ROWS) {
    add(vector * LANE_ROWS + row, x, kernel);
  }
}

fn add_words(words: Words, i: u32, kernel: vec4f) {
  let x0 = pixels(words.a.x, i);
  let x1 = pixels(words.a.y, i);
  let x2 = pixels(words.a.z, i);
  let x3 = pixels(words.a.w, i);
  let k0 = lanes_0_to_3(kernel);
  add_row(0u, x0, 0u, k0);
  add_row(1u, x1, 0u, k0);
  add_row(2u, x2, 0u, k0);
  add_row(3u, x3, 0u, k0);
  if (LANES == 4u) {
    add_row(4u, pixels(words.b.x, i), 0u, k0);
    add_row(5u, pixels(words.b.y, i), 0u, k0);
    add_row(6u, pixels(words.b.z, i), 0u, k0);
    add_row(7u, pixels(words.b.w, i), 0u, k0);
  } else {
    let k1 = lanes_4_to_7(kernel);
    add_row(0u, x0, 1u, k1);
    add_row(1u, x1, 1u, k1);
    add_row(2u, x2, 1u, k1);
    add_row(3u, x3, 1u, k1);
  }
  if (LANES == 16u) {
    let k2 = lanes_8_to_11(kernel);
    add_row(0u, x0, 2u, k2);
    add_row(1u, x1, 2u, k2);
    let k3 = lanes_12_to_15(kernel);
    add_row(0u, x0, 3u, k3);
    add_row(1u, x1, 3u, k3);
  }
}

fn write(sum: u32, model: u32, first_row: u32, first_vector: u32) {
  let m = first_row + sum % LANE_ROWS * LANES;
  let n = first_vector + sum / LANE_ROWS;
  if (m < ROWS && n < OUTPUT_VECTORS) {
    let bias = parameters[(model * (INPUTS + 1u) + INPUTS) * OUTPUT_VECTORS + n];
    let value = bias + select(sums[sum] / 255.0, vec4f(), vec4<bool>(m >= step.count));
    y[(model * ROWS + m) * OUTPUT_VECTORS + n] = select(value, max(value, vec4f()), RELU);
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let n = group.x * TILE_VECTORS;
  let m = group.y * TILE_ROWS + lane;
  // Columns past the end repeat the last ones: read in bounds, computed in vain, never written.
  let column = model * (INPUTS + 1u) * OUTPUT_VECTORS + min(n + lane / 4u, OUTPUT_VECTORS - 1u);
  var start = Words();
  start.a.x = row_start(model, m);
  start.a.y = row_start(model, m + LANES);
  if (LANE_ROWS > 2u) {
    start.a.z = row_start(model, m + 2u * LANES);
    start.a.w = row_start(model, m + 3u * LANES);
  }
  if (LANE_ROWS > 4u) {
    start.b.x = row_start(model, m + 4u * LANES);
    start.b.y = row_start(model, m + 5u * LANES);
    start.b.z = row_start(model, m + 6u * LANES);
    start.b.w = row_start(model, m + 7u * LANES);
  }

  var now = words(start, 0u);
  var i = 0u;
  loop {
    // Loaded before they are needed: a processor goes on with this round's products meanwhile.
    let next = words(start, min(i + 1u, INPUT_VECTORS - 1u));
    if (lit(now)) {
      // Rows past the kernel's end are read from the bias: x is 0 there, so any finite number will do.
      add_words(now, i, parameters[column + min(4u * i + lane % 4u, INPUTS) * OUTPUT_VECTORS]);
    }
    now = next;
    i++;
    continuing {
      break if i >= INPUT_VECTORS;
    }
  }

  write(0u, model, m, n);
  write(1u, model, m, n);
  write(2u, model, m, n);
  write(3u, model, m, n);
  write(4u, model, m, n);
  write(5u, model, m, n);
  write(6u, model, m, n);
  write(7u, model, m, n);
}
