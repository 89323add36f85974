// Matrix products by one subgroup, on software adapters whose subgroups are LANES wide: a lane is one of a processor's
// register. Such a block has up to 64 rows and up to 8 vectors of columns; a vector is LANES neighbouring columns, a
// column to a lane.
//
//   sums[r, v] += sum_i moving(r, i) standing(i, v)
//
// A kernel says what its operands are, how large they are, and what becomes of a sum:
//
//   RESULT_ROWS, RESULT_COLUMNS, LENGTH                    rows and columns of the result, terms of a sum
//   fn moving(row: u32, i: u32) -> f32                     of another row and another i in each lane; 0 from LENGTH on
//   fn standing(i: u32, column: u32) -> f32                of the same i and the next column in each lane; always finite
//   fn finish(row: u32, column: u32, sum: f32)             row and column are within the result
//
// What compilers for processors make of it: where indices differ from lane to lane, a load takes as long as ten to thirty
// products, a store longer, also where lanes read neighbours. So each load has to serve many products. Sums are in
// private memory at constant indices, which a compiler keeps in registers and on its stack. Four i at a time: the
// products of a sum are a chain, of which a processor has many under way if each is short.

override LANES: u32;
// Rows of a block, a multiple of 4, and vectors of columns.
override BLOCK_ROWS: u32;
override VECTORS: u32;

const MOST_ROWS = 64u;
const MOST_VECTORS = 8u;

var<private> lane: u32;
var<private> first_row: u32;
var<private> first_column: u32;
var<private> sums: array<f32, MOST_ROWS * MOST_VECTORS>;
var<private> factors: array<f32, 4u * MOST_VECTORS>;

// Rows past the end repeat the last one: read in bounds, and written again with the same number by the same lane.
fn row_at(r: u32) -> u32 {
  if (RESULT_ROWS % BLOCK_ROWS == 0u) {
    return first_row + r;
  }
  return min(first_row + r, RESULT_ROWS - 1u);
}

fn column_at(v: u32) -> u32 {
  return first_column + v * LANES + lane;
}

// Columns past the end repeat the last one: read in bounds, computed in vain, never written.
fn load_factors(v: u32, i: u32) {
  let column = min(column_at(v), RESULT_COLUMNS - 1u);
  factors[v] = standing(i, column);
  factors[MOST_VECTORS + v] = standing(i + 1u, column);
  factors[2u * MOST_VECTORS + v] = standing(i + 2u, column);
  factors[3u * MOST_VECTORS + v] = standing(i + 3u, column);
}

fn add(r: u32, v: u32, numbers: vec4f) {
  var sum = sums[r * MOST_VECTORS + v];
  sum = fma(numbers.x, factors[v], sum);
  sum = fma(numbers.y, factors[MOST_VECTORS + v], sum);
  sum = fma(numbers.z, factors[2u * MOST_VECTORS + v], sum);
  sums[r * MOST_VECTORS + v] = fma(numbers.w, factors[3u * MOST_VECTORS + v], sum);
}

fn add_row(r: u32, numbers: vec4f) {
  add(r, 0u, numbers);
  if (VECTORS > 1u) { add(r, 1u, numbers); }
  if (VECTORS > 2u) { add(r, 2u, numbers); }
  if (VECTORS > 3u) { add(r, 3u, numbers); }
  if (VECTORS > 4u) { add(r, 4u, numbers); }
  if (VECTORS > 5u) { add(r, 5u, numbers); }
  if (VECTORS > 6u) { add(r, 6u, numbers); }
  if (VECTORS > 7u) { add(r, 7u, numbers); }
}

// One load brings four numbers of as many rows as there are lanes for, and broadcasts pass them round.
fn numbers_from(r: u32, i: u32) -> f32 {
  return moving(row_at(r + lane / 4u), i + lane % 4u);
}

fn first_four(n: f32) -> vec4f {
  return vec4f(subgroupBroadcast(n, 0u), subgroupBroadcast(n, 1u), subgroupBroadcast(n, 2u), subgroupBroadcast(n, 3u));
}

fn second_four(n: f32) -> vec4f {
  return vec4f(subgroupBroadcast(n, 4u), subgroupBroadcast(n, 5u), subgroupBroadcast(n, 6u), subgroupBroadcast(n, 7u));
}

