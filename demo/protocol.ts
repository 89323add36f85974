import type {
  BenchProgress,
  BenchReport,
  DispatchesReport,
  KernelResult,
  KernelsOptions,
  StepFloor,
  StepOfTraining,
  TrainingAxes,
  TrainingStep,
} from '../src/bench.ts';
import type { RunningPoint } from '../src/charts.ts';
import type {
  AdapterReport,
  EpochRecord,
  ErrorCode,
  ImageShape,
  ImageTraits,
  LabelNoise,
  MlpSpec,
  PlanName,
  PopulationTestReport,
  Progress,
  RateChangeRecord,
  RunReport,
  StepPlan,
  Summary,
  TestReport,
  TrainerOptions,
  TrainerState,
} from '../src/index.ts';

// Messages between the page and its worker. The worker owns the GPU, the images and the network; the page only asks and
// draws. Of two requests of one kind only the answer to the later one counts; `run` and `id` tell them apart.

/**
 * Where the images come from. MNIST is taken from the browser's storage where an earlier visit left it there, else from
 * `folder`, an address at the page's own host, else from its mirror. Where all fail, synthetic digits replace it.
 */
export type DataSource =
  | { readonly kind: 'synthetic'; readonly train: number; readonly test: number }
  | { readonly kind: 'files'; readonly own: OwnFiles }
  | { readonly kind: 'mnist'; readonly folder: string };

/** A dataset of the user's own. */
export interface OwnFiles {
  /** IDX files, or pictures in folders of classes. */
  readonly kind: 'idx' | 'pictures';
  /** That of the folder that holds them all, where there is one. */
  readonly name: string;
  readonly files: readonly OwnFile[];
}

export interface OwnFile {
  readonly file: File;
  /** Its place below what was given, e.g. "digits/train/7/1.png"; its name where it was given alone. */
  readonly path: string;
}

export type TrainingSettings = Required<
  Pick<
    TrainerOptions,
    | 'hidden'
    | 'learningRate'
    | 'batchSize'
    | 'seed'
    | 'models'
    | 'validationSplit'
    | 'optimizer'
    | 'weightDecay'
    | 'schedule'
  >
>;

/** The choice of a benchmark, as the library's functions take it. */
export type BenchChoice =
  | { readonly bench: 'floor' }
  | ({ readonly bench: 'kernels' } & Pick<KernelsOptions, 'only' | 'sweep'>)
  | ({ readonly bench: 'train' } & Pick<TrainingAxes, 'batchSizes' | 'hidden' | 'plans'>);

export type Request =
  | { readonly kind: 'data'; readonly id: number; readonly source: DataSource }
  | {
      readonly kind: 'train';
      readonly run: number;
      /** In all, with those of `from`. */
      readonly epochs: number;
      readonly settings: TrainingSettings;
      /** Wrong labels for the training images; absent for none. */
      readonly labelNoise?: LabelNoise;
      /** The state of a training to go on from; null begins anew. */
      readonly from: TrainerState | null;
    }
  | { readonly kind: 'pause' | 'resume' | 'stop' | 'reset' }
  /** One batch of a training that is paused, which then is paused again. */
  | { readonly kind: 'step' }
  /** As fast as the GPU is, or one batch after the other, ten a second. A new training begins with `full`. */
  | { readonly kind: 'pace'; readonly pace: 'full' | 'slow' }
  /** Another learning rate for the training that is under way, from the next batch on. */
  | { readonly kind: 'rate'; readonly learningRate: number }
  /** Back to the last epoch kept that is not after this one, or to what there is now: null. */
  | { readonly kind: 'epoch-view'; readonly run: number; readonly epoch: number | null }
  /** The network that comes with the page. It answers on the processor, so that it needs no WebGPU. */
  | { readonly kind: 'load-shipped'; readonly run: number }
  | {
      readonly kind: 'load';
      readonly run: number;
      /** A model file, of one network or of several. */
      readonly bytes: Uint8Array;
      /** Place of the best of several networks in the file; null where it is not known. */
      readonly best: number | null;
      /** Whether it is to be tested on the images at hand. */
      readonly evaluate: boolean;
    }
  /** One image of the network's size. */
  | { readonly kind: 'predict'; readonly pixels: Uint8Array }
  /** What in the network speaks for its verdict on an image of its size. Always answered. */
  | { readonly kind: 'evidence'; readonly pixels: Uint8Array }
  /** What there is to know of a unit of the first layer, at a drawing or at none. Only the last one is answered. */
  | {
      readonly kind: 'unit';
      readonly id: number;
      readonly unit: number;
      readonly pixels: Uint8Array | null;
    }
  /** The test images of a cell of the confusion matrix. */
  | { readonly kind: 'cell'; readonly label: number; readonly predicted: number }
  /** What kernels and plans there are to measure. Answered where the code that measures can be fetched. */
  | { readonly kind: 'bench-names' }
  | { readonly kind: 'bench'; readonly choice: BenchChoice }
  | { readonly kind: 'stop-bench' }
  /** What a step has its share of. As `time-dispatches`, it is measured beside: see `Aside` for what it gives way to. */
  | { readonly kind: 'floor'; readonly step: TrainingStep }
  /** The dispatches of a step of training on the images at hand. */
  | { readonly kind: 'time-dispatches'; readonly training: Omit<StepOfTraining, 'data'> }
  | { readonly kind: 'stop-timing' };

