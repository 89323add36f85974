// One optimizer step of a network with one hidden layer, in one dispatch. A step reads what the step before it left:
// `hidden`, the hidden layer's outputs for the batch, and the output layer in `head`.
//
//   logits = hidden head + bias;  loss, hits and delta[b, c] = d loss / d logits as in softmax_cross_entropy.wgsl
//   delta_hidden[b, j] = sum_c delta[b, c] head[j, c]   where hidden[b, j] > 0, else 0
//   column[j, i]  by parts/adam.wgsl with gradient sum_b delta_hidden[b, j] x[b, i];  bias likewise, of an input of 1
//   head[j, c]    by parts/adam.wgsl with gradient sum_b hidden[b, j] delta[b, c];    bias likewise, of an input of 1
//   hidden'[b, j] = max(0, sum_i x'[b, i] column[j, i] + bias) for x', the batch that follows in the order
//
// A step without samples (count = 0) only makes `hidden` for the batch at step.offset, which step t will read.
//
//   samples   [samples, 4 WORDS]             bytes, four to a u32, low byte first; from word LABELS_AT on: labels, bytes
//   order     [models, ORDER_LENGTH]         u32, index of a sample
//   rates     [slots, models]                vec2 of f32, as in parts/rates.wgsl
//   columns   [models, HIDDEN, 3, 4 COLUMN]  f32; a hidden unit's kernel column, then its bias as a vec4's first lane, of
//                                            parameters, first and second moments; all other lanes are padding
//   head      [2, models, HIDDEN + 1, 4 CLASS_VECTORS]  f32; kernel rows, then the bias; step t reads the half t % 2
//                                                       and writes the other one
//   moments   [2, models, HIDDEN + 1, 4 CLASS_VECTORS]  f32; of the head: Adam's first moment, then the second
//   hidden    [2, models, HIDDEN, 4 ROW_VECTORS]        f32, samples side by side; halves as in `head`
//   metrics   [models, STEPS]                vec2 of f32: the batch's summed loss, and its hits
//
// One workgroup owns UNITS hidden units, (units, 0, model), and with them a few columns, rows of `head` and rows of
// `hidden`: it alone writes them. It computes the logits of the whole batch for itself, since no workgroup may wait
// for another. Batches are worked through TILE samples at a time.

override BATCH: u32;
override INPUTS: u32;
override HIDDEN: u32;
override CLASSES: u32;
override ORDER_LENGTH: u32;
override STEPS: u32;
// 1 to SLOTS / BLOCKS.
override UNITS: u32;
// Parts into which the sums over the hidden units are split: QUADS CLASS_VECTORS LOGIT_SLICES <= WORKGROUP_SIZE.
override LOGIT_SLICES: u32;
// vec4s of `stage`: as many as the largest of its contents needs.
override STAGE: u32;
// A power of two, 2 QUADS or more.
override WORKGROUP_SIZE: u32;

const TILE = 32u;
const QUADS = TILE / 4u;
// The most vectors of columns that an invocation can own.
const SLOTS = 4u;
const PIXEL = 1.0 / 255.0;

