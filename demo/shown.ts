import type { RunningPoint } from '../src/charts.ts';
import type {
  EpochRecord,
  History,
  Progress,
  RateChangeRecord,
  RunReport,
  TestReport,
  TestResults,
  TrainerState,
} from '../src/index.ts';
import { guessing, guessingText, nameWithoutNoise, overfitting, overfittingText } from '../src/index.ts';
import type { Texts } from './configuration.ts';
import type {
  DataSummary,
  EpochTest,
  Judged,
  NetworkFiles,
  NetworkSummary,
  Report,
  TestAccuracy,
  TrainedPlan,
  WeightImages,
} from './protocol.ts';

/** Where networks are from. */
export type Origin =
  /** They came with the page. */
  | { readonly kind: 'shipped' }
  /** They were trained here, or are in training, in this visit or in an earlier one, which ended at that time. */
  | { readonly kind: 'trained'; readonly at: Date | null }
  | { readonly kind: 'file'; readonly name: string };

/** The networks that answer for drawings, and all that the page shows of them: whatever the fields say meanwhile. */
export interface Shown {
  readonly origin: Origin;
  /** What they were trained with; undefined where that was not here. */
  readonly texts: Texts | undefined;
  /** Undefined until they can be asked. */
  readonly summary: NetworkSummary | undefined;
  /** Whether they answer on the processor, and not on a device that can be lost. */
  readonly onProcessor: boolean;
  /** [networks] */
  readonly networks: readonly { readonly history: readonly EpochRecord[]; readonly diverged: boolean }[];
  /** Means over the networks. */
  readonly running: readonly RunningPoint[];
  /** Epochs of the whole training. */
  readonly epochs: number;
  /** How far the training is; undefined where none was here. */
  readonly progress: Progress | undefined;
  /** How often their device was lost. */
  readonly losses: number;
  /** Where the learning rate was changed, first to last. */
  readonly rateChanges: readonly RateChangeRecord[];
  /** Epochs whose weights are kept, first to last: those that can be gone back to. */
  readonly keptEpochs: readonly number[];
  /** The epoch that is gone back to; undefined where all is as it is now. */
  readonly viewed: Viewed | undefined;
  /** What the test images say after the last epoch, before there is a report. */
  readonly test: EpochTest | undefined;
  readonly report: Report | undefined;
  readonly mistakes: readonly Judged[];
  readonly weights: WeightImages | undefined;
  /** As of the last epoch. */
  readonly files: NetworkFiles;
  /** What the training can go on from; null where it cannot. */
  readonly state: TrainerState | null;
  /** What ran a step of their training; undefined where that was not here. */
  readonly plan: TrainedPlan | undefined;
}

/** An epoch that the page went back to: what answers, and what is shown, are as they were then. */
export interface Viewed {
  readonly epoch: number;
  readonly test: EpochTest;
  readonly mistakes: readonly Judged[];
}

export const NO_FILES: NetworkFiles = { model: null, models: null, best: null };

/** Networks of which nothing is known yet. */
export function unknown(origin: Origin, epochs: number, networks: number): Shown {
  return {
    origin,
    texts: undefined,
    summary: undefined,
    onProcessor: false,
    networks: Array.from({ length: networks }, () => ({ history: [], diverged: false })),
    running: [],
    epochs,
    progress: undefined,
    losses: 0,
    rateChanges: [],
    keptEpochs: [],
    viewed: undefined,
    test: undefined,
    report: undefined,
    mistakes: [],
    weights: undefined,
    files: NO_FILES,
    state: null,
    plan: undefined,
  };
}

/** @param records of the epoch, of each network; null for one that diverged. An epoch may be told again. */
export function withEpoch(
  networks: Shown['networks'],
  epoch: number,
  records: readonly (EpochRecord | null)[],
): Shown['networks'] {
  return networks.map(({ history, diverged }, i) => {
    const record = records[i];
    if (!record) return { history, diverged: true };
    const told = [...history];
    told[epoch - 1] = record;
    return { history: told, diverged };
  });
}

/** The networks as their report has them: some turn out to have diverged in their last update, of which no epoch tells. */
export function networksOf({ models }: RunReport): Shown['networks'] {
  return models.map(({ history, diverged }) => ({ history, diverged: diverged !== null }));
}

/** The networks as the state of their training has them. */
export function networksIn({ networks }: TrainerState): Shown['networks'] {
  return networks.map(({ history, diverged }) => ({ history, diverged: diverged !== null }));
}

/** The epochs of each network that did not diverge. */
export function historiesOf({ networks }: Shown): readonly History[] {
  return networks.filter(({ diverged }) => !diverged).map(({ history }) => history);
}

/** Epochs that were trained to their end. */
export function epochsOf({ networks }: Pick<Shown, 'networks'>): number {
  return Math.max(0, ...networks.map(({ history }) => history.length));
}

/** Where some of several networks diverged, how many; else empty. */
export function divergedText({ networks }: Shown): string {
  const diverged = networks.filter((network) => network.diverged).length;
  return diverged === 0 ? '' : `; ${diverged} of ${networks.length} networks diverged`;
}

/** The file that has everything of the networks. */
export function wholeFile({ model, models }: NetworkFiles): Uint8Array | null {
  return models ?? model;
}

/** What the test images say: of several networks together. */
export interface Tested extends TestAccuracy {
  readonly results: TestResults;
}

export function testedBy(report: Report): Tested {
  const { ensemble, summary } = 'ensemble' in report ? report : { ensemble: null, summary: null };
  const results = ensemble ?? report;
  return { accuracy: results.test.accuracy, summary: summary?.accuracy ?? null, results };
}

export function isRunReport(report: Report): report is RunReport {
  return 'history' in report;
}

/** Whether two reports are about the same test images. */
export function sameImages({ dataset: a }: TestReport, { dataset: b }: TestReport): boolean {
  return a.name === b.name && a.train === b.train && a.test === b.test;
}

/** What the images of a report are called, whatever wrong labels the training gave them. */
export function imagesNameOf(report: Report): string {
  return nameWithoutNoise(report.dataset.name, isRunReport(report) ? report.config.labelNoise : undefined);
}

/** Whether images are those of a report, as far as their name and their number tell. */
export function imagesAreThoseOf(
  report: Report,
  { name, train, test }: Pick<DataSummary, 'name' | 'train' | 'test'>,
): boolean {
  return name === imagesNameOf(report) && train === report.dataset.train && test === report.dataset.test;
}

/** What there is to say to someone who fears that all is lost; empty where it is. */
export function keptText(shown: Shown): string {
  const trained = epochsOf(shown);
  if (!wholeFile(shown.files) || trained === 0) return '';
  const epochs = trained === 1 ? 'the first epoch' : `${trained} epochs`;
  return `What was learned in ${epochs} is kept, and can be saved.`;
}

/** Where all networks do no better than guessing, that and what to do; else empty. */
export function guessingIn(shown: Shown, counts: readonly number[] | undefined): string {
  const found = historiesOf(shown).map((history) => (counts ? guessing(history, counts) : null));
  const [first] = found;
  return first && found.every((one) => one !== null) ? guessingText(first) : '';
}

/** Where all networks overfit, that and since when all of them do; else empty. */
export function overfittingIn(histories: readonly History[]): string {
  const found = histories.map(overfitting).filter((one) => one !== null);
  const latest = found.toSorted((a, b) => b.since - a.since)[0];
  return latest && found.length === histories.length ? overfittingText(latest) : '';
}
