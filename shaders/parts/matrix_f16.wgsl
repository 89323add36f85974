// For matrix units that add up in float16, where long sums would lose most of their digits: the units add up one chunk,
// and chunks are added up in float32 outside of them. Tiles are smaller, so that a quarter leaves the units at once.

const TILE = 32u;
const CHUNK = 16u;

alias Sum = subgroup_matrix_result<f16, N, M>;

// Sums of each quarter over a chunk, and some that nobody reads.
var<workgroup> stored: array<f16, (QUARTERS + 1u) * STORED>;
// Sums over all chunks so far. Each vector has one invocation that reads and writes it.
var<workgroup> totals: array<vec4f, QUARTERS * STORED / 4u>;

fn make_tile(model: u32, row: u32, column: u32, local: u32, subgroup: u32) {
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    // Whoever is still adding up the chunk before reads what was stored, not what is staged.
    stage(model, row, chunk * CHUNK, column, local);
    workgroupBarrier();
    // With the value written out: Tint does not make a variable of this type zero again when a loop comes back to it.
    var sums = Sums();
    multiply(&sums, min(subgroup, QUARTERS - 1u));
    store(&sums, 0u, subgroup);
    workgroupBarrier();
    for (var i = local; i < QUARTERS * STORED / 4u; i += WORKGROUP_SIZE) {
      totals[i] += stored_vector(i);
    }
  }
  for (var i = local; i < QUARTERS * STORED / 4u; i += WORKGROUP_SIZE) {
    finish_vector(model, row, column, 0u, i, totals[i]);
  }
}
