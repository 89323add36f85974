import { ShadegradError } from '../errors.ts';
import { ANY_TARGET, targetOf } from '../gpu/target.ts';
import { assertWithinLimits, requiredLimits, type StepPlan } from '../train/plan.ts';
import { ANY_PLAN, type PlanName } from '../train/plans/index.ts';
import type { BenchEnvironment, BenchSubject } from './environment.ts';
import { missingFeature } from './features.ts';
import { type BenchOptions, type Floor, floorSteps, measureFloor } from './floor.ts';
import type { FloorShare } from './roofline.ts';
import { type Ended, LOOK_TAIL, repeat, type Spread, scaled, spread } from './statistics.ts';
import { stepShare } from './step-share.ts';
import { checkInterrupted, PassTimer } from './timing.ts';
import { checkAgainstTwin } from './training-check.ts';
import { TrainingRun } from './training-run.ts';
import {
  candidatesOf,
  makeWork,
  OPTIMIZER,
  specOf,
  type TrainingConfig,
  trainingPlanOf,
} from './training-work.ts';

/** What to vary. Every combination is measured once, even if a value is given twice. */
export interface TrainingAxes {
  /** Default [32]. */
  readonly batchSizes?: readonly number[] | undefined;
  /** Networks, each as the widths of its hidden layers. Default [[100]]. */
  readonly hidden?: readonly (readonly number[])[] | undefined;
  /** Default: the plans that `train` chooses from. */
  readonly plans?: readonly PlanName[] | undefined;
  /** Networks side by side. Default [1]. */
  readonly models?: readonly number[] | undefined;
}

/** What is trained, and for how long. */
export interface TrainingBenchOptions extends BenchOptions, TrainingAxes {
  /** Timed windows that there is time for; fewer where the median is known to 3 % before. Default 20. */
  readonly samples?: number | undefined;
  /** How long a window should be, in milliseconds. Default 250. */
  readonly windowMilliseconds?: number | undefined;
}

/** A way to train that learned, and how fast it is. */
export interface MeasuredTraining extends TrainingConfig, FloorShare {
  /** It has a time. */
  readonly status: 'measured';
  /** Kernels that run in a step. */
  readonly dispatchesPerStep: number;
  /** Microseconds of one step of all models, by wall clock, including everything that a trainer waits for. */
  readonly step: Spread;
  /** Why no more windows were timed. */
  readonly ended: Ended;
  /** Of all models together. */
  readonly stepsPerSecond: number;
  /** Of all models together. */
  readonly imagesPerSecond: number;
  /** Microseconds of the host's time for each step of a submit. */
  readonly hostMicroseconds: number;
  /** How many steps that submit has. */
  readonly hostStepsPerSubmit: number;
  /** How many steps were timed at once. */
  readonly stepsPerWindow: number;
  /** Mean loss in nats at the beginning, of the model that has learned least. */
  readonly firstLoss: number;
  /** Mean loss in nats at the end, of the model that has learned least. */
  readonly lastLoss: number;
  /** Samples in each of the two steps whose loss was compared with the twin's; 0 if that would take too long. */
  readonly twinSamples: number;
}

/** A way to train that computed something else (`void`), or that the plan or the device cannot do (`skipped`). */
export interface TimelessTraining extends TrainingConfig {
  /** Whether it was wrong or not run. */
  readonly status: 'void' | 'skipped';
  /** The same in a sentence. */
  readonly reason: string;
}

/** A way to train with its speed, or why it has none. */
export type TrainingResult = MeasuredTraining | TimelessTraining;

/** How fast an adapter trains. */
export interface TrainingReport {
  /** What this is a report of. */
  readonly bench: 'train';
  /** What all of it was measured in. */
  readonly environment: BenchEnvironment;
  /** What the shares are of. */
  readonly floor: Floor;
  /** One for each combination of the axes. */
  readonly training: readonly TrainingResult[];
}

/** Samples of the floor: few, since it is not the subject here. */
const FLOOR_SAMPLES = 5;
/** A loss is the mean over steps with this many samples in all: one small batch's loss says little. */
const LOSS_SAMPLES = 128;
/** Steps, and samples, after which a network's loss has fallen by more than chance could explain. */
const LEARNING_STEPS = 64;
const LEARNING_SAMPLES = 512;
const HOST_SUBMITS = 7;
/** As long as the scheduler's submits. */
const HOST_SUBMIT_MICROSECONDS = 50_000;

/**
 * Measures the floor, and then training: steps and images per second for every combination of the axes.
 *
 * @throws ShadegradError `gpu`, `device-lost` or `interrupted`
 */
export async function benchTraining(
  subject: BenchSubject,
  options: TrainingBenchOptions = {},
): Promise<TrainingReport> {
  const configs = combine(options, (config) => candidatesOf(subject.device, config));
  const before = floorSteps();
  const total = before + configs.length;
  const timer = await PassTimer.create(subject.device, options.signal);
  try {
    const { passMilliseconds, signal, onProgress } = options;
    const floorOptions = { samples: FLOOR_SAMPLES, passMilliseconds, signal, onProgress };
    const { floor, environment } = await measureFloor(subject, timer, floorOptions, total);
    const training: TrainingResult[] = [];
    for (const [i, config] of configs.entries()) {
      onProgress?.({ label: trainingName(config), done: before + i, total });
      training.push(await measureTraining(subject.device, config, floor, options));
    }
    return { bench: 'train', environment, floor, training };
  } finally {
    timer.destroy();
  }
}

/**
 * Limits beyond WebGPU's defaults that the combinations of the axes need. A device should have them as far as its
 * adapter allows: a combination that needs more is skipped, and its row says so.
 */
