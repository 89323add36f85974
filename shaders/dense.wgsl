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

// The last vector of a row of x, its padding as zeros.
fn last(i: u32) -> vec4f {
  return select(vec4f(), x[i], vec4u(0u, 1u, 2u, 3u) < vec4u(INPUTS % 4u));
}

fn write(model: u32, m: u32, n: u32, sum: vec4f) {
  if (m < ROWS) {
    y[(model * ROWS + m) * OUTPUT_VECTORS + n] = select(sum, max(sum, vec4f()), RELU);
  }
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let n = id.x;
  let m0 = id.y * TILE_ROWS;
  if (n >= OUTPUT_VECTORS || m0 >= ROWS) {
    return;
  }
  let kernel = id.z * (INPUTS + 1u) * OUTPUT_VECTORS + n;
  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let rows = (id.z * ROWS + min(m0 + vec4u(0u, 1u, 2u, 3u), vec4u(ROWS - 1u))) * INPUT_VECTORS;
  let more_rows = (id.z * ROWS + min(m0 + vec4u(4u, 5u, 6u, 7u), vec4u(ROWS - 1u))) * INPUT_VECTORS;

  // Every column of these matrices is a part of a row of y.
  let bias = parameters[kernel + INPUTS * OUTPUT_VECTORS];
  var y_low = mat4x4f(bias, bias, bias, bias);
  var y_high = y_low;
  for (var k = 0u; k < INPUTS / 4u; k++) {
    let row = kernel + 4u * k * OUTPUT_VECTORS;
    let w = mat4x4f(
      parameters[row],
      parameters[row + OUTPUT_VECTORS],
      parameters[row + 2u * OUTPUT_VECTORS],
      parameters[row + 3u * OUTPUT_VECTORS],
    );
    y_low += w * mat4x4f(x[rows.x + k], x[rows.y + k], x[rows.z + k], x[rows.w + k]);
    y_high += w * mat4x4f(x[more_rows.x + k], x[more_rows.y + k], x[more_rows.z + k], x[more_rows.w + k]);
  }
  if (INPUTS % 4u != 0u) {
    let k = INPUTS / 4u;
    // Below the kernel the bias serves, as any finite number would: x is zero there.
    let row = kernel + min(4u * k + vec4u(0u, 1u, 2u, 3u), vec4u(INPUTS)) * OUTPUT_VECTORS;
    let w = mat4x4f(parameters[row.x], parameters[row.y], parameters[row.z], parameters[row.w]);
    y_low += w * mat4x4f(last(rows.x + k), last(rows.y + k), last(rows.z + k), last(rows.w + k));
    y_high += w * mat4x4f(last(more_rows.x + k), last(more_rows.y + k), last(more_rows.z + k), last(more_rows.w + k));
  }

  write(id.z, m0, n, y_low[0]);
  write(id.z, m0 + 1u, n, y_low[1]);
  write(id.z, m0 + 2u, n, y_low[2]);
  write(id.z, m0 + 3u, n, y_low[3]);
  write(id.z, m0 + 4u, n, y_high[0]);
  write(id.z, m0 + 5u, n, y_high[1]);
  write(id.z, m0 + 6u, n, y_high[2]);
  write(id.z, m0 + 7u, n, y_high[3]);
}
