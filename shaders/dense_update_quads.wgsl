// A dense layer's parameter gradient and the parameters' update, for adapters whose subgroups are four wide (software).
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
// A quad makes BLOCK_ROWS parameter rows of 16 columns, a vec4 of columns to a lane: (block of rows, four vec4s of
// columns, model). As in dense_quads.wgsl one operand stands still, here 32 samples of delta, and the inputs go past:
// each lane loads those of eight samples, and the rest comes by quad swaps. A row is updated as soon as its gradient is
// summed over all samples; with more than 32 of them, `gradients` keeps the sums until the last ones.

enable subgroups;

override BATCH: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;

const TILE_VECTORS = 4u;
// Samples of delta that stand still, in this lane's columns and in the order in which the inputs reach the lane.
const STANDING = 32u;
const BLOCK_ROWS = 112u;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> delta: array<vec4f>;
@group(0) @binding(4) var<storage, read> rates: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> moments: array<vec4f>;

// The block's gradient so far, used where a batch has more than 32 samples.
var<private> gradients: array<vec4f, BLOCK_ROWS>;

// Picks one of a word's pixels by a mask, since shifts are slow here. So is the conversion from u32: the word is
// converted from i32, with its highest bit flipped, and for the highest byte `lift` adds 2^31 back. Floats stay as they
// are.
struct Pick {
  mask: u32,
  lift: f32,
}

fn input(word: u32, pick: Pick) -> f32 {
  if (BYTES) {
    return f32(bitcast<i32>(word & pick.mask)) + pick.lift;
  }
  return bitcast<f32>(word);
}

fn gradient_row(a: vec4u, b: vec4u, pick: Pick) -> vec4f {
  var s = add_quad(vec4f(), 0u, 1u, input(a.x, pick));
  s = add_quad(s, 4u, 1u, input(a.y, pick));
  s = add_quad(s, 8u, 1u, input(a.z, pick));
  s = add_quad(s, 12u, 1u, input(a.w, pick));
  if (BATCH > 16u) {
    s = add_quad(s, 16u, 1u, input(b.x, pick));
    s = add_quad(s, 20u, 1u, input(b.y, pick));
    s = add_quad(s, 24u, 1u, input(b.z, pick));
    s = add_quad(s, 28u, 1u, input(b.w, pick));
  }
  return s;
}

// Where a sample's inputs begin, in words. Samples past the end repeat the last one: their delta is 0.
fn start_of(model: u32, b: u32) -> u32 {
  if (BYTES) {
    return order[model * ORDER_LENGTH + step.offset + min(b, step.count - 1u)] * INPUT_VECTORS;
  }
  return (model * BATCH + min(b, BATCH - 1u)) * 4u * INPUT_VECTORS;
}

fn starts_of(model: u32, b: u32) -> vec4u {
  return vec4u(start_of(model, b), start_of(model, b + 4u), start_of(model, b + 8u), start_of(model, b + 12u));
}

// Word i of four samples; in words of pixels the highest bit is flipped, as `input` expects.
fn words(start: vec4u, i: u32) -> vec4u {
  let four = vec4u(x[start.x + i], x[start.y + i], x[start.z + i], x[start.w + i]);
  return four ^ vec4u(select(0u, 0x80000000u, BYTES));
}

// Long loops test at their end whether to go on: on such an adapter, testing at the start costs one more round.
@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let n = group.y * TILE_VECTORS + lane;
  // Columns past the end repeat the last ones: read in bounds, computed in vain, never written.
  let column = min(n, OUTPUT_VECTORS - 1u);
  let parameter = model * (INPUTS + 1u) * OUTPUT_VECTORS + column;
  let first = group.x * BLOCK_ROWS;
  let end = min(first + BLOCK_ROWS, INPUTS);
  let rate = rate_of(model);

  var bias = vec4f();
  var tile = 0u;
  loop {
    for (var t = 0u; t < STANDING; t++) {
      let b = tile + (t & 28u) + (lane ^ (t & 3u));
      let row = (model * BATCH + min(b, BATCH - 1u)) * OUTPUT_VECTORS;
      let value = select(vec4f(), delta[row + column], b < BATCH);
      standing[t] = value;
      bias += value;
    }
    let start0 = starts_of(model, tile + lane);
    let start1 = starts_of(model, tile + lane + 16u);
    var k = first;
    var i = select(first, first / 4u, BYTES);
    loop {
      let words0 = words(start0, i);
      let words1 = words(start1, i);
      let word_end = min(k + select(1u, 4u, BYTES), end);
      var pick = Pick(0xffu, 0.0);
      // Turns what `input` returns for a pixel into a number from 0 to 1: 1 / 255 and a power of two, whose products are
      // exact.
      var scale = select(1.0, 1.0 / 255.0, BYTES);
      loop {
        let g = scale * gradient_row(words0, words1, pick);
        if (BATCH > STANDING) {
          gradients[k - first] += g;
        } else if (n < OUTPUT_VECTORS) {
          update_at(parameter + k * OUTPUT_VECTORS, g, rate);
        }
        pick.mask *= 256u;
        pick.lift = select(0.0, 0x1p31, pick.mask == 0xff000000u);
        scale *= 0x1p-8;
        k++;
        continuing {
          break if k >= word_end;
        }
      }
      i++;
      continuing {
        break if k >= end;
      }
    }
    tile += STANDING;
    continuing {
      break if tile >= BATCH;
    }
  }

  if (BATCH > STANDING) {
    var k = first;
    loop {
      if (n < OUTPUT_VECTORS) {
        update_at(parameter + k * OUTPUT_VECTORS, gradients[k - first], rate);
      }
      k++;
      continuing {
        break if k >= end;
      }
    }
  }
  if (first == 0u && n < OUTPUT_VECTORS) {
    update_at(parameter + INPUTS * OUTPUT_VECTORS, bias, bias_rate(rate));
  }
}
