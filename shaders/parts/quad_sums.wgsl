// Matrix products by a quad of invocations, on adapters whose subgroups are four wide. One operand stands still: each
// lane holds STANDING vec4s of it, in the order in which the other operand's numbers reach the lane. Each lane loads a
// fourth of those numbers, and they go round by quad swaps.

var<private> standing: array<vec4f, STANDING>;

// Component by component, each product added as soon as it is made: only 16 unfinished numbers fit into registers.
fn add_one(sums: vec4f, at: u32, number: f32) -> vec4f {
  var s = sums;
  s.x += standing[at].x * number;
  s.y += standing[at].y * number;
  s.z += standing[at].z * number;
  s.w += standing[at].w * number;
  return s;
}

// Adds the products of four lanes' numbers, this lane's first, then those of lane ^ 1, lane ^ 2 and lane ^ 3, and of
// vec4s that are `apart` from each other.
fn add_quad(sums: vec4f, at: u32, apart: u32, number: f32) -> vec4f {
  var s = add_one(sums, at, number);
  s = add_one(s, at + apart, quadSwapX(number));
  s = add_one(s, at + 2u * apart, quadSwapY(number));
  return add_one(s, at + 3u * apart, quadSwapDiagonal(number));
}

fn add_vector(sums: vec4f, at: u32, numbers: vec4f) -> vec4f {
  var s = add_quad(sums, at, 4u, numbers.x);
  s = add_quad(s, at + 1u, 4u, numbers.y);
  s = add_quad(s, at + 2u, 4u, numbers.z);
  return add_quad(s, at + 3u, 4u, numbers.w);
}
