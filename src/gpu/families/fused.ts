/** The plan `fused`. */
export const files = import.meta.glob<string>(['./fused_*.wgsl'], {
  base: '../../../shaders',
  query: '?raw',
  import: 'default',
  eager: true,
});
