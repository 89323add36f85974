import { reasonOf, ShadegradError } from '../errors.ts';
import { ANY_TARGET, targetOf } from '../gpu/target.ts';
import { denseLayers } from '../model/spec.ts';
import { fastestPlan, shortlist, type TrialState } from '../train/choice.ts';
import { assertWithinLimits, requiredLimits } from '../train/plan.ts';
import type { PlanMemory } from '../train/plan-times.ts';
import {
  ANY_PLAN,
  candidatePlans,
  PLAN_NAMES,
  type PlanName,
  planLacks,
  planUsesMatrixUnits,
} from '../train/plans/index.ts';
import { makeResident } from '../train/resident.ts';
import { isDoneWithin } from '../train/trial.ts';
import { type BenchEnvironment, type BenchSubject, benchEnvironment } from './environment.ts';
import { type BenchProgress, measureRoundTrip } from './floor.ts';
import { type Spread, scaled, spread } from './statistics.ts';
import { checkInterrupted, PassTimer } from './timing.ts';
import { checkAgainstTwin } from './training-check.ts';
import { TrainingRun } from './training-run.ts';
import {
  makeWork,
  NETWORK_RATE,
  OPTIMIZER,
  sizesOf,
  specOf,
  type TrainingConfig,
  trainingPlanOf,
} from './training-work.ts';

/** What is trained: the batch, the widths of the hidden layers, and how many networks side by side. */
export type ChoiceShape = Omit<TrainingConfig, 'plan'>;

const shape = (batchSize: number, hidden: readonly number[], models = 1): ChoiceShape => ({
  batchSize,
  hidden,
  models,
});

/** Eight of {@link CHOICE_SHAPES}, for adapters on which all would take long. */
export const FEW_CHOICE_SHAPES: readonly ChoiceShape[] = [
  shape(32, [100]),
  shape(32, []),
  shape(8, [100]),
  shape(512, [100]),
  shape(16, [2048]),
  shape(256, [256, 128]),
  shape(32, [64, 64, 64]),
  shape(32, [32], 64),
];

/** Batches of 8 to 4,096, hidden layers of 16 to 2,048, none to three of them, and 1 to 64 networks. */
export const CHOICE_SHAPES: readonly ChoiceShape[] = [
  ...FEW_CHOICE_SHAPES,
  shape(8, []),
  shape(256, []),
  shape(4096, []),
  shape(64, [], 16),
  shape(8, [16]),
  shape(128, [100]),
  shape(4096, [64]),
  shape(256, [32]),
  shape(32, [512]),
  shape(128, [1024]),
  shape(32, [128, 64]),
  shape(64, [512, 512]),
  shape(8, [2048, 2048]),
  shape(1024, [128, 128, 128]),
  shape(32, [100], 8),
  shape(8, [100], 64),
];

/** What the choice is tried on, and for how long. */
export interface ChoiceBenchOptions {
  /** Default {@link CHOICE_SHAPES}. */
  readonly shapes?: readonly ChoiceShape[] | undefined;
  /** Those to hold the chosen one against. Default: all whose results are the same as the chosen one's. */
  readonly plans?: readonly PlanName[] | undefined;
  /** Seconds for each shape's rounds, after its plans are ready. Default 8. */
  readonly seconds?: number | undefined;
  /** Stops with an error `interrupted`. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each shape. */
  readonly onProgress?: ((progress: BenchProgress) => void) | undefined;
}

/** A plan of a shape: timed in rounds, or why not. */
export type PlanTiming =
  | {
      /** The plan that was timed. */
      readonly plan: PlanName;
      /** It has a time. */
      readonly status: 'timed';
      /** Microseconds of one step of all networks. */
      readonly step: Spread;
    }
  | {
      /** The plan that has no time. */
      readonly plan: PlanName;
      /**
       * `slow`: many times slower than another. `late`: its first step, in which some drivers compile, took too long.
       * `void`: it computed something else than the twin. `skipped`: it cannot be run.
       */
      readonly status: 'slow' | 'late' | 'void' | 'skipped';
      /** The same in a sentence. */
      readonly reason: string;
    };

