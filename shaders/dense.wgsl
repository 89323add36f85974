// A dense layer: matmul + bias + ReLU in one go.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k x[z, m, k] parameters[z, k, n])
//   f(v) = max(v, 0) with RELU, else v
//
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32; columns from INPUTS on are padding, never read as a value
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]        f32
//
// One invocation makes TILE_ROWS rows of one vec4 of columns in registers: (vector, block of rows, model). No
// workgroup memory: a barrier costs a software adapter far more than the loads it saves.

override ROWS: u32;
override INPUTS: u32;
override OUTPUTS: u32;
override RELU: bool;
override WORKGROUP_X: u32;
override WORKGROUP_Y: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;

const TILE_ROWS = 8u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let m0 = id.y * TILE_ROWS;
  if (n >= OUTPUT_VECTORS || m0 >= ROWS) {
    return;
  }
  let kernel = id.z * (INPUTS + 1u) * OUTPUT_VECTORS + n;
  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let x0 = (id.z * ROWS + m0) * INPUT_VECTORS;
  let x1 = (id.z * ROWS + min(m0 + 1u, ROWS - 1u)) * INPUT_VECTORS;
  let x2 = (id.z * ROWS + min(m0 + 2u, ROWS - 1u)) * INPUT_VECTORS;
  let x3 = (id.z * ROWS + min(m0 + 3u, ROWS - 1u)) * INPUT_VECTORS;
  let x4 = (id.z * ROWS + min(m0 + 4u, ROWS - 1u)) * INPUT_VECTORS;
  let x5 = (id.z * ROWS + min(m0 + 5u, ROWS - 1u)) * INPUT_VECTORS;
  let x6 = (id.z * ROWS + min(m0 + 6u, ROWS - 1u)) * INPUT_VECTORS;
  let x7 = (id.z * ROWS + min(m0 + 7u, ROWS - 1u)) * INPUT_VECTORS;

  // Eight names and not an array: registers, because no index into them is computed.
  var y0 = parameters[kernel + INPUTS * OUTPUT_VECTORS];
  var y1 = y0;
  var y2 = y0;
  var y3 = y0;
  var y4 = y0;
  var y5 = y0;
  var y6 = y0;
  var y7 = y0;
  for (var k = 0u; k < INPUTS / 4u; k++) {
    let row = kernel + 4u * k * OUTPUT_VECTORS;
    let w = mat4x4f(
      parameters[row],
      parameters[row + OUTPUT_VECTORS],
      parameters[row + 2u * OUTPUT_VECTORS],
      parameters[row + 3u * OUTPUT_VECTORS],
    );
    y0 += w * x[x0 + k];
    y1 += w * x[x1 + k];
    y2 += w * x[x2 + k];
    y3 += w * x[x3 + k];
    y4 += w * x[x4 + k];
    y5 += w * x[x5 + k];
    y6 += w * x[x6 + k];
    y7 += w * x[x7 + k];
  }
  for (var k = INPUTS / 4u * 4u; k < INPUTS; k++) {
    let w = parameters[kernel + k * OUTPUT_VECTORS];
    y0 += w * x[x0 + k / 4u][k % 4u];
    y1 += w * x[x1 + k / 4u][k % 4u];
    y2 += w * x[x2 + k / 4u][k % 4u];
    y3 += w * x[x3 + k / 4u][k % 4u];
    y4 += w * x[x4 + k / 4u][k % 4u];
    y5 += w * x[x5 + k / 4u][k % 4u];
    y6 += w * x[x6 + k / 4u][k % 4u];
    y7 += w * x[x7 + k / 4u][k % 4u];
  }

  let tile = array(y0, y1, y2, y3, y4, y5, y6, y7);
  for (var i = 0u; i < min(TILE_ROWS, ROWS - m0); i++) {
    y[(id.z * ROWS + m0 + i) * OUTPUT_VECTORS + n] = select(tile[i], max(tile[i], vec4f()), RELU);
  }
}