export function trainingBenchLimits(axes: TrainingAxes): Record<string, number> {
  return requiredLimits(...combine(axes, () => [ANY_PLAN]).flatMap((config) => takenPlan(config) ?? []));
}

/** E.g. "layered, 784-100-10, batch 32, 2 models". */
export function trainingName(config: TrainingConfig): string {
  const { inputs, hidden, classes } = specOf(config);
  const models = config.models === 1 ? [] : [`${config.models} models`];
  return [config.plan, [inputs, ...hidden, classes].join('-'), `batch ${config.batchSize}`, ...models].join(
    ', ',
  );
}

/** @param candidates the plans to measure if none are named */
function combine(
  { batchSizes = [32], hidden = [[100]], plans, models = [1] }: TrainingAxes,
  candidates: (config: Omit<TrainingConfig, 'plan'>) => readonly PlanName[],
): TrainingConfig[] {
  const networks = new Map(hidden.map((widths) => [widths.join(), widths]));
  const sizes = [...networks.values()].flatMap((widths) =>
    [...new Set(models)].flatMap((count) =>
      [...new Set(batchSizes)].map((batchSize) => ({ batchSize, hidden: widths, models: count })),
    ),
  );
  return sizes.flatMap((size) => [...new Set(plans ?? candidates(size))].map((plan) => ({ ...size, plan })));
}

function takenPlan(config: TrainingConfig): StepPlan | undefined {
  try {
    return trainingPlanOf(config, ANY_TARGET);
  } catch (error) {
    if (error instanceof ShadegradError && error.code === 'usage') return undefined;
    throw error;
  }
}

async function measureTraining(
  device: GPUDevice,
  config: TrainingConfig,
  floor: Floor,
  { samples = 20, windowMilliseconds = 250, signal }: TrainingBenchOptions,
): Promise<TrainingResult> {
  let made: TrainingRun | undefined;
  try {
    const target = targetOf(device);
    const plan = trainingPlanOf(config, target);
    assertWithinLimits(plan, device.limits);
    const missing = await missingFeature(device, plan.dispatches);
    if (missing) return { ...config, status: 'skipped', reason: `this device lacks ${missing}` };
    const work = makeWork(config, target);
    const run = await TrainingRun.create(device, work);
    made = run;
    const { wrong, samples: twinSamples } = await checkAgainstTwin(run, work, signal);
    if (wrong !== undefined) return { ...config, status: 'void', reason: wrong };
    const { batchSize } = config;
    const lossSteps = Math.ceil(LOSS_SAMPLES / batchSize);
    await run.advance(lossSteps, signal);
    const first = await run.lossSums(lossSteps);
    const learned = run.trained + Math.max(LEARNING_STEPS, Math.ceil(LEARNING_SAMPLES / batchSize));
    const stepsPerWindow = await calibrate(run, windowMilliseconds, signal);
    const window = () => run.windowTime(stepsPerWindow, signal);
    // The first window still belongs to the warm-up.
    await window();
    const { values, ended } = await repeat(window, (count) => count >= samples);
    const step = scaled(spread(values, LOOK_TAIL), 1000 / stepsPerWindow);
    // On a slow adapter the windows may have had only a step or two each.
    await run.advance(Math.max(0, learned - run.trained), signal);
    const last = await run.lossSums(lossSteps);
    const unlearned = last.findIndex((loss, model) => !(loss < (first[model] ?? Number.NaN)));
    if (unlearned >= 0) {
      const reason = `the loss of model ${unlearned + 1} went from ${first[unlearned]} to ${last[unlearned]}`;
      return { ...config, status: 'void', reason };
    }
    const host = await hostTime(run, step.median, signal);
    const stepsPerSecond = (config.models * 1e6) / step.median;
    return {
      ...config,
      status: 'measured',
      dispatchesPerStep: plan.dispatches.length,
      step,
      ended,
      stepsPerSecond,
      imagesPerSecond: stepsPerSecond * batchSize,
      hostMicroseconds: host.microseconds,
      hostStepsPerSubmit: host.steps,
      stepsPerWindow,
      firstLoss: Math.max(...first) / batchSize,
      lastLoss: Math.max(...last) / batchSize,
      twinSamples,
      ...stepShare(
        floor,
        {
          spec: specOf(config),
          models: config.models,
          batchSize,
          optimizer: OPTIMIZER.name,
          dispatches: plan.dispatches.length,
        },
        step.median,
      ),
    };
  } catch (error) {
    if (!(error instanceof ShadegradError) || error.code !== 'usage') throw error;
    return { ...config, status: 'skipped', reason: error.message };
  } finally {
    made?.destroy();
  }
}

/**
 * How many steps make a window that is long enough. It must be so twice, since a hiccup can make one window seem long.
 * Meanwhile the scheduler finds out how much a submit can hold.
 */
async function calibrate(
  run: TrainingRun,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  for (let steps = 1; ; ) {
    const time = Math.min(await run.windowTime(steps, signal), await run.windowTime(steps, signal));
    if (time >= milliseconds / 2) return steps;
    steps = Math.ceil(steps * Math.min(8, milliseconds / time));
  }
}

async function hostTime(
  run: TrainingRun,
  stepMicroseconds: number,
  signal: AbortSignal | undefined,
): Promise<{ microseconds: number; steps: number }> {
  const count = Math.ceil(HOST_SUBMIT_MICROSECONDS / stepMicroseconds);
  const times: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < HOST_SUBMITS; i++) {
    checkInterrupted(signal);
    const { milliseconds, steps } = await run.recordingTime(count);
    times.push((1000 * milliseconds) / steps);
    counts.push(steps);
  }
  return { microseconds: spread(times).median, steps: Math.max(...counts) };
}