/** What was chosen for a shape, and what would have been the best. */
export interface ShapeChoice extends ChoiceShape {
  /** The plan that `auto` took. */
  readonly chosen: PlanName;
  /** Seconds that the choice took, with the compiler's. */
  readonly seconds: number;
  /** Of the plans that were timed, the one against which the chosen one is the slowest, by {@link ratio}; maybe itself. */
  readonly best: PlanName | null;
  /** How many times longer a step of the chosen plan took than one of the best: the median over rounds; null if it has no time. */
  readonly ratio: number | null;
  /** The plan that was chosen, and those that it was held against. */
  readonly plans: readonly PlanTiming[];
}

/** How well `auto` chose on an adapter. */
export interface ChoiceReport {
  /** What this is a report of. */
  readonly bench: 'choice';
  /** What all of it was measured in. */
  readonly environment: BenchEnvironment;
  /** In the order in which they were given. */
  readonly shapes: readonly ShapeChoice[];
  /** The share of the shapes whose chosen plan is within 10 % of the best. */
  readonly within: number;
}

/** The chosen plan is good enough within this factor of the best. */
const GOOD = 1.1;
/** A plan this many times slower than another after its first steps is measured no further. */
const SLOW = 5;
/** In the rounds this is enough to leave it out. */
const SLOW_IN_ROUNDS = 1.5;
/** A plan's first step is waited for so long. */
const FIRST_STEP_SECONDS = 10;
const CHOSEN_FIRST_STEP_SECONDS = 120;
/** A plan that was late for so many shapes is not tried for others: each time a compiler goes on that nobody waits for. */
const MOST_LATE = 2;
const WINDOW_MILLISECONDS = 40;
const LEAST_ROUNDS = 6;

/** Limits beyond WebGPU's defaults that the shapes need: a device should have them as far as its adapter allows. */
export function choiceBenchLimits(shapes = CHOICE_SHAPES): Record<string, number> {
  return requiredLimits(...shapes.map((each) => trainingPlanOf({ ...each, plan: ANY_PLAN }, ANY_TARGET)));
}

/**
 * How well `auto` chooses: for each shape it chooses as in a first start, and then every plan that fits is timed, in rounds
 * in which each has its turn.
 *
 * @param open opens another device like the subject's: each plan has one of its own, since some drivers compile in the
 *   first step, and nothing can end that
 * @throws ShadegradError `gpu`, `device-lost` or `interrupted`
 */
export async function benchChoice(
  subject: BenchSubject,
  open: () => Promise<GPUDevice>,
  options: ChoiceBenchOptions = {},
): Promise<ChoiceReport> {
  const { shapes: all = CHOICE_SHAPES, signal, onProgress } = options;
  const timer = await PassTimer.create(subject.device, signal);
  const timing = {
    clock: 'wall clock' as const,
    quantumNanoseconds: timer.quantum,
    roundTripMicroseconds: await measureRoundTrip(timer, signal),
  };
  timer.destroy();
  const shapes: ShapeChoice[] = [];
  for (const [done, each] of all.entries()) {
    onProgress?.({ label: shapeName(each), done, total: all.length });
    const isLate = (plan: PlanName) =>
      shapes.filter(({ plans }) => plans.some((one) => one.plan === plan && one.status === 'late')).length >=
      MOST_LATE;
    shapes.push(await measureShape(subject.device, open, each, isLate, options));
  }
  const good = shapes.filter(({ ratio }) => ratio !== null && ratio <= GOOD);
  const environment = benchEnvironment(subject, timing);
  return { bench: 'choice', environment, shapes, within: good.length / shapes.length };
}

/** E.g. "batch 32, 784-100-10, 8 models". */
function shapeName({ batchSize, hidden, models }: ChoiceShape): string {
  const { inputs, classes } = specOf({ hidden });
  const network = [inputs, ...hidden, classes].join('-');
  return [`batch ${batchSize}`, network, ...(models > 1 ? [`${models} models`] : [])].join(', ');
}

