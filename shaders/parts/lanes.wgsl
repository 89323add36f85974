// Rows are padded to whole vec4s: which of a vector's four lanes are no padding.

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Those of vector i that come before `end`, counted in lanes from vector 0 on.
fn lanes_below(i: u32, end: u32) -> vec4<bool> {
  return 4u * i + FOUR < vec4u(end);
}
