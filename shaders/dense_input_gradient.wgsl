// Gradient of a dense layer's input, through the ReLU that made it: matmul with the transposed kernel + mask.
//
//   delta_x[z, m, k] = sum_n delta_y[z, m, n] parameters[z, k, n]   x[z, m, k] > 0
//                    = 0                                            else
//
//   delta_y     [models, ROWS, 4 OUTPUT_VECTORS]        f32; columns from OUTPUTS on are padding, never read as a value
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias; padded likewise
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the layer's input: the ReLU's output
//   delta_x     [models, ROWS, 4 INPUT_VECTORS]         f32
//
// One invocation makes TILE_ROWS rows of one vec4 of columns in registers: (vector, block of rows, model).

override ROWS: u32;
override INPUTS: u32;
override OUTPUTS: u32;
override WORKGROUP_X: u32;
override WORKGROUP_Y: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;

const TILE_ROWS = 4u;

@group(0) @binding(0) var<storage, read> delta_y: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> delta_x: array<vec4f>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x;
  let m0 = id.y * TILE_ROWS;
  if (k >= INPUT_VECTORS || m0 >= ROWS) {
    return;
  }
  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let m = id.z * ROWS + min(vec4u(m0, m0 + 1u, m0 + 2u, m0 + 3u), vec4u(ROWS - 1u));
  let d = m * OUTPUT_VECTORS;
  let kernel_rows = min(vec4u(4u * k, 4u * k + 1u, 4u * k + 2u, 4u * k + 3u), vec4u(INPUTS - 1u));
  let w = (id.z * (INPUTS + 1u) + kernel_rows) * OUTPUT_VECTORS;

  var row0 = vec4f();
  var row1 = vec4f();
  var row2 = vec4f();
  var row3 = vec4f();
  for (var n = 0u; n < OUTPUTS / 4u; n++) {
    // As columns, four kernel rows make the matrix by which a row vector is multiplied from the left.
    let w4 = mat4x4f(parameters[w.x + n], parameters[w.y + n], parameters[w.z + n], parameters[w.w + n]);
    row0 += delta_y[d.x + n] * w4;
    row1 += delta_y[d.y + n] * w4;
    row2 += delta_y[d.z + n] * w4;
    row3 += delta_y[d.w + n] * w4;
  }
  for (var n = OUTPUTS / 4u * 4u; n < OUTPUTS; n++) {
    let v = n / 4u;
    let c = n % 4u;
    let w1 = vec4f(parameters[w.x + v][c], parameters[w.y + v][c], parameters[w.z + v][c], parameters[w.w + v][c]);
    row0 += delta_y[d.x + v][c] * w1;
    row1 += delta_y[d.y + v][c] * w1;
    row2 += delta_y[d.z + v][c] * w1;
    row3 += delta_y[d.w + v][c] * w1;
  }

  let tile = array(row0, row1, row2, row3);
  for (var i = 0u; i < min(TILE_ROWS, ROWS - m0); i++) {
    let target_index = (id.z * ROWS + m0 + i) * INPUT_VECTORS + k;
    delta_x[target_index] = select(vec4f(), tile[i], x[target_index] > vec4f());
  }
}
