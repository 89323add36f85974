// The optimizer's part of kernels that update `parameters` and `moments` of a dense layer, for stochastic gradient
// descent with momentum, as in PyTorch without dampening.
//
//   moment = MOMENTUM moment + gradient
//   parameters -= size moment
//
//   rate  (size, 0): it has no decay

override MOMENTUM: f32;

// Vector p of the parameters.
fn update_at(p: u32, gradient: vec4f, rate: vec2f) {
  let m = MOMENTUM * moments[p] + gradient;
  moments[p] = m;
  parameters[p] -= rate.x * m;
}
