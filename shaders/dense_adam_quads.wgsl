// A dense layer's parameter gradient and its Adam update, for adapters whose subgroups are four wide (software).
//
//   gradient[z, k, n] = sum_b x[z, b, k] delta[z, b, n]   k < INPUTS, the kernel
//                     = sum_b delta[z, b, n]              k = INPUTS, the bias
//   then Adam as in adam.wgsl
//
//   x           with BYTES: samples [samples, 4 INPUT_VECTORS] bytes, four to a u32, of which x[z, b, k] is
//               samples[order[z, step.offset + b], k] / 255;
//               else [models, BATCH, 4 INPUT_VECTORS] f32, the columns from INPUTS on padding
//   order       [models, ORDER_LENGTH]                     u32, index of a sample
//   delta       [models, BATCH, 4 OUTPUT_VECTORS]          f32; 0 from row step.count on
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]     f32; kernel rows, then the bias
//   moments     [2, models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; Adam's first moment, then the second
//
// A quad makes 16 parameter rows, four to a lane, of 12 columns: (block of rows, three vec4s of columns, model). As in
// dense_quads.wgsl each lane loads a fourth of delta, one sample of four, and the samples go round by quad swaps; four
// whose words are all blank are passed over. The lanes' words are STRIDE apart: where that is an image's row, they are a
// patch of 4 x 4 pixels, which is blank more often than 16 pixels side by side.

enable subgroups;
// Whether samples are blank is asked of the whole quad, which therefore branches as one.
diagnostic(off, subgroup_uniformity);

override MODELS: u32;
override BATCH: u32;
override INPUTS: u32;
override OUTPUTS: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;
// Divides INPUT_VECTORS / 4, or is 1.
override STRIDE: u32;
override BETA1: f32;
override BETA2: f32;
// 1 - BETA as the host's float64 has it: in float32, 1 - 0.999 is off by 5e-5 of its value.
override ONE_MINUS_BETA1: f32;
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;
override MOMENT = MODELS * (INPUTS + 1u) * OUTPUT_VECTORS;

const TILE_ROWS = 16u;
const TILE_VECTORS = 3u;

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
@group(0) @binding(3) var<storage, read> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> moments: array<vec4f>;
// x once more: floats are read by vectors, bytes by words.
@group(0) @binding(6) var<storage, read> x_vectors: array<vec4f>;

// What the four pixels of a word stand for, in parts of what `pixels` makes of them: exact powers of two, but for 255.
const PIXEL = vec4f(1.0, 0x1p-8, 0x1p-16, 0x1p-24) / 255.0;

// Four pixels where they are in the word, since shifts are dear here. So is the conversion from u32; that from i32
// takes the highest byte as it is from -128 on.
fn pixels(word: u32) -> vec4f {
  let highest = bitcast<i32>((word & 0xff000000u) ^ 0x80000000u);
  return vec4f(vec3f(bitcast<vec3i>(vec3u(word) & vec3u(0xffu, 0xff00u, 0xff0000u))), f32(highest) + 0x1p31);
}

// Inputs `vector` of the batch's sample b; where x is bytes, that is `word`.
fn inputs(model: u32, b: u32, vector: u32, word: u32) -> vec4f {
  if (BYTES) {
    return pixels(word);
  }
  return x_vectors[(model * BATCH + min(b, BATCH - 1u)) * INPUT_VECTORS + vector];
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

// A vec4 of columns of delta, of four samples, this lane's being b; samples from BATCH on are zeros.
fn deltas(model: u32, b: u32, n: u32) -> mat4x4f {
  let row = model * BATCH + min(b, BATCH - 1u);
  return quad(select(vec4f(), delta[row * OUTPUT_VECTORS + n], BATCH % 4u == 0u || b < BATCH));
}

fn update(model: u32, k: u32, n: u32, g: vec4f) {
  let p = (model * (INPUTS + 1u) + k) * OUTPUT_VECTORS + n;
  let m = BETA1 * moments[p] + ONE_MINUS_BETA1 * g;
  let v = BETA2 * moments[MOMENT + p] + ONE_MINUS_BETA2 * g * g;
  moments[p] = m;
  moments[MOMENT + p] = v;
  parameters[p] -= step.step_size * m / (sqrt(v) * step.root_correction + EPSILON);
}

// Four rows of a vec4 of columns of the kernel.
fn update_rows(model: u32, k: u32, n: u32, gradient: mat4x4f) {
  if (n >= OUTPUT_VECTORS) {
    return;
  }
  let scale = select(vec4f(1.0), PIXEL, BYTES);
  if (k < INPUTS) { update(model, k, n, scale.x * gradient[0]); }
  if (k + 1u < INPUTS) { update(model, k + 1u, n, scale.y * gradient[1]); }
  if (k + 2u < INPUTS) { update(model, k + 2u, n, scale.z * gradient[2]); }
  if (k + 3u < INPUTS) { update(model, k + 3u, n, scale.w * gradient[3]); }
}

@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let vector = group.x / STRIDE * (4u * STRIDE) + group.x % STRIDE + lane * STRIDE;
  let n = group.y * TILE_VECTORS;
  // Vectors past an end repeat the last one: read in bounds, computed in vain, never written.
  let read = min(vector, INPUT_VECTORS - 1u);
  let n1 = min(n + 1u, OUTPUT_VECTORS - 1u);
  let n2 = min(n + 2u, OUTPUT_VECTORS - 1u);

  // Every column of these matrices is four sums of one of this lane's rows. Each lane takes its own sample first.
  var g0 = mat4x4f();
  var g1 = mat4x4f();
  var g2 = mat4x4f();
  var b = 0u;
  loop {
    var words = vec4u();
    while (BYTES && b < BATCH) {
      let sample = order[model * ORDER_LENGTH + step.offset + min(b + lane, step.count - 1u)];
      let start = sample * INPUT_VECTORS;
      words = vec4u(
        x[start + read],
        x[quadSwapX(start) + read],
        x[quadSwapY(start) + read],
        x[quadSwapDiagonal(start) + read],
      );
      if (lit(words)) {
        break;
      }
      b += 4u;
    }
    if (b >= BATCH) {
      break;
    }
    let samples = transpose(mat4x4f(
      inputs(model, b + lane, read, words.x),
      inputs(model, b + (lane ^ 1u), read, words.y),
      inputs(model, b + (lane ^ 2u), read, words.z),
      inputs(model, b + (lane ^ 3u), read, words.w),
    ));
    g0 += deltas(model, b + lane, n) * samples;
    g1 += deltas(model, b + lane, n1) * samples;
    g2 += deltas(model, b + lane, n2) * samples;
    b += 4u;
  }

  let k = 4u * vector;
  update_rows(model, k, n, g0);
  update_rows(model, k, n + 1u, g1);
  update_rows(model, k, n + 2u, g2);

  // The bias has no inputs: the first block of rows sums it, a vec4 of columns to a lane. A loop that does not run costs
  // nothing here, an `if` all that is inside.
  for (var v = n + lane; group.x == 0u && v < min(n + TILE_VECTORS, OUTPUT_VECTORS); v += 4u) {
    var sum = vec4f();
    for (var row = 0u; row < BATCH; row++) {
      sum += delta[(model * BATCH + row) * OUTPUT_VECTORS + v];
    }
    update(model, INPUTS, v, sum);
  }
}
