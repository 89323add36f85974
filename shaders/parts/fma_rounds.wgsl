// Rounds of multiply-adds, v = a v + b, on vec4s that do not wait for each other. `Vector` is the kernel's, and so are the
// constants: VECTORS is 2 or 6. Six hide a longer latency, two fit into the registers of a processor.

struct Sums {
  v0: Vector,
  v1: Vector,
  v2: Vector,
  v3: Vector,
  v4: Vector,
  v5: Vector,
}

fn one_round(sums: Sums, a: Vector, b: Vector) -> Sums {
  var s = sums;
  s.v0 = fma(a, s.v0, b);
  s.v1 = fma(a, s.v1, b);
  if (VECTORS > 2u) {
    s.v2 = fma(a, s.v2, b);
    s.v3 = fma(a, s.v3, b);
    s.v4 = fma(a, s.v4, b);
    s.v5 = fma(a, s.v5, b);
  }
  return s;
}

fn four_rounds(s: Sums, a: Vector, b: Vector) -> Sums {
  return one_round(one_round(one_round(one_round(s, a, b), a, b), a, b), a, b);
}

// The vectors that begin as v, v + 1, ... after all rounds. 16 of them make one pass of the loop, so that the loop is not
// measured.
fn after_rounds(v: Vector, a: Vector, b: Vector) -> Sums {
  var sums = Sums(v, v + 1.0, v + 2.0, v + 3.0, v + 4.0, v + 5.0);
  for (var k = 0u; k < ROUNDS; k += 16u) {
    sums = four_rounds(four_rounds(four_rounds(four_rounds(sums, a, b), a, b), a, b), a, b);
  }
  return sums;
}
