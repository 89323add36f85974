// The optimizer's part of kernels that update `parameters` and `moments` of a dense layer, for stochastic gradient descent
// with momentum: as PyTorch has it, without dampening.
//
//   moment = MOMENTUM moment + gradient
//   parameters = keep parameters - size moment
//
//   rate  (size, keep)

override MOMENTUM: f32;

// Vector p of the parameters.
fn update_at(p: u32, gradient: vec4f, rate: vec2f) {
  let m = MOMENTUM * moments[p] + gradient;
  moments[p] = m;
  parameters[p] = rate.y * parameters[p] - rate.x * m;
}