/** Progress of a dataset's download. */
export interface Arrival {
  /** The file that is on its way; its bytes so far and in all. */
  readonly file: string;
  readonly received: number;
  readonly total: number | null;
  /** Share of the whole dataset that is here, 0 to 1. */
  readonly share: number;
}

export interface DataSummary {
  readonly name: string;
  readonly shape: ImageShape;
  /** What each class is called: [classes]. */
  readonly classNames: readonly string[];
  /** Number of images. */
  readonly train: number;
  readonly test: number;
  /** How many training images are of each class: [classes]. */
  readonly counts: readonly number[];
  /** Some training images: [count, height, width]. */
  readonly sample: Uint8Array;
}

/** A test image and the network's prediction for it. */
export interface Judged {
  readonly pixels: Uint8Array;
  readonly label: number;
  readonly predicted: number;
  /** The network's probability of its own prediction, and that of the true label. */
  readonly probability: number;
  readonly trueProbability: number;
}

/** The first layer's weights: those of each unit for each pixel. */
export interface WeightImages {
  /** Counts the looks at networks: what is said of this one has the same number. */
  readonly look: number;
  /** Which of several networks it is; null where there is one. */
  readonly network: { readonly index: number; readonly of: number; readonly best: boolean } | null;
  readonly shape: ImageShape;
  /** Number of hidden layers: without any, the units are the classes. */
  readonly hiddenLayers: number;
  /** What the network calls its classes: [classes]. */
  readonly classNames: readonly string[];
  /** Units of the layer; only the first of them are here. */
  readonly units: number;
  readonly shown: number;
  /** The weight that the strongest colour stands for; greater ones look the same. */
  readonly scale: number;
  /** 1 for -scale, 128 for 0, 255 for scale: [shown, height, width]. */
  readonly values: Uint8Array;
}

/** What spoke for a network's verdict on a drawing, and what against it; see the library's `evidence`. */
export interface Explanation {
  /** The look at the network that it is about. */
  readonly look: number;
  /** The network's verdict, and how far its logit is above the mean of the others. */
  readonly label: number;
  readonly lead: number;
  /** The drawing, and what each of its pixels adds to the lead: [height, width]. */
  readonly ink: Uint8Array;
  readonly pixels: Float32Array;
  /** What the biases add beside the pixels. */
  readonly bias: number;
  /** Activations of the first hidden layer's units; without hidden layers, the classes' logits: [units]. */
  readonly activations: Float32Array;
  /** What each of these units adds to the lead, and the biases behind them; null without hidden layers: [units]. */
  readonly units: { readonly contributions: Float32Array; readonly bias: number } | null;
}

