// Moves the training state of a network with one hidden layer from the layout that all plans share to the one that
// fused_step.wgsl works on, or, with BACK, back: parameters0 and moments0 transposed to `columns`, parameters1 to a
// half of `head`.
//
//   parameters0  [models, INPUTS + 1, STRIDE]             f32; kernel rows, then the bias; columns from HIDDEN on padding
//   moments0     [2, models, INPUTS + 1, STRIDE]          f32
//   parameters1  [models, HIDDEN + 1, 4 CLASS_VECTORS]    f32
//   columns      [models, HIDDEN, 3, 4 COLUMN]            f32, as in fused_step.wgsl; padding becomes 0
//   head         [2, models, HIDDEN + 1, 4 CLASS_VECTORS] f32; the half step.t % 2, which step t reads, or, with
//                                                         BACK, the other half, which it wrote
//
// One invocation moves one vector of a unit's column, and one of the unit's row of the head: (unit, vector, model).

override MODELS: u32;
override INPUTS: u32;
override HIDDEN: u32;
override CLASSES: u32;
override BACK: bool;
override WORKGROUP_SIZE: u32;

override WORDS = (INPUTS + 3u) / 4u;
override COLUMN = WORDS + 1u;
override STRIDE = (HIDDEN + 3u) / 4u * 4u;
override CLASS_VECTORS = (CLASSES + 3u) / 4u;
override TENSOR = MODELS * (INPUTS + 1u) * STRIDE;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read_write> parameters0: array<f32>;
@group(0) @binding(2) var<storage, read_write> moments0: array<f32>;
@group(0) @binding(3) var<storage, read_write> parameters1: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> columns: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> head: array<vec4f>;

// Four rows of a column, from `row` on; those from `end` on do not exist.
fn move_column(model: u32, unit: u32, row: u32, end: u32, vector: u32) {
  var values = array<vec4f, 3>();
  let column = (model * HIDDEN + unit) * 3u * COLUMN + vector;
  if (BACK) {
    values = array(columns[column], columns[column + COLUMN], columns[column + 2u * COLUMN]);
  }
  for (var lane = 0u; lane < min(4u, end - row); lane++) {
    let at = (model * (INPUTS + 1u) + row + lane) * STRIDE + unit;
    if (BACK) {
      parameters0[at] = values[0][lane];
      moments0[at] = values[1][lane];
      moments0[TENSOR + at] = values[2][lane];
    } else {
      values[0][lane] = parameters0[at];
      values[1][lane] = moments0[at];
      values[2][lane] = moments0[TENSOR + at];
    }
  }
  if (!BACK) {
    columns[column] = values[0];
    columns[column + COLUMN] = values[1];
    columns[column + 2u * COLUMN] = values[2];
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x;
  let vector = id.y;
  let model = id.z;
  if (unit < HIDDEN && vector < WORDS) {
    move_column(model, unit, 4u * vector, INPUTS, vector);
  }
  if (unit < HIDDEN && vector == WORDS) {
    move_column(model, unit, INPUTS, INPUTS + 1u, WORDS);
  }
  if (unit <= HIDDEN && vector < CLASS_VECTORS) {
    let row = (model * (HIDDEN + 1u) + unit) * CLASS_VECTORS + vector;
    let other = (step.t + select(0u, 1u, BACK)) % 2u * MODELS * (HIDDEN + 1u) * CLASS_VECTORS + row;
    if (BACK) {
      parameters1[row] = head[other];
    } else {
      head[other] = parameters1[row];
    }
  }
}
