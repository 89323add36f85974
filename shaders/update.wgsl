// Adam (Kingma & Ba 2015, algorithm 1), in place. The bias corrections are computed by the host in float64:
// step_size = learning rate / (1 - BETA1^t), root_correction = 1 / sqrt(1 - BETA2^t).
//
//   moment1 = BETA1 moment1 + (1 - BETA1) gradient
//   moment2 = BETA2 moment2 + (1 - BETA2) gradient^2
//   parameters -= step_size moment1 / (sqrt(moment2) root_correction + EPSILON)
//
//   gradient, parameters  [LENGTH]     vec4 of f32
//   moments               [2, LENGTH]  vec4 of f32; the first moment, then the second

override LENGTH: u32;
override BETA1: f32;
override BETA2: f32;
// 1 - BETA as the host's float64 has it: in float32, 1 - 0.999 is off by 5e-5 of its value.
override ONE_MINUS_BETA1: f32;
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;
override WORKGROUP_SIZE: u32;

struct Step {
  offset: u32,
  count: u32,
  index: u32,
  t: u32,
  step_size: f32,
  root_correction: f32,
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moments: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= LENGTH) {
    return;
  }
  let g = gradient[i];
  let m = BETA1 * moments[i] + ONE_MINUS_BETA1 * g;
  let v = BETA2 * moments[LENGTH + i] + ONE_MINUS_BETA2 * g * g;
  moments[i] = m;
  moments[LENGTH + i] = v;
  parameters[i] -= step.step_size * m / (sqrt(v) * step.root_correction + EPSILON);
}
