import { refuse } from '../errors.ts';
import type { RateChangeRecord } from './history.ts';

/** How the learning rate changes from step to step. */
export type Schedule =
  | {
      /** Not at all. */
      readonly name: 'constant';
    }
  | {
      /** Down to 0 along half a cosine (Loshchilov & Hutter 2017). */
      readonly name: 'cosine';
      /** In so many, a whole number of 1 or more, which include the warm-up. */
      readonly epochs: number;
    }
  | {
      /** Times `factor`, again and again. */
      readonly name: 'step';
      /** After every so many, a whole number of 1 or more, counted from the end of the warm-up. */
      readonly epochs: number;
      /** Above 0, 1 at most. */
      readonly factor: number;
    };

/** Another learning rate than before, for all networks alike. */
export interface RateChange {
  /** The first step of each network that is trained with it: the optimizer's t, 1 for the first of all. */
  readonly step: number;
  /** In place of each network's own, 1e-30 to 1e30; a schedule multiplies it from then on. */
  readonly learningRate: number;
}

/** The schedules that {@link Schedule} has. */
export const SCHEDULE_NAMES = ['constant', 'cosine', 'step'] as const satisfies readonly Schedule['name'][];

/** The schedule of a name over all epochs; the steps of `step` are to a tenth each, after each third of them. */
export function scheduleOver(name: Schedule['name'], epochs: number): Schedule {
  if (name === 'step') return { name, epochs: Math.ceil(epochs / 3), factor: 0.1 };
  return name === 'cosine' ? { name, epochs } : { name };
}

/**
 * The factor of the learning rate in each step, in float64: PyTorch's `LinearLR`, then `CosineAnnealingLR` or
 * `StepLR`, joined by `SequentialLR` and stepped after every step of the optimizer, in closed form.
 *
 * With W steps of warm-up the factor of step t is t / (W + 1): the first step has some of the rate already, and step
 * W + 1, the schedule's first, all of it. With T steps from there to the end of the epochs, a cosine's factors are
 *
 *     (1 + cos(pi k / T)) / 2     k = t - W - 1, 0 to T - 1
 *
 * so that the last step still trains; after it the factor is 0.
 *
 * @param warmup epochs in which the rate rises, 0 for none; a fraction is rounded to whole steps
 * @returns a function from t, 1 for the first step, to the factor
 * @throws ShadegradError `usage` if a number of the schedule is out of range, or its epochs end within the warm-up
 */
export function learningRateFactor(
  schedule: Schedule,
  warmup: number,
  stepsPerEpoch: number,
): (t: number) => number {
  if (!SCHEDULE_NAMES.includes(schedule.name)) {
    refuse('schedule', schedule.name, SCHEDULE_NAMES.join(', '));
  }
  if (!(warmup >= 0 && warmup < Number.POSITIVE_INFINITY)) {
    refuse('warm-up', warmup, 'a number of epochs, 0 or more');
  }
  const rising = Math.round(warmup * stepsPerEpoch);
  const factor = factorAfterWarmup(schedule, rising, stepsPerEpoch);
  return (t) => (t <= rising ? t / (rising + 1) : factor(t - rising - 1));
}

/**
 * A network's learning rate in step t, before any schedule.
 * @param changes in the order of their steps
 * @param own what the network began with
 */
export function rateBefore(changes: readonly RateChange[], t: number, own: number): number {
  return changes.findLast(({ step }) => step <= t)?.learningRate ?? own;
}

/** As the history of a training has them. */
export function rateChangeRecords(
  changes: readonly RateChange[],
  own: number | readonly number[],
  stepsPerEpoch: number,
): RateChangeRecord[] {
  const [first = null, ...others] = typeof own === 'number' ? [own] : own;
  const begun = others.every((rate) => rate === first) ? first : null;
  return changes.map(({ step, learningRate }, i) => ({
    step,
    epoch: (step - 1) / stepsPerEpoch,
    before: changes[i - 1]?.learningRate ?? begun,
    after: learningRate,
  }));
}

/**
 * With one more change, in place of those from its step on.
 * @param own what the networks began with: [networks]
 */
export function withRateChange(
  changes: readonly RateChange[],
  change: RateChange,
  own: readonly number[],
): readonly RateChange[] {
  const earlier = changes.filter(({ step }) => step < change.step);
  const isOther = own.some((rate) => rateBefore(earlier, change.step, rate) !== change.learningRate);
  return isOther ? [...earlier, change] : earlier;
}

/** The epoch after which a schedule has nothing left to train; undefined if it goes on for ever. */
export function scheduleEnd(schedule: Schedule): number | undefined {
  return schedule.name === 'cosine' ? schedule.epochs : undefined;
}

/** The factor as a function of k, which is 0 for the first step after `rising` steps of warm-up. */
function factorAfterWarmup(schedule: Schedule, rising: number, stepsPerEpoch: number): (k: number) => number {
  switch (schedule.name) {
    case 'constant':
      return () => 1;
    case 'cosine': {
      assertEpochs(schedule.epochs);
      const steps = schedule.epochs * stepsPerEpoch - rising;
      if (steps < 1) {
        const all = `${rising} steps of ${rising + steps}`;
        refuse('warm-up', all, 'a shorter one, or more epochs: a cosine needs a step after it');
      }
      // The formula above, but exact near its end too: 1 + cos(x) = 2 sin((pi - x) / 2)^2.
      return (k) => Math.sin((Math.PI / 2) * (Math.max(steps - k, 0) / steps)) ** 2;
    }
    case 'step': {
      const { epochs, factor } = schedule;
      assertEpochs(epochs);
      if (!(factor > 0 && factor <= 1)) refuse("the schedule's factor", factor, 'a number above 0, up to 1');
      return (k) => factor ** Math.floor(k / (epochs * stepsPerEpoch));
    }
  }
}

function assertEpochs(epochs: number): void {
  if (!(Number.isSafeInteger(epochs) && epochs >= 1)) {
    refuse("the schedule's epochs", epochs, 'a whole number of 1 or more');
  }
}
