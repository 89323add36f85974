// Batched matrix product in every transpose form.
//
//   c[z, m, n] = sum_k A[z, m, k] B[z, k, n]
//   A[m, k] = a[m, k], or a[k, m] with TRANSPOSE_A;  B[k, n] = b[k, n], or b[n, k] with TRANSPOSE_B
//
//   a, b, c  f32, rows A_STRIDE, B_STRIDE, C_STRIDE floats apart, matrices A_SIZE, B_SIZE, C_SIZE floats apart
//
// One invocation makes a TILE x TILE block of c in registers: (block of columns, block of rows, z).

override M: u32;
override N: u32;
override K: u32;
override TRANSPOSE_A: bool;
override TRANSPOSE_B: bool;
override A_STRIDE: u32;
override B_STRIDE: u32;
override C_STRIDE: u32;
override A_SIZE: u32;
override B_SIZE: u32;
override C_SIZE: u32;
override WORKGROUP_X: u32;
override WORKGROUP_Y: u32;

const TILE = 4u;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m0 = id.y * TILE;
  let n0 = id.x * TILE;
  if (m0 >= M || n0 >= N) {
    return;
  }
  // Rows and columns past the end repeat the last one: read in bounds, computed in vain, never written.
  let m = min(vec4u(m0, m0 + 1u, m0 + 2u, m0 + 3u), vec4u(M - 1u));
  let n = min(vec4u(n0, n0 + 1u, n0 + 2u, n0 + 3u), vec4u(N - 1u));
  let a_start = id.z * A_SIZE + m * select(A_STRIDE, 1u, TRANSPOSE_A);
  let b_start = id.z * B_SIZE + n * select(1u, B_STRIDE, TRANSPOSE_B);
  let a_step = select(1u, A_STRIDE, TRANSPOSE_A);
  let b_step = select(B_STRIDE, 1u, TRANSPOSE_B);

  var row0 = vec4f();
  var row1 = vec4f();
  var row2 = vec4f();
  var row3 = vec4f();
  for (var k = 0u; k < K; k++) {
    let i = a_start + k * a_step;
    let j = b_start + k * b_step;
    let columns = vec4f(b[j.x], b[j.y], b[j.z], b[j.w]);
    row0 += a[i.x] * columns;
    row1 += a[i.y] * columns;
    row2 += a[i.z] * columns;
    row3 += a[i.w] * columns;
  }

  let rows = array(row0, row1, row2, row3);
  for (var i = 0u; i < min(TILE, M - m0); i++) {
    for (var j = 0u; j < min(TILE, N - n0); j++) {
      c[id.z * C_SIZE + (m0 + i) * C_STRIDE + n0 + j] = rows[i][j];
    }
  }
}
