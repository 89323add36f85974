import type { DispatchesReport, StepFloor } from '../src/bench.ts';
import type { TrainerState } from '../src/index.ts';
import { type Configuration, defaults, parse, type Texts } from './configuration.ts';
import type {
  AdapterSummary,
  Arrival,
  BenchChoice,
  DataSource,
  DataSummary,
  DeviceSummary,
  OwnFiles,
  Problem,
  Reply,
  Request,
  TrainedPlan,
  Trouble,
} from './protocol.ts';
import { imagesAreThoseOf, type Shown, unknown, wholeFile } from './shown.ts';

// What the page knows, as one value. It goes one way: the user and the worker make events, `update` makes the next state
// of the one before and the event, the panels show it, and what is to be done beside is a list of commands.

export type Phase = 'loading' | 'ready' | 'training' | 'paused' | 'stopped' | 'done' | 'error';

/** Images that were asked for, their name in the field, and a summary of them once they are here. */
export interface Images {
  readonly source: DataSource;
  readonly kind: Texts['data'];
  readonly data: DataSummary | undefined;
}

/** What the page says beside the field of the images. */
export interface ImagesNote extends Trouble {
  /** Whether something is wrong, or only worth knowing. */
  readonly manner: 'wrong' | 'hint';
}

/** A run as the browser keeps it. */
export interface KeptRun {
  readonly version: 5;
  readonly id: string;
  /** When it ended. */
  readonly at: Date;
  readonly texts: Texts;
  readonly shown: Shown;
  /** Whether it was stopped before its last epoch. */
  readonly stopped: boolean;
}

/** A training that ended with its page. */
export interface Unfinished {
  readonly version: 5;
  /** The tab that it ran in. */
  readonly tab: string;
  readonly texts: Texts;
  readonly shown: Shown;
}

/** Whose answers counted before networks were asked for: they do again where the file is none of networks. */
type Answering = Pick<State, 'run' | 'awaited'>;

/** Networks that the worker was asked for, and why. */
export type Awaited =
  | { readonly why: 'shipped' }
  | { readonly why: 'chosen'; readonly name: string; readonly before: Answering }
  | { readonly why: 'restored'; readonly run: KeptRun; readonly before: Answering }
  /** The worker is new, and the networks are those that are shown. */
  | { readonly why: 'revived' };

/** It comes back if the training turns out to have been begun with other images. */
export interface GoingOn {
  readonly shown: Shown;
  readonly phase: Phase;
  /** The training or load that its networks are from: they answer meanwhile. After a reload they must be loaded: null. */
  readonly run: number | null;
}

export interface State {
  /** The page's own address. */
  readonly home: string;
  readonly phase: Phase;
  /** What the page says of it. */
  readonly status: string;
  /** Number of the training or load whose answers count: the last one that was not refused. Others are ignored. */
  readonly run: number;
  /** How many trainings and loads were asked for. */
  readonly runs: number;
  readonly fields: Texts;
  /** Undefined until some are asked for. */
  readonly images: Images | undefined;
  /** The images that are kept, or asked for again, where the user's files are no dataset. */
  readonly imagesBefore: Images | undefined;
  /** Number of the last request for images: answers to earlier ones are ignored. */
  readonly imagesRequest: number;
  /** The user's files that were read last. */
  readonly ownFiles: OwnFiles | undefined;
  readonly arrival: Arrival | undefined;
  readonly imagesNote: ImagesNote;
  readonly shown: Shown;
  readonly awaited: Awaited | undefined;
  /** What a training that is under way goes on from, and how the page was before; undefined for one that began anew. */
  readonly goingOn: GoingOn | undefined;
  /** How fast the training goes: as fast as the GPU is, or one batch after the other. */
  readonly pace: 'full' | 'slow';
  /** What is wrong with a learning rate that was asked for in the middle; empty for nothing. */
  readonly rateTrouble: string;
  /** Whether a benchmark runs. */
  readonly measuring: boolean;
  readonly machine: Machine;
  readonly adapter: AdapterSummary | undefined;
  readonly device: DeviceSummary | undefined;
  readonly trouble: Problem | undefined;
  /** The worker or its device is broken: nothing works until it is started anew. */
  readonly isBroken: boolean;
  /** What the files that were given last are, where the page can do nothing with them. */
  readonly refusal: Trouble | undefined;
  /** What is wrong with a model file. */
  readonly fileTrouble: Trouble | undefined;
  /** The cell of the confusion matrix that is looked into, and its images once they are here. */
  readonly cell: Cell | undefined;
  /** Runs that the browser keeps, the last one first. */
  readonly kept: readonly KeptRun[];
  /** Ids of those that are compared; some may be kept no longer. */
  readonly compared: readonly string[];
  /** What became of keeping the last one; empty where there was none in this visit, or it is still being written. */
  readonly keeping: string;
  /** The run that the last Reset or Start again took off the page; it can be had back. */
  readonly undoable: KeptRun | undefined;
}

