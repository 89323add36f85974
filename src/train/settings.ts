import { refuse, ShadegradError } from '../errors.ts';
import type { NetworkSettings } from '../model/network-settings.ts';
import {
  OPTIMIZER_DEFAULTS,
  OPTIMIZER_NAMES,
  type OptimizerName,
  type OptimizerSettings,
} from './optimizer.ts';
import { PLAN_NAMES, type PlanName } from './plans/index.ts';
import type { RateChange, Schedule } from './schedule.ts';

/** What is trained and how. */
export interface TrainerSettings extends OptimizerSettings {
  /** Width of each hidden layer; empty for softmax regression. Default [100]. */
  readonly hidden: readonly number[];
  /** Samples to a step; the last step of an epoch trains what is left. Default 32. */
  readonly batchSize: number;
  /**
   * What steps are multiplied by, 1e-30 to 1e30; several for networks of each. Default 0.001, and for SGD 0.01.
   */
  readonly learningRate: number | readonly number[];
  /**
   * AdamW's: the share of its kernels' weights, times the learning rate, that a network loses in every step; several for
   * networks of each, 0 to 1. Default 0.004, and 0 for the others, which have none.
   */
  readonly weightDecay: number | readonly number[];
  /** How the learning rate changes from step to step. Default constant. */
  readonly schedule: Schedule;
  /** Epochs, or a part of one, in which the learning rate rises to what it should be. Default 0. */
  readonly warmup: number;
  /**
   * Learning rates that take the place of `learningRate` from a step on, in the order of their steps, each at a step of its own:
   * what `Trainer.changeLearningRate` did, or what it did in a training that is to be repeated. Default: absent.
   */
  readonly rateChanges?: readonly RateChange[];
  /** Decides initial weights, batches and validation samples: a whole number from 0 to 2^53 - 1. Default 1. */
  readonly seed: number;
  /**
   * Networks to train side by side, with the seeds `seed`, `seed` + 1 and so on; with several learning rates or weight
   * decays, so many for each. Each is bitwise what it would be alone. Default 1.
   */
  readonly models: number;
  /**
   * What each network has for itself, where it is not each learning rate with each weight decay and each seed: then the four
   * settings above follow from it, and are left out. Default: absent.
   */
  readonly networks?: readonly NetworkSettings[];
  /** Share of the training samples, picked at random, that is not trained on but validated with. Default 0. */
  readonly validationSplit: number;
  /**
   * Early stopping: a network whose validation loss was not lower in so many epochs than before is done, and has the
   * weights of the epoch that validated best. Default null: there is none.
   */
  readonly patience: number | null;
  /**
   * Default `auto`: plans that may be the fastest are timed for a moment and the fastest is taken, which need not be the same
   * one each time. A plan by name gives the same bits in every run on an adapter. `layered-matrix` multiplies halves on
   * matrix units, with an error that docs/numerics.md states: `auto` never takes it.
   */
  readonly plan: PlanName | 'auto';
}

/** Keras's defaults, but for the network and SGD's momentum. */
const DEFAULTS = {
  hidden: [100],
  batchSize: 32,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  momentum: 0,
  schedule: { name: 'constant' },
  warmup: 0,
  seed: 1,
  models: 1,
  validationSplit: 0,
  patience: null,
  plan: 'auto',
} as const satisfies Partial<TrainerSettings>;

/** The most networks of one trainer. */
export const MOST_NETWORKS = 4096;

/**
 * Fills in the defaults. What the dataset decides is checked later.
 * @throws ShadegradError `usage` where a setting is out of range
 */
