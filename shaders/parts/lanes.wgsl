// Rows are padded to whole vec4s. This part tells which of a vector's four lanes are not padding.

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Which lanes of vector i come before lane `end`, counted from vector 0 on.
fn lanes_below(i: u32, end: u32) -> vec4<bool> {
  return 4u * i + FOUR < vec4u(end);
}