async function measureShape(
  device: GPUDevice,
  open: () => Promise<GPUDevice>,
  each: ChoiceShape,
  isLate: (plan: PlanName) => boolean,
  {
    seconds = 8,
    plans: named = PLAN_NAMES.filter((name) => !planUsesMatrixUnits(name)),
    signal,
  }: ChoiceBenchOptions,
): Promise<ShapeChoice> {
  const started = performance.now();
  const chosen = await choose(device, each);
  const choosing = (performance.now() - started) / 1000;
  const racers: Racer[] = [];
  const out: PlanTiming[] = [];
  try {
    // The chosen one first: the others are held against it.
    for (const plan of [chosen, ...named.filter((name) => name !== chosen)]) {
      checkInterrupted(signal);
      if (plan !== chosen && isLate(plan)) {
        out.push({ plan, status: 'late', reason: `it was late for ${MOST_LATE} other shapes` });
        continue;
      }
      const best = Math.min(...racers.map(({ milliseconds }) => milliseconds));
      const limits = { isChosen: plan === chosen, most: SLOW * best, signal };
      const made = await Racer.create(open, { ...each, plan }, limits);
      if (made instanceof Racer) racers.push(made);
      else out.push(made);
    }
    const { best, ratio } = await race(racers, chosen, 1000 * seconds, signal);
    const timed = racers.map(({ plan, step }) => ({ plan, status: 'timed' as const, step }));
    const plans = [...timed, ...out];
    return { ...each, chosen, seconds: choosing, best, ratio, plans };
  } finally {
    for (const racer of racers) racer.destroy();
  }
}

const NO_MEMORY: PlanMemory = { get: async () => undefined, set: async () => undefined };

/** What `auto` takes where nothing is remembered. */
async function choose(device: GPUDevice, each: ChoiceShape): Promise<PlanName> {
  const sizes = sizesOf(each);
  const { samples: count, spec } = sizes;
  const work = makeWork({ ...each, plan: ANY_PLAN }, targetOf(device));
  const { samples } = await makeResident(device, spec, { ...work, count });
  try {
    const trial = (): TrialState => ({
      samples,
      sizes,
      optimizer: OPTIMIZER,
      order: work.order,
      rates: () => Array.from({ length: each.models }, () => NETWORK_RATE),
      state: {
        t: 0,
        place: 0,
        sums: Array.from({ length: each.models }, () => ({ loss: 0, hits: 0, diverged: null })),
        parameters: denseLayers(spec).map((_, layer) => joined(work.initial.map((all) => all[layer]))),
        moments: denseLayers(spec).map((_, layer) => {
          const own = work.initial[0]?.[layer]?.length ?? 0;
          return new Float32Array(OPTIMIZER.moments * each.models * own);
        }),
      },
    });
    const listed = await shortlist(
      device,
      candidatePlans(device, sizes, OPTIMIZER),
      shapeName(each),
      NO_MEMORY,
    );
    const { plan } = await fastestPlan(device, listed, trial, NO_MEMORY);
    return PLAN_NAMES.find((name) => name === plan.name) ?? ANY_PLAN;
  } finally {
    samples.destroy();
  }
}

