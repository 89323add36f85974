export * from './data/dataset.ts';
export { type ErrorCode, ShadegradError } from './errors.ts';
export type { Model, Tensor } from './model/model.ts';
export { type MlpSpec, mlp } from './model/spec.ts';
export type { EpochRecord, Evaluation, History, Progress } from './train/history.ts';
export { Network, networkLimits, type Prediction } from './train/network.ts';
export type { AdamConstants } from './train/ops.ts';
export { type FitOptions, Trainer, type TrainerOptions, trainerLimits } from './train/trainer.ts';
