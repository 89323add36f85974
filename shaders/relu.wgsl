// Rectified linear unit, in place.
//
//   y[i] = max(y[i], 0)
//
//   y  [LENGTH]  vec4 of f32

override LENGTH: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < LENGTH) {
    y[id.x] = max(y[id.x], vec4f());
  }
}
