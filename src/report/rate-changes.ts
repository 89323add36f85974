import { validationCount } from '../data/shuffle.ts';
import type { RateChangeRecord } from '../train/history.ts';
import { rateChangeRecords } from '../train/schedule.ts';
import type { RunReport } from './run-report.ts';

/** Where the learning rate of a reported run was changed while it ran, first to last: where curves have it, and from what. */
export function rateChangesIn({
  config,
  dataset,
}: Pick<RunReport, 'config' | 'dataset'>): RateChangeRecord[] {
  const samples = dataset.train - validationCount(dataset.train, config.validationSplit);
  const stepsPerEpoch = Math.ceil(samples / config.batchSize);
  return rateChangeRecords(config.rateChanges ?? [], config.learningRate, stepsPerEpoch);
}
