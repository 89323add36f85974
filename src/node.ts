/**
 * Everything of `shadegrad`, but with Dawn's devices in place of the browser's, and what needs files: datasets, models,
 * checkpoints, pictures, a run's folder.
 *
 * @module shadegrad/node
 */

export type { ArchivedDataset, KnownArchive } from './data/known.ts';
export { ADAPTER_CHOICES, type AdapterChoice, type AdapterKind } from './gpu/adapter.ts';
export type { MatrixConfig } from './gpu/matrix-units.ts';
export * from './index.ts';
export { type ListedAdapter, listAdapters } from './node/adapters.ts';
export { readBenchFolder, readBenchReport } from './node/bench-files.ts';
export { cacheDirectory } from './node/cache.ts';
export {
  CHECKPOINT_FILE,
  type CheckpointWriter,
  checkpointWriter,
  readCheckpoint,
} from './node/checkpoints.ts';
export { DATASET_NAMES, type LoadOptions, type LoadProgress, loadDataset } from './node/datasets.ts';
export { type DecodeOptions, decodePicture } from './node/decode.ts';
export { type Diagnosis, diagnose } from './node/diagnose.ts';
export { processorName } from './node/environment.ts';
export { MATRIX_DEVICE, type OpenDeviceOptions, type OpenedDevice, openDevice } from './node/gpu.ts';
export type { ReadingProgress } from './node/image-folder.ts';
export {
  type GivenFile,
  type ImageModel,
  type InputImage,
  type ReadImage,
  type ReadOptions,
  readImages,
} from './node/images.ts';
export { readModel, readModels, writeModel } from './node/models.ts';
export { planMemory } from './node/plan-memory.ts';
export {
  POPULATION_FILES,
  RUN_FILES,
  type RunFiles,
  runFiles,
  TEST_FILES,
  testFiles,
  writeFiles,
} from './node/run-files.ts';
export type { Toggles } from './node/toggles.ts';
export { nodeVersions } from './node/versions.ts';
