// A dense layer. Rows of its inputs, its outputs and its parameters are padded to whole vec4s.

override INPUTS: u32;
override OUTPUTS: u32;

override INPUT_VECTORS = (INPUTS + 3u) / 4u;
override OUTPUT_VECTORS = (OUTPUTS + 3u) / 4u;
