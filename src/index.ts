export { BENCH_CHART_SIZE, benchChart } from './bench/charts.ts';
export {
  benchChoice,
  CHOICE_SHAPES,
  type ChoiceBenchOptions,
  type ChoiceReport,
  type ChoiceShape,
  choiceBenchLimits,
  FEW_CHOICE_SHAPES,
  type PlanTiming,
  type ShapeChoice,
} from './bench/choice.ts';
export type { NamedReport } from './bench/columns.ts';
export {
  type BenchComparison,
  type ComparedRow,
  compareBench,
  formatComparison,
} from './bench/compare.ts';
export { BENCH_FEATURES, type BenchEnvironment, type BenchSubject } from './bench/environment.ts';
export {
  type BenchOptions,
  type BenchProgress,
  benchFloor,
  type Floor,
  type FloorReport,
} from './bench/floor.ts';
export { benchCsv, formatBench } from './bench/format.ts';
export {
  benchKernelNames,
  benchKernels,
  checkKernelNames,
  type KernelResult,
  type KernelsOptions,
  type KernelsReport,
} from './bench/kernels.ts';
export { type Estimate, type Ratio, ratioOf, type Verdict } from './bench/ratio.ts';
export type { BenchReport } from './bench/report.ts';
export { benchFile, readBenchFile } from './bench/result-file.ts';
export type { CaseResult, MeasuredCase, TimelessCase } from './bench/run-case.ts';
export { type Ended, type Interval, type Spread, spread } from './bench/statistics.ts';
export {
  benchTraining,
  type MeasuredTraining,
  type TimelessTraining,
  type TrainingAxes,
  type TrainingBenchOptions,
  type TrainingReport,
  type TrainingResult,
  trainingBenchLimits,
} from './bench/train.ts';
export { datasetChecksum } from './data/checksum.ts';
export { type Dataset, namedLike, namesOfClasses, type Samples } from './data/dataset.ts';
export { type DownloadProgress, download } from './data/download.ts';
export {
  type DatasetFiles,
  datasetFromIdx,
  type IdxConventions,
  type Images,
  imagesFromIdx,
  mapFiles,
  type NamedBytes,
} from './data/idx.ts';
export { pickIdxFiles } from './data/idx-names.ts';
export {
  type ArchivedDataset,
  type Checksum,
  type DatasetFacts,
  type Downloaded,
  downloadIdx,
  type KnownArchive,
  type KnownDataset,
  type KnownFile,
  type Tools,
  verifiedIdx,
} from './data/known.ts';
export { mnist } from './data/mnist.ts';
export { epochOrder } from './data/shuffle.ts';
export { syntheticDigits } from './data/synthetic.ts';
export { type ErrorCode, reasonOf, ShadegradError } from './errors.ts';
export {
  ADAPTER_CHOICES,
  type AdapterChoice,
  type AdapterReport,
  OPTIONAL_FEATURES,
  reportAdapter,
} from './gpu/adapter.ts';
export { MATRIX_FEATURES } from './gpu/matrix-units.ts';
export { type InitialWeights, modelChecksum } from './model/checksum.ts';
export { initialModel } from './model/initialise.ts';
export type { Model, Tensor } from './model/model.ts';
export {
  type Assumption,
  decodeModel,
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
export { centerDigit, type DigitForm } from './pictures/center.ts';
export { digitFromStrokes, type Stroke, type StrokePoint } from './pictures/pen.ts';
export type { Picture } from './pictures/picture.ts';
export {
  type PictureNotice,
  type PreparedPicture,
  preparePicture,
  prepareStrokes,
} from './pictures/prepare.ts';
export { type ImageTraits, traitsOfImages } from './pictures/traits.ts';
export {
  type ClassificationReport,
  type ClassificationReportOptions,
  classificationReport,
  formatClassificationReport,
} from './report/classification.ts';
export { confusionMatrix } from './report/confusion.ts';
export { type CurvesOptions, curvesOption, type RunningPoint } from './report/curves.ts';
export type { ChartOption } from './report/echarts-parts.ts';
export { type HeatmapOptions, heatmapOption } from './report/heatmap.ts';
export { type HeatmapLayout, heatmapLayout, heatmapSize } from './report/heatmap-layout.ts';
export { type Summary, summarise } from './report/population.ts';
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
  type TestedNetwork,
  type TestedPopulation,
  type TestReport,
  type TestResults,
  testReport,
} from './report/run-report.ts';
export { readRunReport, type StoredReport, type StoredTest } from './report/stored-report.ts';
export { type StripNetwork, type StripOptions, stripOption, stripSize } from './report/strip.ts';
export { formatConfusionMatrix } from './report/text.ts';
export {
  type Comparison,
  type Condition,
  FALSE_ALARM,
  type KeptModels,
  type Repetition,
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
} from './train/history.ts';
export { Network, networkLimits } from './train/network.ts';
export { OPTIMIZER_NAMES, type OptimizerName } from './train/optimizer.ts';
export { type Dispatch, matrixUnitsOf, type PlanBuffer, type StepPlan } from './train/plan.ts';
export type { PlanMemory, PlanTimes } from './train/plan-times.ts';
export { PLAN_NAMES, type PlanName, planUsesMatrixUnits } from './train/plans/index.ts';
export { MOST_LOSSES, type Recoverable, recovering } from './train/recovery.ts';
export { SCHEDULE_NAMES, type Schedule } from './train/schedule.ts';
export { MOST_NETWORKS, type TrainerSettings } from './train/settings.ts';
export { epochsBegun, epochsTrained, type NetworkState, type TrainerState } from './train/state.ts';
export {
  type FitOptions,
  populationLimits,
  Trainer,
  type TrainerOptions,
  trainerLimits,
} from './train/trainer.ts';
export { askInTurns } from './train/turns.ts';
export type { Versions } from './versions.ts';
