// A dense layer's parameter gradient and the parameters' update, for software adapters whose subgroups are LANES wide.
//
//   gradient[z, k, n] = sum_b x[z, b, k] delta[z, b, n]   k < INPUTS, the kernel
//                     = sum_b delta[z, b, n]              k = INPUTS, the bias
//   then the optimizer's update, parts/adam.wgsl or parts/sgd.wgsl
//
//   x           with BYTES: samples [samples, 4 INPUT_VECTORS] bytes, four to a u32, of which x[z, b, k] is
//               samples[order[z, step.offset + b], k] / 255;
//               else [models, BATCH, 4 INPUT_VECTORS] f32 as their bits, the columns from INPUTS on padding
//   order       [models, ORDER_LENGTH]                           u32, index of a sample
//   delta       [models, BATCH, 4 OUTPUT_VECTORS]                f32; 0 from row step.count on
//   rates       [slots, models]                                  vec2 of f32, as in parts/rates.wgsl
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]           f32; kernel rows, then the bias
//   moments     [moments, models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; what the optimizer keeps
//
// A subgroup makes 4 LANES parameter rows of up to BLOCK_VECTORS vec4s of columns: (block of rows, block of columns,
// model). A lane has four neighbouring rows, which are a word of pixels, so that nothing of the parameters goes round.
// Four inputs of 32 samples stand still in each lane, and delta goes past: a vec4 of a sample for each lane, which then
// goes round. A vec4 is updated as soon as its gradient is summed over all samples; with more than 32 of them,
// `gradients` keeps the sums until the last ones.

enable subgroups;

override BATCH: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;

// Whether a lane may have only some of its four rows; else the bias is a lane's only one. A branch for each row would take
// as long as a tenth of the update.
override RAGGED = INPUTS % 4u != 0u;

const STANDING = 32u;
const BLOCK_VECTORS = 32u;

// Whether lanes are given samples past the batch's end: of the last load, or of whole loads in the last round of 32.
override OVERHANGS = BATCH % LANES != 0u || (BATCH > STANDING && BATCH % STANDING != 0u);

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read> rates: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> moments: array<vec4f>;

// Written in a loop, read at constant indices: only then does a read cost nothing.
var<private> standing: array<vec4f, STANDING>;
// A vec4 of columns of the lane's four rows. Separate, since all of an array would be in memory.
var<private> gradient0: vec4f;
var<private> gradient1: vec4f;
var<private> gradient2: vec4f;
var<private> gradient3: vec4f;
// The block's gradient so far, used where a batch has more than 32 samples.
var<private> gradients: array<mat4x4f, BLOCK_VECTORS>;

