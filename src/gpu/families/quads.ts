/** The plan `layered-quads`. */
export const files = import.meta.glob<string>(['./*_quads.wgsl', './parts/quad_sums.wgsl'], {
  base: '../../../shaders',
  query: '?raw',
  import: 'default',
  eager: true,
});
