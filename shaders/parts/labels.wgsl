// Labels follow the images: bytes, four to a u32, low byte first.

// The word of `samples` at which they begin.
override LABELS_AT: u32;

fn label_of(sample: u32) -> u32 {
  return (samples[LABELS_AT + sample / 4u] >> (sample % 4u * 8u)) & 255u;
}