export function trainerSettings(given: Partial<TrainerSettings>): TrainerSettings {
  const optimizer: OptimizerName = given.optimizer ?? 'adam';
  if (!OPTIMIZER_NAMES.includes(optimizer)) refuse('optimizer', optimizer, OPTIMIZER_NAMES.join(', '));
  const own = given.networks && ofNetworks(given.networks);
  for (const [name, value] of Object.entries(own ?? {})) {
    const asked = given[name as keyof TrainerSettings];
    if (asked === undefined || JSON.stringify(asked) === JSON.stringify(value)) continue;
    refuse(name, JSON.stringify(asked), 'either it or `networks`, which has it for each network');
  }
  const settings = { ...DEFAULTS, ...OPTIMIZER_DEFAULTS[optimizer], ...given, ...own, optimizer };
  const { batchSize, models, patience, plan, momentum } = settings;
  if (!isCount(batchSize)) refuse('batch size', batchSize, 'a whole number of 1 or more');
  for (const rate of several(settings.learningRate)) assertLearningRate(rate);
  const { rateChanges = [], ...unchanged } = settings;
  for (const [i, { step, learningRate }] of rateChanges.entries()) {
    const before = rateChanges[i - 1]?.step ?? 0;
    if (!(isCount(step) && step > before)) {
      refuse('step of a learning rate', step, `a whole number above ${before}: each change has a later one`);
    }
    assertLearningRate(learningRate);
  }
  for (const decay of several(settings.weightDecay)) {
    if (!(decay >= 0 && decay <= 1)) refuse('weight decay', decay, 'a number from 0 to 1');
    if (decay > 0 && optimizer !== 'adamw') needs('weight decay', decay, 'the optimizer "adamw"');
  }
  if (momentum > 0 && optimizer !== 'sgd') needs('momentum', momentum, 'the optimizer "sgd"');
  if (!isCount(models)) refuse('models', models, 'a whole number of 1 or more');
  const last = settings.seed + (models - 1);
  if (last > Number.MAX_SAFE_INTEGER)
    refuse('last seed', last, 'seeds up to 2^53 - 1, one for each of the models');
  if (patience !== null) {
    if (!isCount(patience)) refuse('patience', patience, 'a whole number of 1 or more');
    if (settings.validationSplit === 0) needs('patience', patience, 'a validation split, e.g. 0.1');
  }
  if (plan !== 'auto' && !PLAN_NAMES.includes(plan)) refuse('plan', plan, `auto, ${PLAN_NAMES.join(', ')}`);
  const networks = networksOf(settings).length;
  if (networks > MOST_NETWORKS || networks === 0) {
    refuse('networks', networks, `1 to ${MOST_NETWORKS}: seeds times learning rates times weight decays`);
  }
  return rateChanges.length > 0 ? settings : unchanged;
}

/** @throws ShadegradError `usage` where it is out of range */
export function assertLearningRate(rate: number): void {
  // The shaders compute in float32, which holds 1e-38 to 1e38.
  if (!(rate >= 1e-30 && rate <= 1e30)) refuse('learning rate', rate, 'a number from 1e-30 to 1e30');
}

/** The settings that follow from those that each network has for itself. */
export function ofNetworks(networks: readonly NetworkSettings[]) {
  return {
    networks,
    learningRate: networks.map(({ learningRate }) => learningRate),
    weightDecay: networks.map(({ weightDecay }) => weightDecay),
    seed: networks[0]?.seed ?? DEFAULTS.seed,
    models: DEFAULTS.models,
  };
}

/** Those that are named, or each learning rate with each weight decay with each seed. */
export function networksOf({
  learningRate,
  weightDecay,
  seed,
  models,
  networks,
}: Pick<
  TrainerSettings,
  'learningRate' | 'weightDecay' | 'seed' | 'models' | 'networks'
>): readonly NetworkSettings[] {
  if (networks) return networks;
  return several(learningRate).flatMap((rate) =>
    several(weightDecay).flatMap((decay) =>
      Array.from({ length: models }, (_, i) => ({ seed: seed + i, learningRate: rate, weightDecay: decay })),
    ),
  );
}

function several(values: number | readonly number[]): readonly number[] {
  return typeof values === 'number' ? [values] : values;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}

function needs(name: string, value: number, what: string): never {
  throw new ShadegradError(
    'usage',
    `${name}: ${value} needs ${what}.`,
    `Use it with ${what}, or leave it out.`,
  );
}
