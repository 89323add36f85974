// The optimizer's update of a dense layer's parameters, in place: parts/adam.wgsl or parts/sgd.wgsl.
//
//   gradient    [models, INPUTS + 1, 4 OUTPUT_VECTORS]           f32; of the kernel's rows, then of the bias
//   rates       [slots, models]                                  vec2 of f32, as in parts/rates.wgsl
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]           f32; kernel rows, then the bias
//   moments     [moments, models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; what the optimizer keeps
//
// One invocation updates one vec4: (vector, 0, model).

override WORKGROUP_SIZE: u32;

override KERNEL = INPUTS * OUTPUT_VECTORS;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> gradient: array<vec4f>;
@group(0) @binding(2) var<storage, read> rates: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> moments: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= KERNEL + OUTPUT_VECTORS) {
    return;
  }
  let p = id.z * (KERNEL + OUTPUT_VECTORS) + id.x;
  let rate = rate_of(id.z);
  update_at(p, gradient[p], select(rate, bias_rate(rate), id.x >= KERNEL));
}
