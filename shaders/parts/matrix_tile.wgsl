// How a workgroup makes a TILE x TILE tile of a matrix product on matrix units. The sum is made in chunks that are
// staged in workgroup memory as halves. The tile has four quarters, one for each subgroup; further subgroups repeat the
// last quarter's work, and their results are not read. A quarter is made of fragments of the units' shape.
//
// A kernel has what is special about its product:
//   CHUNKS                                 chunks of the sum
//   stage(model, row, at, column, local)   puts both operands' chunk into workgroup memory: rows from `row`, columns
//                                          from `column`, and terms from `at` on
//   left(row, at), right(at, column)       a fragment of each operand, counted from where tile and chunk begin
//   finish(model, row, vector, sum)        what becomes of the sums in columns 4 vector to 4 vector + 3 of a row

override WORKGROUP_SIZE: u32;

const QUARTERS = 4u;
const QUARTER = TILE / 2u;
const FRAGMENT = M * N;
const FRAGMENTS_ACROSS = QUARTER / N;
const FRAGMENTS = QUARTER / M * FRAGMENTS_ACROSS;
// Sums of a quarter that leave the units at once, and the fragments that they are: one of 16 x 16, or more of less.
const STORED = 256u;
const STORED_FRAGMENTS = STORED / FRAGMENT;
// Halves from one staged row to the next: 16 bytes more than needed, so that eight rows begin in different banks.
const CHUNK_STRIDE = CHUNK + 8u;
const TILE_STRIDE = TILE + 8u;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Sums = array<Sum, FRAGMENTS>;

fn quarter_row(quarter: u32) -> u32 {
  return quarter / 2u * QUARTER;
}

fn quarter_column(quarter: u32) -> u32 {
  return quarter % 2u * QUARTER;
}

// Adds the staged chunk's products to a quarter's sums.
fn multiply(sums: ptr<function, Sums>, quarter: u32) {
  for (var at = 0u; at < CHUNK; at += K) {
    var rights: array<Right, FRAGMENTS_ACROSS>;
    for (var j = 0u; j < FRAGMENTS_ACROSS; j++) {
      rights[j] = right(at, quarter_column(quarter) + j * N);
    }
    for (var i = 0u; i < FRAGMENTS; i += FRAGMENTS_ACROSS) {
      let rows = left(quarter_row(quarter) + i / FRAGMENTS_ACROSS * M, at);
      for (var j = 0u; j < FRAGMENTS_ACROSS; j++) {
        sums[i + j] = subgroupMatrixMultiplyAccumulate(rows, rights[j], sums[i + j]);
      }
    }
  }
}

// Puts the fragments from `first` on where all invocations can read them: a subgroup's quarter behind the others', and
// those of subgroups that only repeat behind all of them.
fn store(sums: ptr<function, Sums>, first: u32, subgroup: u32) {
  for (var i = 0u; i < STORED_FRAGMENTS; i++) {
    let at = min(subgroup, QUARTERS) * STORED + i * FRAGMENT;
    subgroupMatrixStore<row_major>(&stored, at, sums[first + i], N);
  }
}

// Vector i of all that is stored.
fn stored_vector(i: u32) -> vec4f {
  return vec4f(f32(stored[4u * i]), f32(stored[4u * i + 1u]), f32(stored[4u * i + 2u]), f32(stored[4u * i + 3u]));
}

// Does with vector i of what is stored, whose sums are `sum`, what the kernel does with sums.
fn finish_vector(model: u32, row: u32, column: u32, first: u32, i: u32, sum: vec4f) {
  let quarter = i / (STORED / 4u);
  let fragment = first + i % (STORED / 4u) / (FRAGMENT / 4u);
  let m = quarter_row(quarter) + fragment / FRAGMENTS_ACROSS * M + i / (N / 4u) % M;
  let n = quarter_column(quarter) + fragment % FRAGMENTS_ACROSS * N;
  finish(model, row + m, (column + n) / 4u + i % (N / 4u), sum);
}
