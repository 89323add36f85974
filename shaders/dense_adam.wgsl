// A dense layer's parameter gradient and its Adam update in one go: the gradient never leaves the registers.
//
//   gradient[z, k, n] = sum_b x[z, b, k] delta[z, b, n]   k < INPUTS, the kernel
//                     = sum_b delta[z, b, n]              k = INPUTS, the bias
//   then Adam as in adam.wgsl
//
//   x                             [models, BATCH, 4 INPUT_VECTORS]        f32; columns from INPUTS on are padding
//   delta                         [models, BATCH, 4 OUTPUT_VECTORS]       f32
//   parameters, moment1, moment2  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias
//
// One invocation makes TILE_ROWS parameter rows of one vec4 of columns: (block of rows, vector, model).

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

const TILE_ROWS = 8u;

struct Step {
  offset: u32,
  count: u32,
  index: u32,
  step_size: f32,
  root_correction: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> delta: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> moment1: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> moment2: array<vec4f>;

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

  // Eight names and not an array: registers, because no index into them is computed.
  var g0 = vec4f();
  var g1 = vec4f();
  var g2 = vec4f();
  var g3 = vec4f();
  var g4 = vec4f();
  var g5 = vec4f();
  var g6 = vec4f();
  var g7 = vec4f();
  var bias = vec4f();
  for (var b = 0u; b < BATCH; b++) {
    let row = (id.z * BATCH + b) * INPUT_VECTORS;
    let x_low = x[row + low];
    let x_high = x[row + high];
    let d = delta[(id.z * BATCH + b) * OUTPUT_VECTORS + n];
    g0 += x_low.x * d;
    g1 += x_low.y * d;
    g2 += x_low.z * d;
    g3 += x_low.w * d;
    g4 += x_high.x * d;
    g5 += x_high.y * d;
    g6 += x_high.z * d;
    g7 += x_high.w * d;
    bias += d;
  }

  let tile = array(g0, g1, g2, g3, g4, g5, g6, g7);
  for (var i = 0u; i < min(TILE_ROWS, INPUTS + 1u - k0); i++) {
    let g = select(tile[i], bias, k0 + i == INPUTS);
    let p = (id.z * (INPUTS + 1u) + k0 + i) * OUTPUT_VECTORS + n;
    let m = BETA1 * moment1[p] + ONE_MINUS_BETA1 * g;
    let v = BETA2 * moment2[p] + ONE_MINUS_BETA2 * g * g;
    moment1[p] = m;
    moment2[p] = v;
    parameters[p] -= step.step_size * m / (sqrt(v) * step.root_correction + EPSILON);
  }
}
