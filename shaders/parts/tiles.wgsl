// How a workgroup makes a TILE x TILE tile of a matrix product: src/train/kernels/tiles.ts picks the numbers. The sum
// is made in chunks that are staged in workgroup memory, a 4 x 4 block by each invocation. A chunk is split into SLICES
// slices, so that a small tile keeps a large workgroup busy: each invocation makes REGISTER_TILE x REGISTER_TILE of the
// tile for one slice, and at the end the slices are added up.

override TILE: u32;
// 4, or 8: then the tile is 2 x 2 quadrants, and an invocation makes 4 x 4 of each.
override REGISTER_TILE: u32;
override WORKGROUP_SIZE: u32;

// A chunk is CHUNK_BLOCKS x TILE_BLOCKS blocks of either operand: one for each invocation.
override TILE_BLOCKS = TILE / 4u;
override CHUNK_BLOCKS = WORKGROUP_SIZE / (2u * TILE_BLOCKS);
// Invocations along a quadrant.
override LANES = TILE / REGISTER_TILE;
override SLICES = WORKGROUP_SIZE / (LANES * LANES);
override SLICE_DEPTH = 4u * CHUNK_BLOCKS / SLICES;

// A chunk of the left operand, then one of the right, each [4, CHUNK_BLOCKS, TILE_BLOCKS]: every fourth row
// together, so that neighbouring invocations, which stage neighbouring blocks, write neighbouring vectors. At the end
// it holds the slices' sums, [SLICES, 4 LANES, LANES].
// Named, because naga 29, Deno's compiler, panics where the expression stands in the array's type.
override STAGED = 4u * WORKGROUP_SIZE;
var<workgroup> staged: array<vec4f, STAGED>;

// Column i is a[i] b.
fn outer(a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(a.x * b, a.y * b, a.z * b, a.w * b);
}

// Writes an invocation's block of a chunk to where the products read it.
fn stage(at: u32, block: mat4x4f) {
  staged[at] = block[0];
  staged[at + WORKGROUP_SIZE / 2u] = block[1];
  staged[at + WORKGROUP_SIZE] = block[2];
  staged[at + 3u * WORKGROUP_SIZE / 2u] = block[3];
}

// Writes an invocation's sums of a quadrant to where the slices are added up. `at` is their place there.
fn stage_sums(at: u32, sum: mat4x4f) {
  staged[at] = sum[0];
  staged[at + LANES] = sum[1];
  staged[at + 2u * LANES] = sum[2];
  staged[at + 3u * LANES] = sum[3];
}

// Vector i of a quadrant, its slices added up.
fn added_slices(i: u32) -> vec4f {
  var sum = staged[i];
  for (var slice = 1u; slice < SLICES; slice++) {
    sum += staged[slice * 4u * LANES * LANES + i];
  }
  return sum;
}
