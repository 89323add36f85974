export { type MatrixConfig, shapesInWords } from './gpu/matrix-units.ts';
export * from './index.ts';
export { adapterNamedBy, type ListedAdapter, listAdapters } from './node/adapters.ts';
export { readBenchFolder, readBenchReport } from './node/bench-files.ts';
export { cacheDirectory } from './node/cache.ts';
export {
  CHECKPOINT_FILE,
  type CheckpointWriter,
  checkpointWriter,
  PREVIOUS_CHECKPOINT_FILE,
  readCheckpoint,
  unfinishedIn,
} from './node/checkpoints.ts';
export { DATASET_NAMES, type LoadOptions, type LoadProgress, loadDataset } from './node/datasets.ts';
export { type DecodeOptions, decodePicture, isPicture } from './node/decode.ts';
export { type Diagnosis, diagnose } from './node/diagnose.ts';
export { processorName } from './node/environment.ts';
export { removeEmptyFolders } from './node/files.ts';
export {
  checkAdapter,
  MATRIX_DEVICE,
  type OpenDeviceOptions,
  type OpenedDevice,
  openDevice,
} from './node/gpu.ts';
export type { ReadingProgress } from './node/image-folder.ts';
export {
  checkImageShape,
  type InputImage,
  type ReadImage,
  type ReadOptions,
  readBatches,
  readImages,
  writeInput,
} from './node/images.ts';
export { readModel, readModels, writeModel } from './node/models.ts';
export { expandPatterns } from './node/patterns.ts';
export { planMemory } from './node/plan-memory.ts';
export {
  POPULATION_FILES,
  prepareFolder,
  RUN_FILES,
  type RunFiles,
  runFiles,
  TEST_FILES,
  testFiles,
  writeFiles,
} from './node/run-files.ts';
export type { Toggles } from './node/toggles.ts';
export { nodeVersions } from './node/versions.ts';
