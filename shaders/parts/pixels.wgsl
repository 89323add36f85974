// Four pixels of `x` as numbers from 0 to 1; every lane of `x` holds a word of four.

fn pixels(word: u32) -> vec4f {
  return unpack4x8unorm(x[word / 4u][word % 4u]);
}
