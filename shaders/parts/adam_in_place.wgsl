// The optimizer's part of kernels that update `parameters` and `moments` of a dense layer, for Adam: `moments` holds
// the first moments of all models, then the second ones.

override MOMENT = MODELS * (INPUTS + 1u) * OUTPUT_VECTORS;

// Vector p of the parameters.
fn update_at(p: u32, gradient: vec4f, rate: vec2f) {
  let state = adam(State(parameters[p], moments[p], moments[MOMENT + p]), gradient, rate);
  moments[p] = state.moment1;
  moments[MOMENT + p] = state.moment2;
  parameters[p] = state.parameters;
}
