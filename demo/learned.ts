import type { RunningPoint } from '../src/charts.ts';
import type { EpochRecord, History, Progress, RunReport, TestReport, TestResults } from '../src/index.ts';
import type { Texts } from './configuration.ts';
import type { NetworkFiles, Report, TestAccuracy } from './protocol.ts';

/** What the networks at hand learned, and what is known of them. */
export interface Learned {
  readonly networks: readonly { readonly history: EpochRecord[]; diverged: boolean }[];
  /** Means over the networks. */
  readonly running: RunningPoint[];
  /** Epochs of the whole training. */
  readonly epochs: number;
  /** The configuration that they are trained with; undefined before the training begins, and where there was none here. */
  texts: Texts | undefined;
  /** How far their training is. */
  progress: Progress | undefined;
  /** How often their device was lost. */
  losses: number;
  report: Report | undefined;
  /** As of the last epoch. */
  files: NetworkFiles;
}

export const NO_FILES: NetworkFiles = { model: null, models: null, best: null };

export function nothing(epochs: number, networks: number, texts?: Texts): Learned {
  return {
    networks: Array.from({ length: networks }, () => ({ history: [], diverged: false })),
    running: [],
    epochs,
    texts,
    progress: undefined,
    losses: 0,
    report: undefined,
    files: NO_FILES,
  };
}

/** What an earlier visit knew of its networks. */
export function remembered(
  { config, models }: RunReport,
  running: readonly RunningPoint[],
  texts: Texts,
): Learned {
  return {
    ...nothing(config.epochs, 0, texts),
    networks: models.map(({ history, diverged }) => ({
      history: [...history],
      diverged: diverged !== null,
    })),
    running: [...running],
  };
}

/** @param records of the epoch, of each network; null for one that diverged. An epoch may be told again. */
export function learn({ networks }: Learned, epoch: number, records: readonly (EpochRecord | null)[]): void {
  for (const [i, network] of networks.entries()) {
    const record = records[i];
    if (record) network.history[epoch - 1] = record;
    else network.diverged = true;
  }
}

/** At the end of a training some turn out to have diverged in their last update, of which no epoch tells. */
export function learnEnd({ networks }: Learned, { models }: RunReport): void {
  for (const [i, network] of networks.entries()) network.diverged = models[i]?.diverged !== null;
}

/** The epochs of each network that did not diverge. */
export function historiesOf({ networks }: Learned): readonly History[] {
  return networks.filter(({ diverged }) => !diverged).map(({ history }) => history);
}

/** Where some of several networks diverged, how many; else empty. */
export function divergedText({ networks }: Learned): string {
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

/** What there is to say to someone who fears that all is lost; empty where it is. */
export function keptText({ networks, files }: Learned): string {
  const trained = Math.max(0, ...networks.map(({ history }) => history.length));
  if (!wholeFile(files) || trained === 0) return '';
  const epochs = trained === 1 ? 'the first epoch' : `${trained} epochs`;
  return `What was learned in ${epochs} is kept, and can be saved.`;
}
