/** The plan `layered-matrix`, but for its head. */
export const files = import.meta.glob<string>(
  ['./*_matrix.wgsl', './parts/matrix_*.wgsl', './parts/scale.wgsl'],
  {
    base: '../../../shaders',
    query: '?raw',
    import: 'default',
    eager: true,
  },
);
