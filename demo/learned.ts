import type { EpochRecord, Progress, RunningPoint, RunReport, TestReport } from '../src/index.ts';
import type { Texts } from './configuration.ts';

/** What the network at hand learned, and what is known of it. */
export interface Learned {
  readonly history: EpochRecord[];
  readonly running: RunningPoint[];
  /** To be trained in all. */
  readonly epochs: number;
  /** The configuration that it is trained with; undefined before the training begins, and where there was none here. */
  texts: Texts | undefined;
  /** How far its training is. */
  progress: Progress | undefined;
  report: RunReport | TestReport | undefined;
  /** A safetensors file, as of the last epoch. */
  model: Uint8Array | undefined;
}

export function nothing(epochs: number, texts?: Texts): Learned {
  return {
    history: [],
    running: [],
    epochs,
    texts,
    progress: undefined,
    report: undefined,
    model: undefined,
  };
}

export function isRunReport(report: RunReport | TestReport): report is RunReport {
  return 'history' in report;
}

/** Whether two reports are about the same test images. */
export function sameImages({ dataset: a }: TestReport, { dataset: b }: TestReport): boolean {
  return a.name === b.name && a.train === b.train && a.test === b.test;
}

/** What there is to say to someone who fears that all is lost; empty where it is. */
export function keptText({ history, model }: Learned): string {
  if (!model || history.length === 0) return '';
  const epochs = history.length === 1 ? 'the first epoch' : `${history.length} epochs`;
  return `What was learned in ${epochs} is kept, and can be saved.`;
}
