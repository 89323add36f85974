// How a workgroup makes a TILE x TILE tile of a matrix product on matrix units. The sum is made in chunks that are
// staged in workgroup memory as halves. The tile has four quarters of 2 x 2 fragments, one for each subgroup; further
// subgroups repeat the last quarter's work, and their results are not read.

override WORKGROUP_SIZE: u32;

// The shape that the matrix units must have: src/gpu/matrix-units.ts asks for it.
const SIDE = 16u;
const TILE = 64u;
const CHUNK = 32u;
const QUARTERS = 4u;
const FRAGMENT = SIDE * SIDE;
// Floats from one staged row to the next: 16 bytes more than needed, so that eight rows begin in different banks.
const CHUNK_STRIDE = CHUNK + 8u;
const TILE_STRIDE = TILE + 8u;

alias Left = subgroup_matrix_left<f16, SIDE, SIDE>;
alias Right = subgroup_matrix_right<f16, SIDE, SIDE>;
alias Sum = subgroup_matrix_result<f32, SIDE, SIDE>;

// A fragment of each quarter, and one that nobody reads: [QUARTERS + 1, SIDE, SIDE].
var<workgroup> sums: array<f32, (QUARTERS + 1u) * FRAGMENT>;

// Columns 4 vector to 4 vector + 3 of a row of a quarter's fragment.
fn vector_of_sums(quarter: u32, row: u32, vector: u32) -> vec4f {
  let at = quarter * FRAGMENT + row * SIDE + 4u * vector;
  return vec4f(sums[at], sums[at + 1u], sums[at + 2u], sums[at + 3u]);
}