override WORDS = (INPUTS + 3u) / 4u;
override COLUMN = WORDS + 1u;
override CLASS_VECTORS = (CLASSES + 3u) / 4u;
override ROW_VECTORS = (BATCH + TILE - 1u) / TILE * QUADS;
override BATCH_QUADS = min(QUADS, (BATCH + 3u) / 4u);
// Every invocation owns one vector of each unit's column in every block.
override BLOCKS = (COLUMN + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
// Parts into which the sums over the inputs are split.
override SLICES = WORKGROUP_SIZE / QUADS;
override HEAD_SIZE = (HIDDEN + 1u) * CLASS_VECTORS;

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> samples: array<u32>;
@group(0) @binding(2) var<storage, read> order: array<u32>;
@group(0) @binding(3) var<storage, read> rates: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> columns: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> head: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> moments: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> hidden: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> metrics: array<vec2f>;

// Of the tile's samples. `chosen` is for two tiles: the next one's are written while this one's may still be read.
var<workgroup> chosen: array<u32, 2u * TILE>;
var<workgroup> delta: array<vec4f, CLASS_VECTORS * TILE>;
var<workgroup> delta_hidden: array<f32, UNITS * TILE>;
var<workgroup> hidden_here: array<f32, UNITS * TILE>;
var<workgroup> loss_and_hits: array<vec2f, TILE>;
// In turn: slices of the logits [LOGIT_SLICES, CLASS_VECTORS, TILE]; the new columns [UNITS, COLUMN]; slices of the
// hidden units' sums [UNITS, SLICES / 2, QUADS + 1], whose rows are longer by one to keep clear of bank conflicts.
var<workgroup> stage: array<vec4f, STAGE>;

// Vector i of a sample's inputs, as bytes. The bias is the weight of one more input, which is white in every sample.
fn word_of(sample: u32, i: u32) -> u32 {
  let word = samples[sample * WORDS + min(i, WORDS - 1u)];
  return select(select(0u, 255u, i == WORDS), word, i < WORDS);
}

fn bytes(word: u32) -> vec4f {
  return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
}

// Four samples, a column each, from 0 to 255: sums are scaled once, when they are complete.
fn pixels(words: vec4u) -> mat4x4f {
  return mat4x4f(bytes(words.x), bytes(words.y), bytes(words.z), bytes(words.w));
}

// Where a unit's column is; a unit past the end repeats the last one: read in bounds, computed in vain, never written.
fn column_at(model: u32, unit: u32) -> u32 {
  return (model * HIDDEN + min(unit, HIDDEN - 1u)) * 3u * COLUMN;
}

fn hidden_at(parity: u32, model: u32, unit: u32) -> u32 {
  return ((parity * MODELS + model) * HIDDEN + min(unit, HIDDEN - 1u)) * ROW_VECTORS;
}

// Vector i of the inputs of each of the tile's samples, for the gradient.
fn words_of_tile(first: u32, i: u32) -> array<vec4u, QUADS> {
  var words: array<vec4u, QUADS>;
  for (var q = 0u; q < BATCH_QUADS; q++) {
    let b = (first & TILE) + 4u * q;
    words[q] = vec4u(
      word_of(chosen[b], i),
      word_of(chosen[b + 1u], i),
      word_of(chosen[b + 2u], i),
      word_of(chosen[b + 3u], i),
    );
  }
  return words;
}

// A block of four samples' inputs for the forward pass: vectors SLICES apart, so that neighbouring invocations read
// neighbouring words.
fn words_of_quad(quad: vec4u, i: u32) -> array<vec4u, QUADS> {
  var words: array<vec4u, QUADS>;
  for (var q = 0u; q < QUADS; q++) {
    let v = i + q * SLICES;
    words[q] = vec4u(word_of(quad.x, v), word_of(quad.y, v), word_of(quad.z, v), word_of(quad.w, v));
  }
  return words;
}

// The quad-th group of four of the `rows` samples from `first` on in the order; past the end the last one repeats.
fn quad_of(first: u32, rows: u32, quad: u32) -> vec4u {
  let b = first + min(4u * quad + FOUR, vec4u(rows - 1u));
  return vec4u(order[b.x], order[b.y], order[b.z], order[b.w]);
}

// A slice's sums of four samples' logits for four classes. A slice is every LOGIT_SLICES-th group of four hidden units:
// eight loads are under way at once.
fn logits(local: u32, hidden_tile: u32, head_now: u32) {
  let quad = local % QUADS;
  let c = local / QUADS % CLASS_VECTORS;
  let slice = local / (QUADS * CLASS_VECTORS);
  if (slice >= LOGIT_SLICES || quad >= BATCH_QUADS) {
    return;
  }
  var sum = mat4x4f();
  for (var k = 4u * slice; k < HIDDEN; k += 4u * LOGIT_SLICES) {
    // Units past the end repeat the last one, with outputs of zero.
    let units = min(k + FOUR, vec4u(HIDDEN - 1u));
    let exists = vec4f(k + FOUR < vec4u(HIDDEN));
    let h = hidden_tile + units * ROW_VECTORS + quad;
    let w = head_now + units * CLASS_VECTORS + c;
    let outputs = mat4x4f(
      hidden[h.x],
      hidden[h.y] * exists.y,
      hidden[h.z] * exists.z,
      hidden[h.w] * exists.w,
    );
    sum += mat4x4f(head[w.x], head[w.y], head[w.z], head[w.w]) * transpose(outputs);
  }
  let at = (slice * CLASS_VECTORS + c) * TILE + quad;
  stage[at] = sum[0];
  stage[at + QUADS] = sum[1];
  stage[at + 2u * QUADS] = sum[2];
  stage[at + 3u * QUADS] = sum[3];
}

// The sample whose logits are at a place of the stage, ordered so that neighbouring invocations write to neighbouring
// places.
fn sample_at(place: u32) -> u32 {
  return place % QUADS * 4u + place / QUADS;
}

// One sample's loss, hit and deltas, for the units of this workgroup.
fn softmax(place: u32, live: bool, label: u32, unit: u32, own_row: u32, head_now: u32) -> vec2f {
  let b = sample_at(place);
  var highest = -1e38;
  for (var c = 0u; c < CLASS_VECTORS; c++) {
    var logit = head[head_now + HIDDEN * CLASS_VECTORS + c];
    for (var slice = 0u; slice < LOGIT_SLICES; slice++) {
      logit += stage[(slice * CLASS_VECTORS + c) * TILE + place];
    }
    logit = select(vec4f(-1e38), logit, lanes_below(c, CLASSES));
    stage[c * TILE + place] = logit;
    highest = max(highest, max(max(logit.x, logit.y), max(logit.z, logit.w)));
  }
  let labelled = stage[label / 4u * TILE + place][label % 4u];
  var sum = 0.0;
  var hit = true;
  for (var c = 0u; c < CLASS_VECTORS; c++) {
    let logit = stage[c * TILE + place];
    // Of equal logits the first one's class is predicted.
    hit = hit && all(select(logit <= vec4f(labelled), logit < vec4f(labelled), lanes_below(c, label)));
    let e = select(vec4f(), exp(logit - highest), lanes_below(c, CLASSES));
    stage[c * TILE + place] = e;
    sum += dot(e, vec4f(1.0));
  }
  let share = 1.0 / sum;
  let mean = 1.0 / f32(step.count);
  for (var c = 0u; c < CLASS_VECTORS; c++) {
    let truth = select(vec4f(), vec4f(1.0), 4u * c + FOUR == vec4u(label));
    let d = (stage[c * TILE + place] * share - truth) * mean;
    delta[c * TILE + b] = select(vec4f(), d, live);
  }
  for (var u = 0u; u < UNITS; u++) {
    let h = hidden[own_row + min(u, HIDDEN - 1u - unit) * ROW_VECTORS + b / 4u][b % 4u];
    let row = head_now + min(unit + u, HIDDEN - 1u) * CLASS_VECTORS;
    var d = 0.0;
    for (var c = 0u; c < CLASS_VECTORS; c++) {
      d += dot(delta[c * TILE + b], select(vec4f(), head[row + c], lanes_below(c, CLASSES)));
    }
    hidden_here[u * TILE + b] = select(0.0, h, live);
    delta_hidden[u * TILE + b] = select(0.0, d, live && h > 0.0);
  }
  return select(vec2f(), vec2f(log(sum) + highest - labelled, select(0.0, 1.0, hit)), live);
}

// An invocation's place in the dispatch, and the part of the head that it owns.
struct Place {
  model: u32,
  // The first of the workgroup's hidden units.
  unit: u32,
  local: u32,
  // The halves of `head` and `hidden` that this step reads and writes.
  now: u32,
  next: u32,
  // Where the model's half of `head` begins.
  head_now: u32,
  head_next: u32,
  // The last invocations update the head, since they own the fewest words: this one is the part-th from the end.
  part: u32,
  // Which of the workgroup's rows of the head has its vector; UNITS for the bias.
  head_unit: u32,
  is_bias: bool,
  owns_head: bool,
  // The vector of the head that it owns, within the model's half, and where the vector's moments are.
  head_vector: u32,
  moment1_at: u32,
  moment2_at: u32,
}

fn place_of(group: vec3u, local: u32) -> Place {
  var p: Place;
  p.model = group.z;
  p.unit = group.x * UNITS;
  p.local = local;
  p.now = step.t % 2u;
  // Without samples nothing is trained, and the head stays where it is.
  p.next = (step.t + min(step.count, 1u)) % 2u;
  p.head_now = (p.now * MODELS + p.model) * HEAD_SIZE;
  p.head_next = (p.next * MODELS + p.model) * HEAD_SIZE;
  p.part = WORKGROUP_SIZE - 1u - local;
  p.head_unit = p.part / CLASS_VECTORS;
  p.is_bias = p.head_unit == UNITS;
  p.head_vector = select(p.unit + p.head_unit, HIDDEN, p.is_bias) * CLASS_VECTORS + p.part % CLASS_VECTORS;
  p.owns_head = select(p.head_unit < UNITS && p.unit + p.head_unit < HIDDEN, p.unit == 0u, p.is_bias);
  p.moment1_at = p.model * HEAD_SIZE + p.head_vector;
  p.moment2_at = MODELS * HEAD_SIZE + p.moment1_at;
  return p;
}

// Gradients of what an invocation owns: its vectors of the columns, UNITS of every block, and its vector of the head.
struct Gradients {
  columns: array<vec4f, SLOTS>,
  head: vec4f,
}

// First phase: the batch's loss and hits, which stay in `loss_and_hits`, and the gradients.
fn backward(p: Place, batch: u32) -> Gradients {
  var gradients = Gradients();
  var sums = vec2f();
  for (var first = 0u; first < step.count; first += TILE) {
    let rows = min(step.count - first, TILE);
    let b = sample_at(p.local % TILE);
    let sample = order[batch + first + min(b, rows - 1u)];
    logits(p.local, hidden_at(p.now, p.model, 0u) + first / 4u, p.head_now);
    var label = 0u;
    if (p.local < TILE) {
      chosen[(first & TILE) + b] = sample;
      label = label_of(sample);
    }
    workgroupBarrier();

    // Loaded here to arrive during the softmax.
    var words = words_of_tile(first, p.local);
    if (p.local < TILE) {
      sums += softmax(p.local, b < rows, label, p.unit, hidden_at(p.now, p.model, p.unit) + first / 4u, p.head_now);
      loss_and_hits[p.local] = sums;
    }
    workgroupBarrier();

    for (var block = 0u; block < BLOCKS; block++) {
      if (block > 0u) {
        words = words_of_tile(first, block * WORKGROUP_SIZE + p.local);
      }
      for (var q = 0u; q < BATCH_QUADS; q++) {
        let x = pixels(words[q]);
        for (var u = 0u; u < UNITS; u++) {
          let d = u * TILE + 4u * q;
          gradients.columns[block * UNITS + u] +=
            x * vec4f(delta_hidden[d], delta_hidden[d + 1u], delta_hidden[d + 2u], delta_hidden[d + 3u]);
        }
      }
    }
    if (p.owns_head) {
      for (var s = 0u; s < 4u * BATCH_QUADS; s++) {
        let h = select(hidden_here[min(p.head_unit, UNITS - 1u) * TILE + s], 1.0, p.is_bias);
        gradients.head += h * delta[p.part % CLASS_VECTORS * TILE + s];
      }
    }
  }
  return gradients;
}

// Second phase: each invocation writes what it owns, one of them the metrics too. Leaves the new columns in `own`.
fn update(p: Place, own: ptr<function, array<State, SLOTS>>, head_state: State, gradients: Gradients, rate: vec2f) {
  for (var block = 0u; block < BLOCKS; block++) {
    let i = block * WORKGROUP_SIZE + p.local;
    for (var u = 0u; u < UNITS; u++) {
      let slot = block * UNITS + u;
      (*own)[slot] = adam((*own)[slot], gradients.columns[slot] * PIXEL, select(rate, bias_rate(rate), i == WORDS));
      if (i < COLUMN && p.unit + u < HIDDEN) {
        let at = column_at(p.model, p.unit + u) + i;
        columns[at] = (*own)[slot].parameters;
        columns[at + COLUMN] = (*own)[slot].moment1;
        columns[at + 2u * COLUMN] = (*own)[slot].moment2;
      }
    }
  }
  if (p.owns_head) {
    let head_updated = adam(head_state, gradients.head, select(rate, bias_rate(rate), p.is_bias));
    head[p.head_next + p.head_vector] = head_updated.parameters;
    moments[p.moment1_at] = head_updated.moment1;
    moments[p.moment2_at] = head_updated.moment2;
  }
  if (p.unit == 0u && p.part == (UNITS + 1u) * CLASS_VECTORS) {
    var total = vec2f();
    for (var b = 0u; b < TILE; b++) {
      total += loss_and_hits[b];
    }
    metrics[p.model * STEPS + step.index] = total;
  }
}

// Third phase: the outputs of the workgroup's hidden units for the `count` samples from `following` on in the order.
//
// `chosen_first` are four of the first tile's samples, `loaded` the first block of their inputs.
fn forward(
  p: Place,
  own: ptr<function, array<State, SLOTS>>,
  following: u32,
  count: u32,
  chosen_first: vec4u,
  loaded: array<vec4u, QUADS>,
) {
  let quad = p.local / SLICES;
  let slice = p.local % SLICES;
  var chosen_next = chosen_first;
  var words = loaded;
  for (var first = 0u; first < count; first += TILE) {
    if (first > 0u) {
      chosen_next = quad_of(following + first, count - first, quad);
      words = words_of_quad(chosen_next, slice);
      workgroupBarrier();
    }
    for (var block = 0u; block < BLOCKS; block++) {
      let i = block * WORKGROUP_SIZE + p.local;
      if (i < COLUMN) {
        let inside = lanes_below(i, select(4u * WORDS + 1u, INPUTS, i < WORDS));
        for (var u = 0u; u < UNITS; u++) {
          stage[u * COLUMN + i] = select(vec4f(), (*own)[block * UNITS + u].parameters, inside);
        }
      }
    }
    workgroupBarrier();

    // Explicitly zero: in SwiftShader a variable without an initialiser keeps its value from the previous round.
    var sum = array<vec4f, SLOTS>();
    for (var block = 0u; block < BLOCKS; block++) {
      let i = block * WORKGROUP_SIZE + slice;
      if (block > 0u) {
        words = words_of_quad(chosen_next, i);
      }
      for (var q = 0u; q < QUADS; q++) {
        let x = pixels(words[q]);
        for (var u = 0u; u < UNITS; u++) {
          sum[u] += stage[u * COLUMN + min(i + q * SLICES, WORDS)] * x;
        }
      }
    }

    // The upper half of the slices is added to the lower half, whose slices are then added up one by one.
    workgroupBarrier();
    for (var u = 0u; u < UNITS; u++) {
      if (slice >= SLICES / 2u) {
        stage[(u * (SLICES / 2u) + slice - SLICES / 2u) * (QUADS + 1u) + quad] = sum[u];
      }
    }
    workgroupBarrier();
    for (var u = 0u; u < UNITS; u++) {
      if (slice < SLICES / 2u) {
        stage[(u * (SLICES / 2u) + slice) * (QUADS + 1u) + quad] += sum[u];
      }
    }
    workgroupBarrier();
    let u = p.local / QUADS;
    let q = p.local % QUADS;
    if (u < UNITS && p.unit + u < HIDDEN && q < BATCH_QUADS) {
      var total = vec4f();
      for (var s = 0u; s < SLICES / 2u; s++) {
        total += stage[(u * (SLICES / 2u) + s) * (QUADS + 1u) + q];
      }
      hidden[hidden_at(p.next, p.model, p.unit + u) + first / 4u + q] = max(total * PIXEL, vec4f());
    }
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let p = place_of(group, local);
  let trains = step.count > 0u;
  let rate = rate_of(p.model);
  let batch = p.model * ORDER_LENGTH + step.offset;
  // The next batch; none comes after the order's last one.
  let following = batch + step.count;
  let count = min(BATCH, ORDER_LENGTH - step.offset - step.count);

  // Needed last, but loaded first, to arrive in time.
  var chosen_next = vec4u();
  if (count > 0u) {
    chosen_next = quad_of(following, count, local / SLICES);
  }
  var own: array<State, SLOTS>;
  for (var block = 0u; block < BLOCKS; block++) {
    let i = min(block * WORKGROUP_SIZE + local, COLUMN - 1u);
    for (var u = 0u; u < UNITS; u++) {
      let at = column_at(p.model, p.unit + u) + i;
      own[block * UNITS + u] = State(columns[at], columns[at + COLUMN], columns[at + 2u * COLUMN]);
    }
  }
  var head_state = State();
  if (trains && p.owns_head) {
    head_state = State(head[p.head_now + p.head_vector], moments[p.moment1_at], moments[p.moment2_at]);
  }

  let gradients = backward(p, batch);
  // Loaded here to arrive during the update.
  let words = words_of_quad(chosen_next, local % SLICES);
  if (trains) {
    update(p, &own, head_state, gradients, rate);
  }
  forward(p, &own, following, count, chosen_next, words);
}
