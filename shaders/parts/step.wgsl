// What differs from one step of a submit to the next, as src/train/step.ts writes it.

struct Step {
  // Where in the order the batch begins.
  offset: u32,
  // Samples in the batch.
  count: u32,
  // Where in `metrics` the batch's loss and hits go.
  index: u32,
  // The optimizer's t: 1 for the first step.
  t: u32,
  // The step's place in the submit.
  slot: u32,
  // Adam's 1 / sqrt(1 - BETA2^t).
  root_correction: f32,
}