fn third_four(n: f32) -> vec4f {
  return vec4f(subgroupBroadcast(n, 8u), subgroupBroadcast(n, 9u), subgroupBroadcast(n, 10u), subgroupBroadcast(n, 11u));
}

fn fourth_four(n: f32) -> vec4f {
  return vec4f(subgroupBroadcast(n, 12u), subgroupBroadcast(n, 13u), subgroupBroadcast(n, 14u), subgroupBroadcast(n, 15u));
}

fn add_rows(r: u32, i: u32) {
  if (BLOCK_ROWS <= r) {
    return;
  }
  let n = numbers_from(r, i);
  add_row(r, first_four(n));
  if (LANES == 4u) {
    add_row(r + 1u, first_four(numbers_from(r + 1u, i)));
    add_row(r + 2u, first_four(numbers_from(r + 2u, i)));
    add_row(r + 3u, first_four(numbers_from(r + 3u, i)));
  } else if (LANES == 8u) {
    let m = numbers_from(r + 2u, i);
    add_row(r + 1u, second_four(n));
    add_row(r + 2u, first_four(m));
    add_row(r + 3u, second_four(m));
  } else {
    add_row(r + 1u, second_four(n));
    add_row(r + 2u, third_four(n));
    add_row(r + 3u, fourth_four(n));
  }
}

fn add_products(i: u32) {
  load_factors(0u, i);
  if (VECTORS > 1u) { load_factors(1u, i); }
  if (VECTORS > 2u) { load_factors(2u, i); }
  if (VECTORS > 3u) { load_factors(3u, i); }
  if (VECTORS > 4u) { load_factors(4u, i); }
  if (VECTORS > 5u) { load_factors(5u, i); }
  if (VECTORS > 6u) { load_factors(6u, i); }
  if (VECTORS > 7u) { load_factors(7u, i); }
  add_rows(0u, i);
  add_rows(4u, i);
  add_rows(8u, i);
  add_rows(12u, i);
  add_rows(16u, i);
  add_rows(20u, i);
  add_rows(24u, i);
  add_rows(28u, i);
  add_rows(32u, i);
  add_rows(36u, i);
  add_rows(40u, i);
  add_rows(44u, i);
  add_rows(48u, i);
  add_rows(52u, i);
  add_rows(56u, i);
  add_rows(60u, i);
}

// Sixteen sums of a vector.
fn finish_rows(r: u32, v: u32, column: u32) {
  if (r < BLOCK_ROWS) {
    finish(row_at(r), column, sums[r * MOST_VECTORS + v]);
    finish(row_at(r + 1u), column, sums[(r + 1u) * MOST_VECTORS + v]);
    finish(row_at(r + 2u), column, sums[(r + 2u) * MOST_VECTORS + v]);
    finish(row_at(r + 3u), column, sums[(r + 3u) * MOST_VECTORS + v]);
  }
}

fn finish_vector(v: u32) {
  let column = column_at(v);
  if (v < VECTORS && column < RESULT_COLUMNS) {
    finish_rows(0u, v, column);
    finish_rows(4u, v, column);
    finish_rows(8u, v, column);
    finish_rows(12u, v, column);
    finish_rows(16u, v, column);
    finish_rows(20u, v, column);
    finish_rows(24u, v, column);
    finish_rows(28u, v, column);
    finish_rows(32u, v, column);
    finish_rows(36u, v, column);
    finish_rows(40u, v, column);
    finish_rows(44u, v, column);
    finish_rows(48u, v, column);
    finish_rows(52u, v, column);
    finish_rows(56u, v, column);
    finish_rows(60u, v, column);
  }
}

// The whole block at (row block, strip of columns) of the result.
fn make_block(lane_of_subgroup: u32, block: vec3u) {
  lane = lane_of_subgroup;
  first_row = block.x * BLOCK_ROWS;
  first_column = block.y * VECTORS * LANES;
  var i = 0u;
  loop {
    add_products(i);
    i += 4u;
    continuing {
      break if i >= LENGTH;
    }
  }
  finish_vector(0u);
  finish_vector(1u);
  finish_vector(2u);
  finish_vector(3u);
  finish_vector(4u);
  finish_vector(5u);
  finish_vector(6u);
  finish_vector(7u);
}