/** What is known of the machine, and what is measured of it while nothing else runs. */
export interface Machine {
  /** Whether its panel is on the screen. */
  readonly inView: boolean;
  /** Whether a training has ended in this visit. */
  readonly hasTrained: boolean;
  /** What is measured now: it gives way to all that the user starts. */
  readonly aside: 'floor' | 'dispatches' | undefined;
  /** What a step has its share of; null where it cannot be measured. */
  readonly floor: StepFloor | null | undefined;
  /** What the dispatches of a plan took. */
  readonly times: { readonly plan: TrainedPlan; readonly report: DispatchesReport } | undefined;
  /** Why they could not be timed; empty for no reason. */
  readonly timesTrouble: string;
}

export interface Cell {
  readonly label: number;
  readonly predicted: number;
  readonly found: Extract<Reply, { kind: 'cell' }> | undefined;
}

export type Button =
  | 'train'
  | 'step'
  | 'pause'
  | 'resume'
  | 'stop'
  | 'continue'
  | 'more'
  | 'reset'
  | 'undo'
  | 'restart';

export type Event =
  | { readonly kind: 'press'; readonly button: Button }
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** A field was changed; `settled` where no more of its change is to be expected. */
  | { readonly kind: 'fields'; readonly texts: Texts; readonly settled: boolean }
  /** An experiment of the guide sets all fields, as a visit by its address would. */
  | { readonly kind: 'experiment'; readonly texts: Texts }
  | { readonly kind: 'files'; readonly own: OwnFiles }
  | { readonly kind: 'model'; readonly name: string; readonly bytes: Uint8Array }
  /** Files with which the page can do nothing, and why; undefined once that is read, or others are taken. */
  | { readonly kind: 'refused'; readonly trouble: Trouble | undefined }
  | { readonly kind: 'cell'; readonly label: number; readonly predicted: number }
  | { readonly kind: 'pace'; readonly pace: State['pace'] }
  /** Another learning rate, for the training that is under way. */
  | { readonly kind: 'rate'; readonly learningRate: number }
  /** Goes back to an epoch; null is now. */
  | { readonly kind: 'view'; readonly epoch: number | null }
  /** Compares a run that is kept with others, or no longer. */
  | { readonly kind: 'compare'; readonly id: string; readonly on: boolean }
  | { readonly kind: 'restore'; readonly run: KeptRun }
  /** What the browser has from earlier visits. */
  | {
      readonly kind: 'found';
      readonly kept: readonly KeptRun[];
      readonly unfinished: Unfinished | undefined;
      readonly ownFiles: OwnFiles | undefined;
    }
  /** The runs are written; or they are not, and why. */
  | { readonly kind: 'kept'; readonly failure: string | null }
  /** Why the user's files are not kept for the next visit. */
  | { readonly kind: 'files-not-kept'; readonly failure: string }
  | { readonly kind: 'bench'; readonly choice: BenchChoice }
  | { readonly kind: 'stop-bench' }
  /** The panel of the machine comes on the screen, or leaves it. */
  | { readonly kind: 'machine-in-view'; readonly on: boolean }
  | { readonly kind: 'time-dispatches' }
  | { readonly kind: 'stop-timing' }
  /** WebGPU is not to be had, as far as the page can see it without its worker. */
  | { readonly kind: 'no-webgpu'; readonly problem: Problem }
  | { readonly kind: 'worker-broke'; readonly message: string };

