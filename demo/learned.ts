import type { EpochRecord, Progress, RunningPoint, RunReport, TestReport } from '../src/index.ts';
import type { Texts } from './configuration.ts';

/** What the current network learned, and what is known about it. */
export interface Learned {
  readonly history: EpochRecord[];
  readonly running: RunningPoint[];
  /** Epochs of the whole training. */
  readonly epochs: number;
  /** The configuration of its training; undefined before that begins, and for networks from elsewhere. */
  texts: Texts | undefined;
  /** Progress of its training. */
  progress: Progress | undefined;
  report: RunReport | TestReport | undefined;
  /** The network after the last epoch, as a safetensors file. */
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

/** Reassures a user after an error that not all is lost; empty where it is. */
export function keptText({ history, model }: Learned): string {
  if (!model || history.length === 0) return '';
  const epochs = history.length === 1 ? 'the first epoch' : `${history.length} epochs`;
  return `What was learned in ${epochs} is kept, and can be saved.`;
}