/** A test image, and how much it excites a unit: the unit's sum before ReLU. */
export interface Exciting {
  readonly pixels: Uint8Array;
  /** What the dataset calls its class. */
  readonly name: string;
  readonly excitation: number;
}

/** A unit of the first layer. */
export interface UnitDetail {
  readonly unit: number;
  /** What it adds to each class's logit where it is 1 more active: [classes]; null where that needs a drawing. */
  readonly outgoing: Float32Array | null;
  /** Of the test images, the first the most extreme; empty where none of the network's size are here. */
  readonly most: readonly Exciting[];
  readonly least: readonly Exciting[];
}

export interface AdapterSummary extends AdapterReport {
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
}

/** A plan, and how many networks a step of it trains, side by side. */
export interface TrainedPlan extends StepPlan {
  readonly networks: number;
}

/** The device that was opened, and the plan that runs on it. */
export interface DeviceSummary {
  readonly limits: Readonly<Record<string, number>>;
  readonly features: readonly string[];
  /** Null for networks that are only used, not trained. */
  readonly plan: TrainedPlan | null;
}

/** Networks that answer for drawings. */
export interface NetworkSummary {
  readonly spec: MlpSpec;
  readonly image: ImageShape | null;
  /** Traits of their training images; null where a model file does not have them. */
  readonly traits: ImageTraits | null;
  /** What each class is called: [classes]. */
  readonly classNames: readonly string[];
  /** Of each network; null where it is not known: [networks]. */
  readonly seeds: readonly (number | null)[];
}

/** What is wrong, and what to do. */
export interface Trouble {
  readonly message: string;
  /** Empty for nothing. */
  readonly nextStep: string;
  /** What helps those who look for the cause, such as the program's own words. */
  readonly details?: string;
}

export interface Problem extends Trouble {
  /** `bug` is an error that nobody foresaw. */
  readonly code: ErrorCode | 'bug';
}

/** How many of the test images are right, as a share. */
export interface TestAccuracy {
  /** Of the only network, or of several together. */
  readonly accuracy: number;
  /** Of each alone, over several networks; null where there is one. */
  readonly summary: Summary | null;
}

/** What the test images say after an epoch: of several networks together. */
export interface EpochTest extends TestAccuracy {
  /** [classes, classes] */
  readonly confusionMatrix: readonly (readonly number[])[];
}

/** Of a training, or of the test of one network or of several that were loaded. */
export type Report = RunReport | TestReport | PopulationTestReport;

/** Networks as safetensors files. */
export interface NetworkFiles {
  /** The only network, or the best one; null where it is not known which that is. */
  readonly model: Uint8Array | null;
  /** Those that can be used, where there were several; else null. */
  readonly models: Uint8Array | null;
  /** Place of the best one in `models`; null where it is not known. */
  readonly best: number | null;
}

/** What one of several networks takes an image for. */
export interface Vote {
  readonly predicted: number;
  /** The network's probability of it. */
  readonly probability: number;
}