// Inputs 4i to 4i + 3 of a sample, and where the bias is, 1. Samples past the step's end repeat the last one: their
// delta is 0. Those past the batch's end are 0, and repeat the last one's delta.
fn inputs(model: u32, b: u32, i: u32) -> vec4f {
  let word = min(i, INPUT_VECTORS - 1u);
  var value: vec4f;
  if (BYTES) {
    let sample = order[model * ORDER_LENGTH + step.offset + min(b, step.count - 1u)];
    value = vec4f((vec4u(x[sample * INPUT_VECTORS + word]) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(0xffu));
  } else {
    let at = 4u * ((model * BATCH + min(b, BATCH - 1u)) * INPUT_VECTORS + word);
    value = bitcast<vec4f>(vec4u(x[at], x[at + 1u], x[at + 2u], x[at + 3u]));
  }
  value = select(value, vec4f(1.0), 4u * i + FOUR == vec4u(INPUTS));
  return select(vec4f(), value, b < BATCH);
}

fn add(sample: u32, d: vec4f) {
  let input = standing[sample];
  gradient0 = fma(vec4f(input.x), d, gradient0);
  gradient1 = fma(vec4f(input.y), d, gradient1);
  gradient2 = fma(vec4f(input.z), d, gradient2);
  gradient3 = fma(vec4f(input.w), d, gradient3);
}

// Four samples; a column of `d` is one's delta.
fn add_four(sample: u32, d: mat4x4f) {
  add(sample, d[0]);
  add(sample + 1u, d[1]);
  add(sample + 2u, d[2]);
  add(sample + 3u, d[3]);
}

// Adds the products of standing samples `sample` to `sample + LANES - 1`; `row` is where the first one's delta is.
fn add_lanes(sample: u32, lane: u32, first: u32, row: u32, n: u32) {
  if (sample >= min(BATCH, STANDING)) {
    return;
  }
  var b = first + sample + lane;
  if (OVERHANGS) {
    b = min(b, BATCH - 1u);
  }
  let value = delta[row + b * OUTPUT_VECTORS + n];
  add_four(sample, lanes_0_to_3(value));
  if (LANES > 4u) { add_four(sample + 4u, lanes_4_to_7(value)); }
  if (LANES > 8u) {
    add_four(sample + 8u, lanes_8_to_11(value));
    add_four(sample + 12u, lanes_12_to_15(value));
  }
}

fn update_row(row: u32, at: u32, gradient: vec4f, rate: vec2f) {
  if (RAGGED && row > INPUTS) {
    return;
  }
  let is_bias = row == INPUTS;
  let scale = select(1.0 / 255.0, 1.0, is_bias || !BYTES);
  update_at(at, scale * gradient, select(rate, bias_rate(rate), is_bias));
}

// Loops test at their end whether to go on: no adapter of this kind skips the rest of a round.
@compute @workgroup_size(LANES)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let i = group.x * LANES + lane;
  let row = 4u * i;
  let parameter = (model * (INPUTS + 1u) + row) * OUTPUT_VECTORS;
  let samples = model * BATCH * OUTPUT_VECTORS;
  let begin = group.y * BLOCK_VECTORS;
  let end = min(begin + BLOCK_VECTORS, OUTPUT_VECTORS);
  let rate = rate_of(model);

  var first = 0u;
  loop {
    var t = 0u;
    loop {
      standing[t] = inputs(model, first + t, i);
      t++;
      continuing {
        break if t >= min(BATCH, STANDING);
      }
    }
    var n = begin;
    loop {
      gradient0 = vec4f();
      gradient1 = vec4f();
      gradient2 = vec4f();
      gradient3 = vec4f();
      add_lanes(0u, lane, first, samples, n);
      add_lanes(LANES, lane, first, samples, n);
      add_lanes(2u * LANES, lane, first, samples, n);
      add_lanes(3u * LANES, lane, first, samples, n);
      add_lanes(4u * LANES, lane, first, samples, n);
      add_lanes(5u * LANES, lane, first, samples, n);
      add_lanes(6u * LANES, lane, first, samples, n);
      add_lanes(7u * LANES, lane, first, samples, n);
      if (BATCH > STANDING) {
        let sum = gradients[n - begin] + mat4x4f(gradient0, gradient1, gradient2, gradient3);
        gradients[n - begin] = sum;
        gradient0 = sum[0];
        gradient1 = sum[1];
        gradient2 = sum[2];
        gradient3 = sum[3];
      }
      if (first + STANDING >= BATCH) {
        let at = parameter + n;
        if (row < INPUTS || (RAGGED && row == INPUTS)) {
          update_row(row, at, gradient0, rate);
          update_row(row + 1u, at + OUTPUT_VECTORS, gradient1, rate);
          update_row(row + 2u, at + 2u * OUTPUT_VECTORS, gradient2, rate);
          update_row(row + 3u, at + 3u * OUTPUT_VECTORS, gradient3, rate);
        } else if (!RAGGED && row == INPUTS) {
          update_row(row, at, gradient0, rate);
        }
      }
      n++;
      continuing {
        break if n >= end;
      }
    }
    first += STANDING;
    continuing {
      break if first >= BATCH;
    }
  }
}
