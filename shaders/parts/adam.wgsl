// Adam (Kingma & Ba 2015, algorithm 1) and, with a decay, AdamW (Loshchilov & Hutter 2019, algorithm 2).
// The host computes the bias corrections in float64: size = learning rate / (1 - BETA1^t),
// root_correction = 1 / sqrt(1 - BETA2^t).
//
//   moment1 = BETA1 moment1 + (1 - BETA1) gradient
//   moment2 = BETA2 moment2 + (1 - BETA2) gradient^2
//   parameters -= decay parameters + size moment1 / (sqrt(moment2) root_correction + EPSILON)
//
//   rate  (size, decay)

override BETA1: f32;
override BETA2: f32;
// 1 - BETA, computed by the host in float64: in float32, 1 - 0.999 is off by 5e-5 of its value.
override ONE_MINUS_BETA1: f32;
override ONE_MINUS_BETA2: f32;
override EPSILON: f32;

struct State {
  parameters: vec4f,
  moment1: vec4f,
  moment2: vec4f,
}

fn adam(state: State, gradient: vec4f, rate: vec2f) -> State {
  let m = BETA1 * state.moment1 + ONE_MINUS_BETA1 * gradient;
  let v = BETA2 * state.moment2 + ONE_MINUS_BETA2 * gradient * gradient;
  let decayed = state.parameters - rate.y * state.parameters;
  return State(decayed - rate.x * m / (sqrt(v) * step.root_correction + EPSILON), m, v);
}
