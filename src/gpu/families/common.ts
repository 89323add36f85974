/** What kernels of several families take, and what evaluates whatever trained. */
export const files = import.meta.glob<string>(
  [
    './softmax.wgsl',
    './softmax_cross_entropy.wgsl',
    './parts/adam.wgsl',
    './parts/adam_in_place.wgsl',
    './parts/class_rows.wgsl',
    './parts/labels.wgsl',
    './parts/lanes.wgsl',
    './parts/layer.wgsl',
    './parts/rates.wgsl',
    './parts/sgd.wgsl',
    './parts/step.wgsl',
  ],
  {
    base: '../../../shaders',
    query: '?raw',
    import: 'default',
    eager: true,
  },
);
