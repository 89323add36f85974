// Four pixels of `x`, which holds a word of them in every lane, as numbers from 0 to 1.

fn pixels(word: u32) -> vec4f {
  return unpack4x8unorm(x[word / 4u][word % 4u]);
}
