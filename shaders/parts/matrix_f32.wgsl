// For matrix units that add up in float32: sums stay in the units until they are whole.

const TILE = 64u;
const CHUNK = 32u;

alias Sum = subgroup_matrix_result<f32, N, M>;

// Sums of each quarter, and some that nobody reads.
var<workgroup> stored: array<f32, (QUARTERS + 1u) * STORED>;

fn make_tile(model: u32, row: u32, column: u32, local: u32, subgroup: u32) {
  var sums: Sums;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    stage(model, row, chunk * CHUNK, column, local);
    workgroupBarrier();
    multiply(&sums, min(subgroup, QUARTERS - 1u));
    workgroupBarrier();
  }
  for (var first = 0u; first < FRAGMENTS; first += STORED_FRAGMENTS) {
    store(&sums, first, subgroup);
    workgroupBarrier();
    for (var i = local; i < QUARTERS * STORED / 4u; i += WORKGROUP_SIZE) {
      finish_vector(model, row, column, first, i, stored_vector(i));
    }
    workgroupBarrier();
  }
}
