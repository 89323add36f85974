/** What benchmarks hold all others against. */
export const files = import.meta.glob<string>(['./floor_*.wgsl', './parts/fma_rounds.wgsl'], {
  base: '../../../shaders',
  query: '?raw',
  import: 'default',
  eager: true,
});
