// Gradient of the rectified linear unit: the mask of its output, in place on the gradient.
//
//   gradient[i] = gradient[i]   y[i] > 0
//               = 0             else (PyTorch's and Keras's choice at 0)
//
//   y         [LENGTH]  vec4 of f32, output of the unit
//   gradient  [LENGTH]  vec4 of f32, with respect to the unit's output before, to its input after

override LENGTH: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> y: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < LENGTH) {
    gradient[id.x] = select(vec4f(), gradient[id.x], y[id.x] > vec4f());
  }
}
