// Gradient of a dense layer's input, through the ReLU that made it, for adapters whose subgroups are four wide.
//
//   delta_x[z, m, k] = sum_n delta_y[z, m, n] parameters[z, k, n]   x[z, m, k] > 0
//                    = 0                                            else
//
//   delta_y     [models, ROWS, 4 OUTPUT_VECTORS]        f32; columns from OUTPUTS on are padding, never read as a value
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias; padded likewise
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the layer's input: the ReLU's output
//   delta_x     [models, ROWS, 4 INPUT_VECTORS]         f32
//
// A quad makes 16 rows of 16 columns: (block of columns, block of rows, model). As in dense_quads.wgsl each lane loads
// a fourth of what the quad needs, and the kernel's rows go round by quad swaps.

enable subgroups;

override ROWS: u32;
override INPUTS: u32;
override OUTPUTS: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;

const TILE_ROWS = 16u;
const TILE_VECTORS = 4u;

@group(0) @binding(0) var<storage, read> delta_y: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> delta_x: array<vec4f>;

// The value of every lane, this one's first: of lane, lane ^ 1, lane ^ 2, lane ^ 3.
fn quad(value: f32) -> vec4f {
  return vec4f(value, quadSwapX(value), quadSwapY(value), quadSwapDiagonal(value));
}

// Padding may be anything, and 0 times NaN is NaN: zero on both sides.
fn without_padding(value: vec4f, n: u32) -> vec4f {
  if (OUTPUTS % 4u == 0u) {
    return value;
  }
  return select(vec4f(), value, 4u * n + vec4u(0u, 1u, 2u, 3u) < vec4u(OUTPUTS));
}

// Four columns of one row of the kernel.
fn kernel(start: u32, n: u32) -> mat4x4f {
  let w = without_padding(parameters[start + n], n);
  return mat4x4f(quad(w.x), quad(w.y), quad(w.z), quad(w.w));
}

fn in_order(value: vec4f, lane: u32) -> vec4f {
  let pairs = select(value, value.yxwz, vec4<bool>((lane & 1u) != 0u));
  return select(pairs, pairs.zwxy, vec4<bool>((lane & 2u) != 0u));
}

fn write(model: u32, m: u32, k: u32, lane: u32, sum: vec4f) {
  if (m >= ROWS || k >= INPUT_VECTORS) {
    return;
  }
  let i = (model * ROWS + m) * INPUT_VECTORS + k;
  delta_x[i] = select(vec4f(), in_order(sum, lane), x[i] > vec4f());
}

@compute @workgroup_size(4)
fn main(@builtin(subgroup_invocation_id) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let model = group.z;
  let k = group.x * TILE_VECTORS;
  let m = group.y * TILE_ROWS + lane;
  // Rows past the end repeat the last one: read in bounds, computed in vain, never written.
  let d = (model * ROWS + min(m + vec4u(0u, 4u, 8u, 12u), vec4u(ROWS - 1u))) * OUTPUT_VECTORS;
  let rows = min(4u * (k + vec4u(0u, 1u, 2u, 3u)) + lane, vec4u(INPUTS - 1u));
  let w = (model * (INPUTS + 1u) + rows) * OUTPUT_VECTORS;

  // Every column of these matrices is four sums of one of this lane's rows.
  var sum0 = mat4x4f();
  var sum1 = mat4x4f();
  var sum2 = mat4x4f();
  var sum3 = mat4x4f();
  for (var n = 0u; n < OUTPUT_VECTORS; n++) {
    let delta = mat4x4f(
      without_padding(delta_y[d.x + n], n),
      without_padding(delta_y[d.y + n], n),
      without_padding(delta_y[d.z + n], n),
      without_padding(delta_y[d.w + n], n),
    );
    sum0 += kernel(w.x, n) * delta;
    sum1 += kernel(w.y, n) * delta;
    sum2 += kernel(w.z, n) * delta;
    sum3 += kernel(w.w, n) * delta;
  }

  write(model, m, k, lane, sum0[0]);
  write(model, m + 4u, k, lane, sum0[1]);
  write(model, m + 8u, k, lane, sum0[2]);
  write(model, m + 12u, k, lane, sum0[3]);
  write(model, m, k + 1u, lane, sum1[0]);
  write(model, m + 4u, k + 1u, lane, sum1[1]);
  write(model, m + 8u, k + 1u, lane, sum1[2]);
  write(model, m + 12u, k + 1u, lane, sum1[3]);
  write(model, m, k + 2u, lane, sum2[0]);
  write(model, m + 4u, k + 2u, lane, sum2[1]);
  write(model, m + 8u, k + 2u, lane, sum2[2]);
  write(model, m + 12u, k + 2u, lane, sum2[3]);
  write(model, m, k + 3u, lane, sum3[0]);
  write(model, m + 4u, k + 3u, lane, sum3[1]);
  write(model, m + 8u, k + 3u, lane, sum3[2]);
  write(model, m + 12u, k + 3u, lane, sum3[3]);
}
