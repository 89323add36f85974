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

fn write(model: u32, m: u32, k: u32, gradient: vec4f) {
  if (m < ROWS) {
    let i = (model * ROWS + m) * INPUT_VECTORS + k;
    delta_x[i] = select(vec4f(), gradient, x[i] > vec4f());
  }
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x;
  let m0 = id.y * TILE_ROWS;
  if (k >= INPUT_VECTORS || m0 >= ROWS) {
    return;
  }
  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let d = (id.z * ROWS + min(m0 + vec4u(0u, 1u, 2u, 3u), vec4u(ROWS - 1u))) * OUTPUT_VECTORS;
  let w = (id.z * (INPUTS + 1u) + min(4u * k + vec4u(0u, 1u, 2u, 3u), vec4u(INPUTS - 1u))) * OUTPUT_VECTORS;

  // Every column of this matrix is a part of a row of delta_x.
  var sum = mat4x4f();
  for (var n = 0u; n < OUTPUTS / 4u; n++) {
    let kernel_rows = mat4x4f(parameters[w.x + n], parameters[w.y + n], parameters[w.z + n], parameters[w.w + n]);
    let delta_rows = mat4x4f(delta_y[d.x + n], delta_y[d.y + n], delta_y[d.z + n], delta_y[d.w + n]);
    sum += transpose(kernel_rows) * delta_rows;
  }
  if (OUTPUTS % 4u != 0u) {
    // The last vectors hold padding, which may be anything: zero on both sides, since 0 times NaN is NaN.
    let n = OUTPUTS / 4u;
    let inside = vec4u(0u, 1u, 2u, 3u) < vec4u(OUTPUTS % 4u);
    let zero = vec4f();
    let kernel_rows = mat4x4f(
      select(zero, parameters[w.x + n], inside),
      select(zero, parameters[w.y + n], inside),
      select(zero, parameters[w.z + n], inside),
      select(zero, parameters[w.w + n], inside),
    );
    let delta_rows = mat4x4f(
      select(zero, delta_y[d.x + n], inside),
      select(zero, delta_y[d.y + n], inside),
      select(zero, delta_y[d.z + n], inside),
      select(zero, delta_y[d.w + n], inside),
    );
    sum += transpose(kernel_rows) * delta_rows;
  }

  write(id.z, m0, k, sum[0]);
  write(id.z, m0 + 1u, k, sum[1]);
  write(id.z, m0 + 2u, k, sum[2]);
  write(id.z, m0 + 3u, k, sum[3]);
}