/** What is to be done beside showing the state. */
export type Command =
  | { readonly kind: 'send'; readonly request: Request }
  /** In place of the one before, whose answers nobody awaits. */
  | { readonly kind: 'new-worker' }
  /** Writes the fields into the page's address. */
  | { readonly kind: 'address'; readonly texts: Texts }
  /** Keeps runs in place of those that the browser has. */
  | { readonly kind: 'keep'; readonly kept: readonly KeptRun[] }
  /** Keeps the user's files in place of those that the browser has. */
  | { readonly kind: 'keep-files'; readonly own: OwnFiles }
  /** Keeps what a reload of the page goes on from; null where nothing is left to do. */
  | { readonly kind: 'keep-unfinished'; readonly unfinished: Omit<Unfinished, 'tab'> | null };

export const MNIST_SHAPE = { height: 28, width: 28 };

/** @param home the page's own address, beside which its files lie */
export function initialState(fields: Texts, home: string): State {
  return {
    home,
    phase: 'loading',
    status: 'Starting',
    run: 0,
    runs: 0,
    fields,
    images: undefined,
    imagesBefore: undefined,
    imagesRequest: 0,
    ownFiles: undefined,
    arrival: undefined,
    imagesNote: { message: '', nextStep: '', manner: 'hint' },
    shown: unknown({ kind: 'shipped' }, Number(fields.epochs) || Number(defaults.epochs), 1),
    awaited: undefined,
    goingOn: undefined,
    pace: 'full',
    rateTrouble: '',
    measuring: false,
    machine: {
      inView: false,
      hasTrained: false,
      aside: undefined,
      floor: undefined,
      times: undefined,
      timesTrouble: '',
    },
    adapter: undefined,
    device: undefined,
    trouble: undefined,
    isBroken: false,
    refusal: undefined,
    fileTrouble: undefined,
    cell: undefined,
    kept: [],
    compared: [],
    keeping: '',
    undoable: undefined,
  };
}

/** What the fields stand for; undefined where one of them is wrong. */
export function configurationOf({ fields }: State): Configuration | undefined {
  return parse(fields).configuration;
}

export function isRunning({ phase }: State): boolean {
  return phase === 'training' || phase === 'paused';
}

/** Says what must be stopped before other images or another network can be taken; empty where nothing runs. */
export function obstacle(state: State): string {
  if (isRunning(state)) return 'Stop the training first.';
  return state.measuring ? 'Stop the benchmark first.' : '';
}

/** Says why no benchmark can begin; empty where one can. */
export function hindrance(state: State): string {
  if (isRunning(state)) return 'A training is running: measuring waits until it ends or is stopped.';
  return state.isBroken ? 'Nothing can be measured until the trouble above is over.' : '';
}

/** Whether a training can begin. */
export function canTrain(state: State): boolean {
  return configurationOf(state) !== undefined && !state.isBroken && obstacle(state) === '';
}

/** The state that the training of the networks that are shown can go on from; null where there is none for these images. */
export function resumable(state: State): TrainerState | null {
  const { shown, images, trouble } = state;
  const { texts, report } = shown;
  if (!canTrain(state) || !images?.data || !texts) return null;
  if (report) return imagesAreThoseOf(report, images.data) ? shown.state : null;
  // One that diverged would do so again.
  if (trouble?.code === 'diverged') return null;
  // One that was interrupted has no report yet. Whether images are its own to the last pixel, the worker finds out.
  const { source, kind } = images;
  const areAsMany =
    source.kind !== 'synthetic' ||
    (String(source.train) === texts.train && String(source.test) === texts.test);
  return areAsMany && texts.data === kind ? shown.state : null;
}

/** Whether there is a network of the user's own that a reset would take off the page. */
export function canReset(state: State): boolean {
  const { shown, measuring } = state;
  const isOwn = shown.origin.kind !== 'shipped' && (wholeFile(shown.files) !== null || shown.progress);
  return Boolean(isOwn) && !measuring;
}
