// Softmax cross-entropy of rows whose logits an invocation has all to itself, up to 16 in vec4s, and its gradients.
//
//   p[c]     = exp(logits[c] - max_c logits) / sum_c exp(...)
//   delta[c] = (p[c] - [c = label]) / step.count   b <  step.count   (the mean over the batch)
//            = 0                                   b >= step.count

// Below every logit of a network that has not diverged.
const LOWEST = -3e38;

// One row's logits, in vec4s; those of classes from CLASSES on are LOWEST.
struct Row {
  a: vec4f,
  b: vec4f,
  c: vec4f,
  d: vec4f,
}

struct Result {
  delta: Row,
  loss_and_hit: vec2f,
}

fn sum4(v: vec4f) -> f32 {
  return v.x + v.y + v.z + v.w;
}

fn max4(v: vec4f) -> f32 {
  return max(max(v.x, v.y), max(v.z, v.w));
}

// The first place of `highest` among four, counted from `first`; 256 if it is at none.
fn place(v: vec4f, highest: f32, first: u32) -> u32 {
  let at = select(vec4u(256u), first + FOUR, v == vec4f(highest));
  return min(min(at.x, at.y), min(at.z, at.w));
}

fn one_hot(label: u32, first: u32) -> vec4f {
  return select(vec4f(), vec4f(1.0), first + FOUR == vec4u(label));
}

fn softmax_cross_entropy(model: u32, b: u32, logits: Row) -> Result {
  if (b >= step.count) {
    return Result(Row(vec4f(), vec4f(), vec4f(), vec4f()), vec2f());
  }
  let sample = order[model * ORDER_LENGTH + step.offset + b];
  let label = label_of(sample);
  let highest = max(max(max4(logits.a), max4(logits.b)), max(max4(logits.c), max4(logits.d)));
  let a = exp(logits.a - highest);
  let b_ = exp(logits.b - highest);
  let c = exp(logits.c - highest);
  let d = exp(logits.d - highest);
  let sum = sum4(a) + sum4(b_) + sum4(c) + sum4(d);
  let hot = Row(one_hot(label, 0u), one_hot(label, 4u), one_hot(label, 8u), one_hot(label, 12u));
  let of_label = dot(logits.a, hot.a) + dot(logits.b, hot.b) + dot(logits.c, hot.c) + dot(logits.d, hot.d);
  let predicted = min(
    min(place(logits.a, highest, 0u), place(logits.b, highest, 4u)),
    min(place(logits.c, highest, 8u), place(logits.d, highest, 12u)),
  );
  let count = f32(step.count);
  return Result(
    Row((a / sum - hot.a) / count, (b_ / sum - hot.b) / count, (c / sum - hot.c) / count, (d / sum - hot.d) / count),
    vec2f(log(sum) + highest - of_label, select(0.0, 1.0, predicted == label)),
  );
}

fn write_delta(model: u32, b: u32, row: Row) {
  let i = (model * BATCH + b) * CLASS_VECTORS;
  delta[i] = row.a;
  if (CLASS_VECTORS > 1u) { delta[i + 1u] = row.b; }
  if (CLASS_VECTORS > 2u) { delta[i + 2u] = row.c; }
  if (CLASS_VECTORS > 3u) { delta[i + 3u] = row.d; }
}
