// For TypeScript before 6.0, whose own library does not know WebGPU yet, so that devices would be `any`. In later ones
// these types and the library's clash.
/// <reference types="@webgpu/types" />
export * from '../dist/types/charts.js';
