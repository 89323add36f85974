// The factor of gradients before they are rounded to halves: the gradient of a mean loss is at most about 1 / batch,
// and 2^-14 is the least float16 of full precision. A power of two, so that scaling is exact (Micikevicius et al. 2018,
// Mixed Precision Training, section 3.2).

const SCALE = 4096.0;
