/** The plan `layered`. */
export const files = import.meta.glob<string>(
  [
    './dense.wgsl',
    './dense_input_gradient.wgsl',
    './dense_update.wgsl',
    './head.wgsl',
    './parts/pixels.wgsl',
    './parts/tiles.wgsl',
  ],
  {
    base: '../../../shaders',
    query: '?raw',
    import: 'default',
    eager: true,
  },
);
