/** The plan `unfused`. */
export const files = import.meta.glob<string>(
  [
    './gather.wgsl',
    './matmul.wgsl',
    './bias.wgsl',
    './bias_gradient.wgsl',
    './relu.wgsl',
    './relu_gradient.wgsl',
    './update.wgsl',
  ],
  {
    base: '../../../shaders',
    query: '?raw',
    import: 'default',
    eager: true,
  },
);
