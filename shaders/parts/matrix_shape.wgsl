// What matrix units multiply: M x K by K x N. Their types need the numbers before overrides have values, so these here
// are an example, and src/gpu/kernels.ts writes those of the device in their place.

const M = 16u;
const N = 16u;
const K = 16u;
