// A dense layer on the batch's bytes, for adapters whose subgroups are four wide (software).
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
// A quad makes 16 rows of 16 columns: (four vec4s of columns, block of rows, model). Unlike in dense_quads.wgsl, the
// sums stand still. One load brings four inputs, so loading x again is cheap. Going through it word by word, the quad
// can skip words that are blank in all rows, since a product by zero adds nothing: a third of an image is such margin.
// Each of the four lanes loads a vec4 of columns of the kernel and every fourth row of x, and the rows go round by quad
// swaps.

enable subgroups;
// The whole quad decides together whether a word is blank, and therefore branches as one.
diagnostic(off, subgroup_uniformity);

override ROWS: u32;
override ORDER_LENGTH: u32;
override RELU: bool;

const TILE_ROWS = 16u;
const TILE_VECTORS = 4u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// Where a row begins, in words of four pixels.
fn row_start(model: u32, m: u32) -> u32 {
  return order[model * ORDER_LENGTH + step.offset + min(m, step.count - 1u)] * INPUT_VECTORS;
}

// Factors that turn what `pixels` returns into numbers from 0 to 255: powers of two, so that the products are exact.
const PIXEL = vec4f(1.0, 0x1p-8, 0x1p-16, 0x1p-24);

// Four pixels, each still at its place in the word, times 1, 2^8, 2^16 and 2^24: shifts are slow here. So is conversion
// from u32: the highest byte is converted from i32, with its sign bit flipped before and 2^31 added after.
fn pixels(word: u32) -> vec4f {
  let highest = bitcast<i32>((word & 0xff000000u) ^ 0x80000000u);
  return vec4f(vec3f(bitcast<vec3i>(vec3u(word) & vec3u(0xffu, 0xff00u, 0xff0000u))), f32(highest) + 0x1p31);
}

// The same for word i of a row, with its padding as zeros.
fn inputs(word: u32, i: u32) -> vec4f {
  let value = pixels(word);
  if (INPUTS % 4u == 0u) {
    return value;
  }
  return select(vec4f(), value, lanes_below(i, INPUTS));
}

// Whether any of the quad's words has a pixel.
fn lit(words: vec4u) -> bool {
  let lane = words.x | words.y | words.z | words.w;
  let pair = lane | quadSwapX(lane);
  return (pair | quadSwapY(pair)) != 0u;
}

// The value of every lane, this one's first: of lane, lane ^ 1, lane ^ 2, lane ^ 3.
fn quad(value: vec4f) -> mat4x4f {
  return mat4x4f(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value));
}

// Rows 4i to 4i + 3 of a vec4 of columns of the kernel. Rows past its end are read from the bias: x is 0 there, so any
// finite number will do.
fn kernel(column: u32, i: u32) -> mat4x4f {
  var row = 4u * i + FOUR;
  if (INPUTS % 4u != 0u) {
    row = min(row, vec4u(INPUTS));
  }
  row = column + row * OUTPUT_VECTORS;
  return mat4x4f(
    PIXEL.x * parameters[row.x],
    PIXEL.y * parameters[row.y],
    PIXEL.z * parameters[row.z],
    PIXEL.w * parameters[row.w],
  );
}

// Sums of rows, in the order in which the four lanes' words reach this one.
var<private> rows: array<vec4f, TILE_ROWS>;

fn keep(first: u32, sums: mat4x4f) {
  rows[first] = sums[0];
  rows[first + 1u] = sums[1];
  rows[first + 2u] = sums[2];
  rows[first + 3u] = sums[3];
}

@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let n = group.x * TILE_VECTORS + lane;
  let m = group.y * TILE_ROWS;
  // Columns past the end repeat the last ones: read in bounds, computed in vain, never written.
  let column = model * (INPUTS + 1u) * OUTPUT_VECTORS + min(n, OUTPUT_VECTORS - 1u);
  let row0 = row_start(model, m + lane);
  let row1 = row_start(model, m + 4u + lane);
  let row2 = row_start(model, m + 8u + lane);
  let row3 = row_start(model, m + 12u + lane);

  // Column s of these matrices is four sums of the row that lane ^ s loads.
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  var i = 0u;
  loop {
    var words = vec4u();
    while (i < INPUT_VECTORS) {
      words = vec4u(x[row0 + i], x[row1 + i], x[row2 + i], x[row3 + i]);
      if (lit(words)) {
        break;
      }
      i++;
    }
    if (i >= INPUT_VECTORS) {
      break;
    }
    let w = kernel(column, i);
    sums0 += w * quad(inputs(words.x, i));
    sums1 += w * quad(inputs(words.y, i));
    sums2 += w * quad(inputs(words.z, i));
    sums3 += w * quad(inputs(words.w, i));
    i++;
  }

  keep(0u, sums0);
  keep(4u, sums1);
  keep(8u, sums2);
  keep(12u, sums3);
  // A loop, since it compiles in a third of the time of the unrolled code.
  let bias = parameters[column + INPUTS * OUTPUT_VECTORS];
  for (var t = 0u; t < TILE_ROWS; t++) {
    let row = m + (t & 12u) + (lane ^ (t & 3u));
    if (row < ROWS && n < OUTPUT_VECTORS) {
      let value = bias + select(rows[t] / 255.0, vec4f(), vec4<bool>(row >= step.count));
      y[(model * ROWS + row) * OUTPUT_VECTORS + n] = select(value, max(value, vec4f()), RELU);
    }
  }
}
