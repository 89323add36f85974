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
// A subgroup makes 32 rows of VECTORS vec4s of columns: (strip of columns, block of rows, model). A lane has every LANES-th
// row, so that pixels are where they are needed as soon as they are unpacked, and the kernel goes round: four of its rows
// of LANES columns are a vec4 for each lane. Words that are blank in all rows are passed over, a third of an image.

enable subgroups;
// The whole subgroup decides together whether a word is blank, and therefore branches as one.
diagnostic(off, subgroup_uniformity);

override ROWS: u32;
override ORDER_LENGTH: u32;
override RELU: bool;

// At most LANES.
override VECTORS: u32;

const TILE_ROWS = 32u;
// A lane's rows.
override LANE_ROWS = TILE_ROWS / LANES;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// [VECTORS, LANE_ROWS], and a word's pixels, [LANE_ROWS]. At constant indices: then they are in registers or close by.
var<private> sums: array<vec4f, TILE_ROWS>;
var<private> inputs: array<vec4f, 8>;

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

fn unpack(words: Words, i: u32) {
  inputs[0] = pixels(words.a.x, i);
  inputs[1] = pixels(words.a.y, i);
  if (LANE_ROWS > 2u) {
    inputs[2] = pixels(words.a.z, i);
    inputs[3] = pixels(words.a.w, i);
  }
  if (LANE_ROWS > 4u) {
    inputs[4] = pixels(words.b.x, i);
    inputs[5] = pixels(words.b.y, i);
    inputs[6] = pixels(words.b.z, i);
    inputs[7] = pixels(words.b.w, i);
  }
}

fn add_row(vector: u32, row: u32, kernel: mat4x4f) {
  if (row >= LANE_ROWS) {
    return;
  }
  let at = vector * LANE_ROWS + row;
  let x = inputs[row];
  var s = sums[at];
  s = fma(vec4f(x.x), kernel[0], s);
  s = fma(vec4f(x.y), kernel[1], s);
  s = fma(vec4f(x.z), kernel[2], s);
  sums[at] = fma(vec4f(x.w), kernel[3], s);
}

fn add_vector(vector: u32, kernel: mat4x4f) {
  add_row(vector, 0u, kernel);
  add_row(vector, 1u, kernel);
  add_row(vector, 2u, kernel);
  add_row(vector, 3u, kernel);
  add_row(vector, 4u, kernel);
  add_row(vector, 5u, kernel);
  add_row(vector, 6u, kernel);
  add_row(vector, 7u, kernel);
}

// The products of a load of the kernel: this lane's row, from a vec4 of columns for every four lanes. Columns past the end
// repeat the last ones: read in bounds, computed in vain, never written.
fn add_load(load: u32, row: u32, n: u32, lane: u32) {
  let vector = load * LANES / 4u;
  if (vector >= VECTORS) {
    return;
  }
  let kernel = parameters[row + min(n + vector + lane / 4u, OUTPUT_VECTORS - 1u)];
  add_vector(vector, lanes_0_to_3(kernel));
  if (LANES > 4u && vector + 1u < VECTORS) { add_vector(vector + 1u, lanes_4_to_7(kernel)); }
  if (LANES > 8u && vector + 2u < VECTORS) { add_vector(vector + 2u, lanes_8_to_11(kernel)); }
  if (LANES > 8u && vector + 3u < VECTORS) { add_vector(vector + 3u, lanes_12_to_15(kernel)); }
}

@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let n = group.x * VECTORS;
  let m = group.y * TILE_ROWS + lane;
  let kernel = model * (INPUTS + 1u) * OUTPUT_VECTORS;
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
      let row = kernel + min(4u * i + lane % 4u, INPUTS) * OUTPUT_VECTORS;
      unpack(now, i);
      add_load(0u, row, n, lane);
      add_load(1u, row, n, lane);
      add_load(2u, row, n, lane);
      add_load(3u, row, n, lane);
    }
    now = next;
    i++;
    continuing {
      break if i >= INPUT_VECTORS;
    }
  }

  var sum = 0u;
  loop {
    let b = m + sum % LANE_ROWS * LANES;
    let vector = n + sum / LANE_ROWS;
    if (b < ROWS && vector < OUTPUT_VECTORS) {
      let bias = parameters[kernel + INPUTS * OUTPUT_VECTORS + vector];
      let value = bias + select(sums[sum] / 255.0, vec4f(), vec4<bool>(b >= step.count));
      y[(model * ROWS + b) * OUTPUT_VECTORS + vector] = select(value, max(value, vec4f()), RELU);
    }
    sum++;
    continuing {
      break if sum >= VECTORS * LANE_ROWS;
    }
  }
}
