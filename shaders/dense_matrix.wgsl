// A dense layer on matrix units, which multiply halves: matmul + bias + ReLU.
//
//   y[z, m, n] = f(parameters[z, INPUTS, n] + sum_k half(x[z, m, k]) half(parameters[z, k, n]))
//   f(v) = max(v, 0) with RELU, else v
//   half: rounded to float16; bytes count as 256ths, which it holds exactly, and the sum is multiplied by 256 / 255.
//   parts/matrix_f32.wgsl and parts/matrix_f16.wgsl say how sums are made.
//
//   x           without BYTES  [models, ROWS, 4 INPUT_VECTORS]  f32; columns from INPUTS on are padding
//               with BYTES     [samples, 4 INPUT_VECTORS]       bytes, four to a u32, low byte first; row m of model z is
//                              the sample order[z, step.offset + m], divided by 255, or 0 for m >= step.count
//   order       [models, ORDER_LENGTH]                          u32, index of a sample; read with BYTES only
//   parameters  [models, INPUTS + 1, 4 OUTPUT_VECTORS]          f32; kernel rows, then the bias as the last row
//   y           [models, ROWS, 4 OUTPUT_VECTORS]                f32
//
// One workgroup makes a TILE x TILE tile of y: (tile of columns, tile of rows, model).

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

override ROWS: u32;
override ORDER_LENGTH: u32;
override BYTES: bool;
override RELU: bool;

override CHUNKS = (INPUTS + CHUNK - 1u) / CHUNK;
// The value that a staged 1 of x stands for.
override X_UNIT = select(1.0, 256.0 / 255.0, BYTES);

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> x: array<vec4u>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

// A chunk of x [TILE, CHUNK_STRIDE], and of the kernel [CHUNK, TILE_STRIDE].
var<workgroup> staged_x: array<f16, TILE * CHUNK_STRIDE>;
var<workgroup> staged_kernel: array<f16, CHUNK * TILE_STRIDE>;

// Columns 4 vector to 4 vector + 3 of row m of x, in units of X_UNIT.
fn vector_of_x(model: u32, m: u32, vector: u32) -> vec4f {
  let read = min(vector, INPUT_VECTORS - 1u);
  // Padding and vectors past the end may hold anything: they count as zero, since 0 times NaN is NaN.
  let inside = lanes_below(vector, INPUTS);
  if (BYTES) {
    if (m >= step.count) {
      return vec4f();
    }
    let word = order[model * ORDER_LENGTH + step.offset + m] * INPUT_VECTORS + read;
    return select(vec4f(), vec4f(unpack4xU8(x[word / 4u][word % 4u])) / 256.0, inside);
  }
  return select(vec4f(), bitcast<vec4f>(x[(model * ROWS + min(m, ROWS - 1u)) * INPUT_VECTORS + read]), inside);
}

// Row k of the kernel. Rows past its end are read from the bias: x is zero there, so any finite number will do.
fn vector_of_kernel(model: u32, k: u32, vector: u32) -> vec4f {
  return parameters[(model * (INPUTS + 1u) + min(k, INPUTS)) * OUTPUT_VECTORS + min(vector, OUTPUT_VECTORS - 1u)];
}

fn stage(model: u32, m0: u32, k0: u32, n0: u32, local: u32) {
  for (var i = local; i < TILE * CHUNK / 4u; i += WORKGROUP_SIZE) {
    let x_row = i / (CHUNK / 4u);
    let x_vector = i % (CHUNK / 4u);
    let halves_of_x = vec4<f16>(vector_of_x(model, m0 + x_row, k0 / 4u + x_vector));
    let x_at = x_row * CHUNK_STRIDE + 4u * x_vector;
    staged_x[x_at] = halves_of_x.x;
    staged_x[x_at + 1u] = halves_of_x.y;
    staged_x[x_at + 2u] = halves_of_x.z;
    staged_x[x_at + 3u] = halves_of_x.w;

    let kernel_row = i / (TILE / 4u);
    let kernel_vector = i % (TILE / 4u);
    let halves_of_kernel = vec4<f16>(vector_of_kernel(model, k0 + kernel_row, n0 / 4u + kernel_vector));
    let kernel_at = kernel_row * TILE_STRIDE + 4u * kernel_vector;
    staged_kernel[kernel_at] = halves_of_kernel.x;
    staged_kernel[kernel_at + 1u] = halves_of_kernel.y;
    staged_kernel[kernel_at + 2u] = halves_of_kernel.z;
    staged_kernel[kernel_at + 3u] = halves_of_kernel.w;
  }
}

fn left(m: u32, k: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&staged_x, m * CHUNK_STRIDE + k, CHUNK_STRIDE);
}

fn right(k: u32, n: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&staged_kernel, k * TILE_STRIDE + n, TILE_STRIDE);
}

fn finish(model: u32, m: u32, vector: u32, sum: vec4f) {
  if (m < ROWS && vector < OUTPUT_VECTORS) {
    let bias = parameters[(model * (INPUTS + 1u) + INPUTS) * OUTPUT_VECTORS + vector];
    let value = sum * X_UNIT + bias;
    y[(model * ROWS + m) * OUTPUT_VECTORS + vector] = select(value, max(value, vec4f()), RELU);
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
