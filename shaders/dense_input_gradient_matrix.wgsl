// Gradient of a dense layer's input on matrix units, which multiply halves, through the ReLU that made the input:
// matmul with the transposed kernel + mask.
//
//   delta_x[z, m, k] = 1/SCALE sum_n half(SCALE delta_y[z, m, n]) half(parameters[z, k, n])   x[z, m, k] > 0
//                    = 0                                                                      else
//   half: rounded to float16
//
//   delta_y     [models, ROWS, 4 OUTPUT_VECTORS]        f32; columns from OUTPUTS on are padding
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]  f32; kernel rows, then the bias; padded likewise
//   x           [models, ROWS, 4 INPUT_VECTORS]         f32, the layer's input: the ReLU's output
//   delta_x     [models, ROWS, 4 INPUT_VECTORS]         f32
//
// One workgroup makes a TILE x TILE tile of delta_x: (tile of columns, tile of rows, model). It works as
// dense_matrix.wgsl does, with a sum over n instead of k.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

override ROWS: u32;

override CHUNKS = (OUTPUTS + CHUNK - 1u) / CHUNK;

@group(0) @binding(0) var<storage, read> delta_y: array<vec4f>;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> delta_x: array<vec4f>;

// A chunk of delta_y and one of the kernel, each [TILE, CHUNK_STRIDE]; n runs along memory in both.
var<workgroup> staged_delta: array<f16, TILE * CHUNK_STRIDE>;
var<workgroup> staged_kernel: array<f16, TILE * CHUNK_STRIDE>;

fn stage(model: u32, m0: u32, n0: u32, k0: u32, local: u32) {
  for (var i = local; i < TILE * CHUNK / 4u; i += WORKGROUP_SIZE) {
    let row = i / (CHUNK / 4u);
    let vector = i % (CHUNK / 4u);
    let n = n0 / 4u + vector;
    let read = min(n, OUTPUT_VECTORS - 1u);
    // Padding and vectors past the end may hold anything: both factors count as zero, since 0 times NaN is NaN. Rows
    // past the end repeat the last one: computed in vain, never written.
    let inside = lanes_below(n, OUTPUTS);
    let deltas = delta_y[(model * ROWS + min(m0 + row, ROWS - 1u)) * OUTPUT_VECTORS + read];
    let weights = parameters[(model * (INPUTS + 1u) + min(k0 + row, INPUTS)) * OUTPUT_VECTORS + read];
    let halves_of_delta = vec4<f16>(select(vec4f(), SCALE * deltas, inside));
    let halves_of_kernel = vec4<f16>(select(vec4f(), weights, inside));
    let at = row * CHUNK_STRIDE + 4u * vector;
    staged_delta[at] = halves_of_delta.x;
    staged_delta[at + 1u] = halves_of_delta.y;
    staged_delta[at + 2u] = halves_of_delta.z;
    staged_delta[at + 3u] = halves_of_delta.w;
    staged_kernel[at] = halves_of_kernel.x;
    staged_kernel[at + 1u] = halves_of_kernel.y;
    staged_kernel[at + 2u] = halves_of_kernel.z;
    staged_kernel[at + 3u] = halves_of_kernel.w;
  }
}

fn left(m: u32, n: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&staged_delta, m * CHUNK_STRIDE + n, CHUNK_STRIDE);
}

// A fragment of the transposed kernel.
fn right(n: u32, k: u32) -> Right {
  return subgroupMatrixLoad<Right, col_major>(&staged_kernel, k * CHUNK_STRIDE + n, CHUNK_STRIDE);
}

fn finish(model: u32, m: u32, vector: u32, sum: vec4f) {
  if (m < ROWS && vector < INPUT_VECTORS) {
    let at = (model * ROWS + m) * INPUT_VECTORS + vector;
    delta_x[at] = select(vec4f(), sum * (1.0 / SCALE), x[at] > vec4f());
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  make_tile(group.z, group.y * TILE, group.x * TILE, local, subgroup);
}
