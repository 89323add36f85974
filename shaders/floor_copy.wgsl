// Memory traffic and nothing else: a copy.
//
//   destination[i] = source[i]
//
//   source, destination  [LENGTH]  vec4 of f32
//
// One invocation copies one vec4. With n invocations for more vec4s than that, it also copies every n-th one after its
// own.

override LENGTH: u32;
override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> destination: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < LENGTH; i += groups.x * WORKGROUP_SIZE) {
    destination[i] = source[i];
  }
}
