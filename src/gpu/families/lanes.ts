/** The plan `layered-lanes`. */
export const files = import.meta.glob<string>(
  ['./*_lanes.wgsl', './parts/lane_sums.wgsl', './parts/subgroup.wgsl'],
  {
    base: '../../../shaders',
    query: '?raw',
    import: 'default',
    eager: true,
  },
);
