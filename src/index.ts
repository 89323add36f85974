/**
 * What trains, evaluates and reports, wherever there is a `GPUDevice`: in pages, workers, Node and Deno. In Node,
 * `shadegrad/node` has all of this and more.
 *
 * Every error that is thrown on purpose is a {@link ShadegradError}, whose `code` programs can switch on.
 *
 * @module shadegrad
 */

export { datasetChecksum } from './data/checksum.ts';
export { type Dataset, namedLike, namesOfClasses, type Samples } from './data/dataset.ts';
export type { DownloadProgress } from './data/download.ts';
export {
  type DatasetFiles,
  datasetFromIdx,
  type IdxConventions,
  type Images,
  imagesFromIdx,
  type NamedBytes,
} from './data/idx.ts';
export type { Checksum, DatasetFacts, KnownDataset, KnownFile } from './data/known.ts';
export { type LabelNoise, nameWithoutNoise, withLabelNoise } from './data/label-noise.ts';
export {
  datasetFromFiles,
  type FetchDatasetOptions,
  type FileLike,
  type FileStore,
  fetchDataset,
  officialDataset,
} from './data/load.ts';
export { mnist } from './data/mnist.ts';
export { epochOrder } from './data/shuffle.ts';
export { syntheticDigits } from './data/synthetic.ts';
export { type ErrorCode, ShadegradError } from './errors.ts';
export { type AdapterReport, type NamedAdapter, OPTIONAL_FEATURES, reportAdapter } from './gpu/adapter.ts';
export type { AdapterDevice, DeviceNeeds } from './gpu/device.ts';
export { MATRIX_FEATURES, type MatrixShape } from './gpu/matrix-units.ts';
export { assertWebGpu, findAdapter, openDevice } from './gpu/open.ts';
export { type InitialWeights, modelChecksum } from './model/checksum.ts';
export {
  type Evidence,
  evidence,
  excitation,
  type LayerEvidence,
  outgoingWeights,
} from './model/evidence.ts';
export { activationsOf } from './model/forward.ts';
export { initialModel } from './model/initialise.ts';
export type { Model, Tensor } from './model/model.ts';
export {
  type Assumption,
  decodeModel,
  type EncodeModelOptions,
  encodeModel,
  type ImageShape,
  type ModelFile,
  type ModelNotes,
} from './model/model-file.ts';
export type { NetworkSettings } from './model/network-settings.ts';
export { foldNormalisation, type Normalisation, withNormalisation } from './model/normalisation.ts';
export { modelNotes } from './model/notes.ts';
export { decodeModels, encodeModels, type ModelsFile } from './model/population-file.ts';
export { type MlpSpec, mlp } from './model/spec.ts';
export { stackModels } from './model/stack.ts';
export type { DigitForm } from './pictures/center.ts';
export type { Likeness } from './pictures/likeness.ts';
export type { Stroke, StrokePoint } from './pictures/pen.ts';
export type { Picture } from './pictures/picture.ts';
export { preparePicture } from './pictures/prepare.ts';
export { prepareStrokes } from './pictures/prepare-strokes.ts';
export type { PictureNotice, PreparedPicture } from './pictures/prepared.ts';
export { type ImageTraits, traitsOfImages } from './pictures/traits.ts';
export {
  type ClassificationReport,
  type ClassificationReportOptions,
  type ClassScores,
  classificationReport,
  formatClassificationReport,
  type Scores,
} from './report/classification.ts';
export type { Comparison } from './report/comparison.ts';
export { confusionMatrix } from './report/confusion.ts';
export type { RunFacts, SplitSizes } from './report/contradictions.ts';
export { type Guessing, guessing, guessingText } from './report/guessing.ts';
export type { Label } from './report/labels.ts';
export { type Overfitting, overfitting, overfittingText } from './report/overfitting.ts';
export { type Summary, summarise } from './report/population.ts';
export { rateChangesIn } from './report/rate-changes.ts';
export { COPIES, withRounding } from './report/rounding.ts';
export {
  type DataSource,
  matrixLabels,
  type NetworkReport,
  type PopulationSummary,
  type PopulationTestReport,
  populationTestReport,
  type ResultSummary,
  type RunConfig,
  type RunReport,
  runReport,
  type SettingSummary,
  type Tested,
  type TestedNetwork,
  type TestedPopulation,
  type TestReport,
  type TestResults,
  type Trained,
  testReport,
} from './report/run-report.ts';
export { readRunReport, type StoredReport, type StoredTest } from './report/stored-report.ts';
export { formatConfusionMatrix } from './report/text.ts';
export {
  FALSE_ALARM,
  type NetworkCopies,
  type Repetition,
  type Tolerances,
} from './report/tolerances.ts';
export {
  type Condition,
  type KeptModels,
  mayDiffer,
  type NotCompared,
  type Verification,
  verification,
} from './report/verification.ts';
export { bestNetwork } from './train/best.ts';
export {
  type Checkpoint,
  type CheckpointNotes,
  decodeCheckpoint,
  encodeCheckpoint,
} from './train/checkpoint.ts';
export { ensemblePrediction, populationEvaluation } from './train/ensemble.ts';
export type {
  Divergence,
  EpochRecord,
  Evaluation,
  History,
  Leg,
  NetworkRecord,
  PopulationEvaluation,
  Prediction,
  Progress,
  RateChangeRecord,
} from './train/history.ts';
export { Network, networkLimits } from './train/network.ts';
export { OPTIMIZER_NAMES, type OptimizerName } from './train/optimizer.ts';
export {
  type Dispatch,
  matrixUnitsOf,
  type PlanBuffer,
  type StepPlan,
  sourceFilesOf,
} from './train/plan.ts';
export type { PlanMemory, PlanTimes } from './train/plan-times.ts';
export { PLAN_NAMES, type PlanName } from './train/plans/index.ts';
export { predictOnCpu } from './train/predict-on-cpu.ts';
export { MOST_LOSSES, type Recoverable, recovering } from './train/recovery.ts';
export { type RateChange, SCHEDULE_NAMES, type Schedule, scheduleOver } from './train/schedule.ts';
export { MOST_NETWORKS, type TrainerSettings } from './train/settings.ts';
export {
  type EpochSums,
  epochsBegun,
  epochsTrained,
  type NetworkState,
  type RoundState,
  type RunState,
  type TrainerState,
} from './train/state.ts';
export {
  type FitOptions,
  populationLimits,
  Trainer,
  type TrainerOptions,
  trainerLimits,
} from './train/trainer.ts';
export type { Versions } from './versions.ts';
