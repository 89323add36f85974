export type Schedule =
  | { readonly name: 'constant' }
  | { readonly name: 'cosine'; readonly epochs: number }
  | { readonly name: 'step'; readonly epochs: number; readonly factor: number };
export function learningRateFactor(_s: Schedule, _w: number, _n: number): (t: number) => number {
  return () => 1;
}
export function scheduleEnd(s: Schedule): number | undefined {
  return s.name === 'cosine' ? s.epochs : undefined;
}