export type Reply =
  | { readonly kind: 'adapter'; readonly adapter: AdapterSummary }
  | { readonly kind: 'download'; readonly id: number; readonly arrival: Arrival }
  | { readonly kind: 'data'; readonly id: number; readonly data: DataSummary; readonly notice: string }
  /** The images asked for are not to be had; the current images stay. */
  | { readonly kind: 'no-data'; readonly id: number; readonly problem: Problem }
  /** The network that comes with the page is not to be had. */
  | { readonly kind: 'no-shipped'; readonly run: number; readonly problem: Problem }
  /** From here on these networks answer for drawings; `device` is null where they do so on the processor. */
  | {
      readonly kind: 'network';
      readonly run: number;
      readonly network: NetworkSummary;
      readonly device: DeviceSummary | null;
    }
  | {
      readonly kind: 'progress';
      readonly run: number;
      readonly progress: Progress;
      /** The next point of the curves; null where too little was trained since the last one. */
      readonly point: RunningPoint | null;
    }
  | { readonly kind: 'weights'; readonly run: number; readonly weights: WeightImages }
  /** Where the learning rate is changed, first to last; `problem` is why it was not changed as it was asked for. */
  | {
      readonly kind: 'rate';
      readonly run: number;
      readonly changes: readonly RateChangeRecord[];
      readonly problem: Problem | null;
    }
  /** The epochs that can be viewed, first to last: fewer than were trained, where their weights would take too much memory. */
  | { readonly kind: 'kept-epochs'; readonly run: number; readonly epochs: readonly number[] }
  /**
   * Weights and answers for drawings, and for cells of the matrix, are those of this epoch from here on; null is what there is
   * now, whose results the page knows.
   */
  | {
      readonly kind: 'epoch-view';
      readonly run: number;
      readonly epoch: number | null;
      readonly test: EpochTest | null;
      readonly mistakes: readonly Judged[];
    }
  /** The worst mistakes of the network that comes with the page: some time after it, and only where its test images are here. */
  | { readonly kind: 'mistakes'; readonly run: number; readonly mistakes: readonly Judged[] }
  | { readonly kind: 'paused'; readonly run: number }
  /** The images are not those of the state that a training was to go on from: it was not begun, and all is as before. */
  | { readonly kind: 'other-images'; readonly run: number }
  /** The training's device was lost, for the first, second or third time; the training goes on on another one. */
  | { readonly kind: 'lost'; readonly run: number; readonly times: number }
  | {
      readonly kind: 'epoch';
      readonly run: number;
      readonly epoch: number;
      /** Of each network; null for one that diverged: [networks]. After a lost device an epoch may be told again. */
      readonly records: readonly (EpochRecord | null)[];
      readonly test: EpochTest;
      readonly files: NetworkFiles;
    }
  /** What a training can go on from, as it is now. */
  | { readonly kind: 'snapshot'; readonly run: number; readonly state: TrainerState }
  | {
      readonly kind: 'result';
      readonly run: number;
      /** Null where a loaded model was not even tested. */
      readonly report: Report | null;
      readonly files: NetworkFiles;
      /** What the training can go on from; null where there was none. */
      readonly state: TrainerState | null;
      /** Whether the training was stopped before its last epoch. */
      readonly stopped: boolean;
      /** Why a loaded model was not tested; empty where it was. */
      readonly notice: string;
      readonly mistakes: readonly Judged[];
    }
  | {
      readonly kind: 'prediction';
      /** Of several networks together; empty where there was none to ask. */
      readonly probabilities: Float32Array;
      /** Of each of several networks; null for one that diverged: [networks]. Empty where there is one. */
      readonly votes: readonly (Vote | null)[];
    }
  /** Null where there is no network, or one of other inputs. */
  | { readonly kind: 'evidence'; readonly explanation: Explanation | null }
  /** Null where there is no such unit. */
  | { readonly kind: 'unit'; readonly id: number; readonly detail: UnitDetail | null }
  | {
      readonly kind: 'cell';
      readonly label: number;
      readonly predicted: number;
      /** Null where the networks that answer were not tested on images that are here. */
      readonly total: number | null;
      readonly images: readonly Judged[];
    }
  /** What can be measured, by name. */
  | {
      readonly kind: 'bench-names';
      readonly kernels: readonly KernelResult['kernel'][];
      readonly plans: readonly PlanName[];
    }
  | { readonly kind: 'bench-progress'; readonly progress: BenchProgress }
  /** How a benchmark ended: with a report; with a problem, for a wrong choice; or with neither, where it was stopped. */
  | { readonly kind: 'bench-end'; readonly report: BenchReport | null; readonly problem: Problem | null }
  /** Null where it was stopped, or failed. */
  | { readonly kind: 'floor'; readonly floor: StepFloor | null; readonly failed: boolean }
  /** As `bench-end`. */
  | {
      readonly kind: 'dispatch-times';
      readonly report: DispatchesReport | null;
      readonly problem: Problem | null;
    }
  | { readonly kind: 'problem'; readonly run: number; readonly problem: Problem };
