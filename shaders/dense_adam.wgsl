// A dense layer's parameter gradient and its Adam update in one go: the gradient never leaves the registers.
//
//   gradient[z, k, n] = sum_b x[z, b, k] delta[z, b, n]   k < INPUTS, the kernel
//                     = sum_b delta[z, b, n]              k = INPUTS, the bias
//   then Adam as in adam.wgsl
//
//   x           [models, BATCH, 4 INPUT_VECTORS]           f32; columns from INPUTS on are padding
//   delta       [models, BATCH, 4 OUTPUT_VECTORS]          f32
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]     f32; kernel rows, then the bias
//   moments     [2, models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; Adam's first moment, then the second
//
// One invocation makes TILE_ROWS parameter rows of one vec4 of columns: (block of rows, vector, model).

override MODELS: u32;
override BATCH: u32;
override INPUTS: u32;
override OUTPUTS: u32;
override BETA1: f32;
override BETA2: f32;
// 1 - BETA as the host's float64 has it: in float32, 1 - 0.999 is off by 5e-5 of its value.
override ONE_MINUS_BETA1: f32;
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;
override WORKGROUP_SIZE: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;
override MOMENT = MODELS * (INPUTS + 1u) * OUTPUT_VECTORS;

const TILE_ROWS = 8u;

struct Step {
  offset: u32,
  count: u32,
  index: u32,
  t: u32,
  step_size: f32,
  root_correction: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> delta: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> moments: array<vec4f>;

fn update(k: u32, p: u32, kernel_gradient: vec4f, bias_gradient: vec4f) {
  if (k > INPUTS) {
    return;
  }
  let g = select(kernel_gradient, bias_gradient, k == INPUTS);
  let m = BETA1 * moments[p] + ONE_MINUS_BETA1 * g;
  let v = BETA2 * moments[MOMENT + p] + ONE_MINUS_BETA2 * g * g;
  moments[p] = m;
  moments[MOMENT + p] = v;
  parameters[p] -= step.step_size * m / (sqrt(v) * step.root_correction + EPSILON);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let k0 = id.x * TILE_ROWS;
  let n = id.y;
  if (k0 > INPUTS) {
    return;
  }
  // Vectors past the end repeat the last one: read in bounds, computed in vain, never written.
  let low = min(k0 / 4u, INPUT_VECTORS - 1u);
  let high = min(k0 / 4u + 1u, INPUT_VECTORS - 1u);

  // Every column of these matrices is a part of a row of the gradient.
  var g_low = mat4x4f();
  var g_high = mat4x4f();
  var bias = vec4f();
  let first_sample = id.z * BATCH;
  // Two samples at a time: each pass of the loop loads and stores the sums once.
  for (var b = first_sample; b < first_sample + BATCH / 2u * 2u; b += 2u) {
    let d0 = delta[b * OUTPUT_VECTORS + n];
    let d1 = delta[(b + 1u) * OUTPUT_VECTORS + n];
    let d = mat2x4f(d0, d1);
    g_low += d * transpose(mat2x4f(x[b * INPUT_VECTORS + low], x[(b + 1u) * INPUT_VECTORS + low]));
    g_high += d * transpose(mat2x4f(x[b * INPUT_VECTORS + high], x[(b + 1u) * INPUT_VECTORS + high]));
    bias += d0 + d1;
  }
  if (BATCH % 2u != 0u) {
    let b = first_sample + BATCH - 1u;
    let d = delta[b * OUTPUT_VECTORS + n];
    let x_low = x[b * INPUT_VECTORS + low];
    let x_high = x[b * INPUT_VECTORS + high];
    g_low += mat4x4f(x_low.x * d, x_low.y * d, x_low.z * d, x_low.w * d);
    g_high += mat4x4f(x_high.x * d, x_high.y * d, x_high.z * d, x_high.w * d);
    bias += d;
  }
  let first = (id.z * (INPUTS + 1u) + k0) * OUTPUT_VECTORS + n;
  update(k0, first, g_low[0], bias);
  update(k0 + 1u, first + 1u * OUTPUT_VECTORS, g_low[1], bias);
  update(k0 + 2u, first + 2u * OUTPUT_VECTORS, g_low[2], bias);
  update(k0 + 3u, first + 3u * OUTPUT_VECTORS, g_low[3], bias);
  update(k0 + 4u, first + 4u * OUTPUT_VECTORS, g_high[0], bias);
  update(k0 + 5u, first + 5u * OUTPUT_VECTORS, g_high[1], bias);
  update(k0 + 6u, first + 6u * OUTPUT_VECTORS, g_high[2], bias);
  update(k0 + 7u, first + 7u * OUTPUT_VECTORS, g_high[3], bias);
}
