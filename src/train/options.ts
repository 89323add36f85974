import type { Model } from '../model/model.ts';
import type { PlanMemory } from './plan-times.ts';
import type { TrainerSettings } from './settings.ts';
import type { TrainerState } from './state.ts';

/** What to train and how: each setting has a default. */
export interface TrainerOptions extends Partial<TrainerSettings> {
  /** Keeps what `auto` chose for a kind of adapter and a shape. Default: this process does. */
  readonly planMemory?: PlanMemory;
  /**
   * Weights to start from, the same for every network, whose hidden layers are the model's. Default: each its own, by its
   * seed.
   */
  readonly initial?: Model;
  /**
   * Goes on where another trainer was, with its settings and on the same data: to the bit, if the plan is the same too.
   * Other settings can be given only if they are the same, but for `plan`, and for `rateChanges` at steps that are still to
   * be trained: with them a change is not lost that was made after the state was taken.
   */
  readonly restore?: TrainerState;
}
