/**
 * The t between whose negative and itself `share` of Student's distribution lies: for 0.95 its 97.5 % quantile.
 *
 * @param degrees of freedom: a whole number of 1 or more
 * @param share 0 to below 1
 */
export function studentT(degrees: number, share: number): number {
  // By halves, in the angle, which is bounded: the share within it grows with the angle.
  let [below, above] = [0, Math.PI / 2];
  for (;;) {
    const middle = (below + above) / 2;
    if (middle <= below || middle >= above) return Math.sqrt(degrees) * Math.tan(middle);
    if (shareWithin(middle, degrees) < share) below = middle;
    else above = middle;
  }
}

/**
 * The share of Student's distribution between -t and t, where t = sqrt(degrees) tan(angle): a finite sum for whole
 * degrees of freedom. Source: Abramowitz & Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 */
function shareWithin(angle: number, degrees: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = 0;
  for (let power = odd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= (cosine * cosine * (power + 1)) / (power + 2);
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
