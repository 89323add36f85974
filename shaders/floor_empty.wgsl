// The least work of a dispatch that has to wait for the one before it.
//
//   counter[i] += 1
//
//   counter  [WORKGROUP_SIZE]  u32
//
// One workgroup. Each dispatch reads what the one before it wrote, so the device runs them one after another.

override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<storage, read_write> counter: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(local_invocation_index) i: u32) {
  counter[i] += 1u;
}