function joined(parts: readonly (Float32Array | undefined)[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(parts.flatMap((part) => [...(part ?? [])]));
}

/** A plan that trains on a device of its own, with a clock. */
class Racer {
  readonly plan: PlanName;
  /** Of a step, in each round. */
  readonly times: number[] = [];
  readonly #device: GPUDevice;
  readonly #run: TrainingRun;
  /** Of a step, at best. */
  milliseconds: number;

  /**
   * Trains a plan's first steps, two of them held against the float64 twin's.
   * @param limits whether it is the chosen one, and the milliseconds of a step from which on it is too slow to be measured
   * @returns why not, where it cannot be timed
   * @throws ShadegradError `gpu` if it is the chosen one, `device-lost` or `interrupted`
   */
  static async create(
    open: () => Promise<GPUDevice>,
    config: TrainingConfig,
    limits: { readonly isChosen: boolean; readonly most: number; readonly signal: AbortSignal | undefined },
  ): Promise<Racer | PlanTiming> {
    const { isChosen, most, signal } = limits;
    // A training would wait for the chosen one too.
    const patience = isChosen ? CHOSEN_FIRST_STEP_SECONDS : FIRST_STEP_SECONDS;
    const { plan } = config;
    const device = await open();
    const out = (status: 'slow' | 'late' | 'void' | 'skipped', reason: string): PlanTiming => {
      // Also of work that goes on there.
      device.destroy();
      return { plan, status, reason };
    };
    try {
      const lacks = planLacks(plan, device);
      if (lacks !== undefined) return out('skipped', `this device lacks ${lacks}`);
      const work = makeWork(config, targetOf(device));
      assertWithinLimits(work.plan, device.limits);
      const run = await TrainingRun.create(device, work);
      if (!(await isDoneWithin(1000 * patience, run.advance(1, signal)))) {
        return out(
          'late',
          `its first step, which includes the driver's compiler, took more than ${patience} s`,
        );
      }
      const milliseconds = await run.windowTime(1, signal);
      if (milliseconds > most) return out('slow', `a step took ${milliseconds.toPrecision(3)} ms`);
      const checked = await TrainingRun.create(device, work);
      const { wrong } = await checkAgainstTwin(checked, work, signal);
      checked.destroy();
      if (wrong !== undefined) return out('void', wrong);
      const steps = Math.max(1, Math.floor(WINDOW_MILLISECONDS / milliseconds));
      const time = (await run.windowTime(steps, signal)) / steps;
      return new Racer(plan, device, run, Math.min(milliseconds, time));
    } catch (error) {
      device.destroy();
      if (!(error instanceof ShadegradError)) throw error;
      if (error.code !== 'usage' && (error.code !== 'gpu' || isChosen)) throw error;
      return { plan, status: 'skipped', reason: reasonOf(error) };
    }
  }

  private constructor(plan: PlanName, device: GPUDevice, run: TrainingRun, milliseconds: number) {
    this.plan = plan;
    this.#device = device;
    this.#run = run;
    this.milliseconds = milliseconds;
  }

  async round(signal: AbortSignal | undefined): Promise<void> {
    // What disturbed the windows before must not make the others short.
    const steps = Math.max(1, Math.round(WINDOW_MILLISECONDS / this.milliseconds));
    const time = (await this.#run.windowTime(steps, signal)) / steps;
    this.milliseconds = Math.min(this.milliseconds, time);
    this.times.push(time);
  }

  /** Microseconds. */
  get step(): Spread {
    return scaled(spread(this.times), 1000);
  }

  destroy(): void {
    this.#run.destroy();
    this.#device.destroy();
  }
}

/**
 * Times those that are not clearly slower in turns, until it is clear how far the chosen one is from each, or the time is over.
 */
async function race(
  racers: readonly Racer[],
  chosen: PlanName,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<{ best: PlanName | null; ratio: number | null }> {
  const until = performance.now() + milliseconds;
  const own = racers.find(({ plan }) => plan === chosen);
  let running = racers;
  const ratioTo = ({ times }: Racer) =>
    spread(times.map((time, round) => (own?.times[round] ?? Number.NaN) / time));
  for (let rounds = 1; ; rounds++) {
    for (const racer of running) await racer.round(signal);
    if (rounds < LEAST_ROUNDS && performance.now() < until) continue;
    const best = Math.min(...running.map(({ step }) => step.median));
    running = running.filter((racer) => racer === own || racer.step.median <= SLOW_IN_ROUNDS * best);
    const isClear = running.every((racer) => {
      const { low, high } = ratioTo(racer);
      return racer === own || (high !== null && high <= GOOD) || (low !== null && low > GOOD);
    });
    if (performance.now() >= until || (rounds >= LEAST_ROUNDS && isClear)) break;
  }
  if (!own) return { best: null, ratio: null };
  const [first] = running.toSorted((a, b) => ratioTo(b).median - ratioTo(a).median);
  return { best: first?.plan ?? null, ratio: first ? ratioTo(first).median : null };
}
