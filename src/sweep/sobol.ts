/**
 * Primitive polynomials and initial direction numbers of dimensions 2 to 8, a line each; the first dimension needs none. From
 * `new-joe-kuo-6.21201` by Stephen Joe and Frances Kuo (https://web.maths.unsw.edu.au/~fkuo/sobol/; "Constructing Sobol
 * sequences with better two-dimensional projections", 2008), whose numbers SciPy has too.
 */
const JOE_KUO: readonly { readonly a: number; readonly m: readonly number[] }[] = [
  { a: 0, m: [1] },
  { a: 1, m: [1, 3] },
  { a: 1, m: [1, 3, 1] },
  { a: 2, m: [1, 1, 1] },
  { a: 1, m: [1, 1, 3, 3] },
  { a: 4, m: [1, 3, 5, 13] },
  { a: 2, m: [1, 1, 5, 5, 17] },
];

export const MOST_SOBOL_DIMENSIONS = JOE_KUO.length + 1;

const BITS = 32;

/** [dimensions][BITS] */
const DIRECTIONS: readonly (readonly number[])[] = [
  Array.from({ length: BITS }, (_, k) => 2 ** (BITS - 1 - k)),
  ...JOE_KUO.map(({ a, m }) => directions(a, m)),
];

/** v_k = a_1 v_(k-1) ^ ... ^ a_(s-1) v_(k-s+1) ^ v_(k-s) ^ (v_(k-s) >> s), the bits of `a` being a_1 to a_(s-1). */
function directions(a: number, m: readonly number[]): number[] {
  const s = m.length;
  const v = m.map((number, k) => (number << (BITS - 1 - k)) >>> 0);
  for (let k = s; k < BITS; k++) {
    const last = v[k - s] ?? 0;
    let next = last ^ (last >>> s);
    for (let j = 1; j < s; j++) if ((a >>> (s - 1 - j)) & 1) next ^= v[k - j] ?? 0;
    v.push(next >>> 0);
  }
  return v;
}

/**
 * Point `index`, 0 for the first, of the Sobol sequence, in the order of Antonov and Saleev's Gray code, as SciPy has it: of
 * each coordinate, 0 to below 1, 32 bits after the point as a whole number: [dimensions].
 *
 * @param index whole number from 0 to 2^32 - 1
 * @param dimensions up to {@link MOST_SOBOL_DIMENSIONS}
 */
export function sobolPoint(index: number, dimensions: number): number[] {
  const gray = (index ^ (index >>> 1)) >>> 0;
  return DIRECTIONS.slice(0, dimensions).map((v) =>
    v.reduce((word, direction, bit) => ((gray >>> bit) & 1 ? (word ^ direction) >>> 0 : word), 0),
  );
}
