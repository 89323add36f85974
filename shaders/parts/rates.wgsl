// Each network's own numbers of a step, which the host computes in float64: src/train/optimizer.ts.
//
//   rates  [slots, MODELS]  vec2 of f32: what the step is multiplied by, and the share of its kernels that a network loses
//          before it

override MODELS: u32;

fn rate_of(model: u32) -> vec2f {
  return rates[step.slot * MODELS + model];
}

// Biases do not decay.
fn bias_rate(rate: vec2f) -> vec2f {
  return vec2f(rate.x, 0.0);
}
