// Each network's own numbers of a step, which the host computes in float64: src/train/optimizer.ts.
//
//   rates  [slots, MODELS]  vec2 of f32: the factor of the step, and the share by which the network's kernels decay
//          before it

override MODELS: u32;

fn rate_of(model: u32) -> vec2f {
  return rates[step.slot * MODELS + model];
}

// Biases do not decay.
fn bias_rate(rate: vec2f) -> vec2f {
  return vec2f(rate.x, 0.0);
}
