import { type RateChange, ShadegradError, type Trainer } from '../../src/index.ts';
import type { Reply } from '../protocol.ts';
import { problemOf } from './problems.ts';

/** What the page steers a training's learning rate by. It outlives the device, and so do the changes. */
export interface Wheel {
  /** Another learning rate from the next batch on, or from the first one that a trainer is there for. */
  turn(learningRate: number): void;
  /** A trainer begins, or goes on after its device was lost. */
  take(trainer: Trainer): void;
  /** All changes so far; undefined before there was a trainer. */
  readonly changes: readonly RateChange[] | undefined;
}

/** Tells the page, after each change and when a trainer is taken, where the learning rate is changed. */
export function createWheel(run: number, post: (reply: Reply) => void): Wheel {
  let trainer: Trainer | undefined;
  let wanted: number | undefined;
  let changes: readonly RateChange[] | undefined;

  function tell(problem: Extract<Reply, { kind: 'rate' }>['problem']): void {
    post({ kind: 'rate', run, changes: trainer?.rateChanges ?? [], problem });
  }

  function turn(learningRate: number): void {
    if (!trainer) {
      wanted = learningRate;
      return;
    }
    try {
      trainer.changeLearningRate(learningRate);
    } catch (error) {
      if (!(error instanceof ShadegradError)) throw error;
      tell(problemOf(error));
      return;
    }
    changes = trainer.settings.rateChanges ?? [];
    tell(null);
  }

  return {
    turn,
    take(taken) {
      trainer = taken;
      changes = taken.settings.rateChanges ?? [];
      if (wanted === undefined) {
        tell(null);
        return;
      }
      turn(wanted);
      wanted = undefined;
    },
    get changes() {
      return changes;
    },
  };
}
