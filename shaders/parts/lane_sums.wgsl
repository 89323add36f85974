// Matrix products by one subgroup, on software adapters. It makes a block of BLOCK_ROWS rows and BLOCK_VECTORS LANES vec4s
// of columns, BLOCK_VECTORS vec4s to a lane.
//
//   sums[r, column] = sum_i moving[r, i] standing[i, column]
//
// A kernel says what its operands are, how large they are, and what becomes of a sum, all in vec4s:
//
//   RESULT_ROWS, RESULT_VECTORS, LENGTH              rows of the result, vec4s of its columns and of the terms of a sum
//   fn moving(row: u32, i: u32) -> vec4f             terms 4i to 4i + 3 of a row, another row in each lane; 0 for padding
//   fn standing(i: u32, column: u32) -> mat4x4f      terms 4i to 4i + 3 of four columns; always finite
//   fn finish(row: u32, column: u32, sum: vec4f)     row and column are within the result
//
// A load takes as long as ten to thirty products, so it has to serve many: one of `moving` all columns of the block, one of
// `standing` all its rows. The sums are in private memory at constant indices, which a compiler keeps in registers and on
// its stack. Only four terms at a time: the products of a sum are a chain, each of which waits for the one before, and a
// processor has many short chains under way, but not many long ones.

// A multiple of LANES, 32 at most.
override BLOCK_ROWS: u32;
// 1 or 2.
override BLOCK_VECTORS: u32;

const MOST_ROWS = 32u;
const MOST_VECTORS = 2u;

var<private> lane: u32;
var<private> first_row: u32;
// The lane's first vec4 of columns; the next one is LANES further on.
var<private> first_column: u32;
var<private> sums: array<vec4f, MOST_ROWS * MOST_VECTORS>;
var<private> factors: array<mat4x4f, MOST_VECTORS>;
// A copy, for a loop's index: what is ever read at such an index is in memory all the time.
var<private> finished: array<vec4f, MOST_ROWS * MOST_VECTORS>;

// Rows past the end repeat the last one: read in bounds, and written again with the same numbers by the same lane.
fn row_at(r: u32) -> u32 {
  if (RESULT_ROWS % BLOCK_ROWS == 0u) {
    return first_row + r;
  }
  return min(first_row + r, RESULT_ROWS - 1u);
}

// Columns past the end repeat the last ones: read in bounds, computed in vain, never written.
fn load_factors(v: u32, i: u32) {
  factors[v] = standing(i, min(first_column + v * LANES, RESULT_VECTORS - 1u));
}

fn add(r: u32, v: u32, terms: vec4f) {
  let factor = factors[v];
  var sum = sums[r * MOST_VECTORS + v];
  sum = fma(terms.xxxx, factor[0], sum);
  sum = fma(terms.yyyy, factor[1], sum);
  sum = fma(terms.zzzz, factor[2], sum);
  sums[r * MOST_VECTORS + v] = fma(terms.wwww, factor[3], sum);
}

fn add_row(r: u32, terms: vec4f) {
  add(r, 0u, terms);
  if (BLOCK_VECTORS > 1u) {
    add(r, 1u, terms);
  }
}

// A column of `terms` is a row's.
fn add_four(r: u32, terms: mat4x4f) {
  add_row(r, terms[0]);
  add_row(r + 1u, terms[1]);
  add_row(r + 2u, terms[2]);
  add_row(r + 3u, terms[3]);
}

// As many rows as there are lanes.
fn add_rows(r: u32, i: u32) {
  if (r >= BLOCK_ROWS) {
    return;
  }
  let terms = moving(row_at(r + lane), i);
  add_four(r, lanes_0_to_3(terms));
  if (LANES > 4u) {
    add_four(r + 4u, lanes_4_to_7(terms));
  }
  if (LANES > 8u) {
    add_four(r + 8u, lanes_8_to_11(terms));
    add_four(r + 12u, lanes_12_to_15(terms));
  }
}

// Indices are to be constant, so this is no loop: with 4 lanes the largest block has eight such loads.
fn add_products(i: u32) {
  load_factors(0u, i);
  if (BLOCK_VECTORS > 1u) {
    load_factors(1u, i);
  }
  add_rows(0u, i);
  add_rows(LANES, i);
  add_rows(2u * LANES, i);
  add_rows(3u * LANES, i);
  add_rows(4u * LANES, i);
  add_rows(5u * LANES, i);
  add_rows(6u * LANES, i);
  add_rows(7u * LANES, i);
}

// The block at (block of rows, strip of columns) of the result.
fn make_block(lane_of_subgroup: u32, block: vec3u) {
  lane = lane_of_subgroup;
  first_row = block.x * BLOCK_ROWS;
  first_column = block.y * BLOCK_VECTORS * LANES + lane;
  var i = 0u;
  loop {
    add_products(i);
    i++;
    continuing {
      break if i >= LENGTH;
    }
  }
  finished = sums;
  for (var v = 0u; v < BLOCK_VECTORS; v++) {
    let column = first_column + v * LANES;
    for (var r = 0u; r < BLOCK_ROWS; r++) {
      if (column < RESULT_VECTORS) {
        finish(row_at(r), column, finished[r * MOST_VECTORS + v]);
      }
    }
  }
}
