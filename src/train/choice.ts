import { DeviceWatch } from '../gpu/watch.ts';
import type { StepPlan } from './plan.ts';
import { Run, type RunOptions } from './run.ts';
import type { RunState } from './state.ts';
import { STEPS_PER_SUBMIT } from './step.ts';

/** Keeps choices beyond the process. */
export interface PlanMemory {
  get(key: string): Promise<string | undefined>;
  set(key: string, plan: string): Promise<void>;
}

/** What the candidates are timed on: the data themselves, and copies of everything else. */
export interface TrialState extends Omit<RunOptions, 'plan'> {
  readonly samples: GPUBuffer;
  /** [models, orderLength] */
  readonly order: Uint32Array<ArrayBuffer>;
  /** Where the training begins. */
  readonly state: RunState;
}

/** The chosen plan and the times it was chosen by. */
export interface PlanChoice {
  readonly plan: StepPlan;
  /** Microseconds per step of each candidate that was timed; empty if there was no need to. */
  readonly timed: Readonly<Record<string, number>>;
}

/** Candidates are timed with more and more steps, until these take about this long. */
const TRIAL_MILLISECONDS = 8;

/** Few, but more than one, since the first step of some plans does more. */
const FIRST_STEPS = 4;

/** After this long no further candidate is made, and after as long again no more steps are tried: starts stay short. */
const MOST_MILLISECONDS = 130;

/** For all copies of the state together; candidates that would need more are left out. */
const MOST_BYTES = 2 ** 28;

/** A candidate this many times slower than the best is out. */
const HOPELESS = 3;

/** Of this many short runs the quickest counts: whatever else a machine does can only make a run longer. */
const RUNS = 3;

/** Choices of this process. */
const known = new Map<string, string>();

/**
 * The fastest of `candidates` on this device, each timed for a moment on a copy of the state. The choice is made once
 * for each kind of adapter and each shape.
 *
 * @param candidates at least one, the likeliest first
 * @param shape what the candidates were made for, in words
 * @param trialState called only if there is something to time
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function fastestPlan(
  device: GPUDevice,
  candidates: readonly [StepPlan, ...StepPlan[]],
  shape: string,
  trialState: () => TrialState,
  memory?: PlanMemory,
): Promise<PlanChoice> {
  const affordable = candidates.filter((_, i) => trialBytes(candidates.slice(0, i + 1)) <= MOST_BYTES);
  if (affordable.length < 2) return { plan: candidates[0], timed: {} };
  const { vendor, architecture, device: name, description } = device.adapterInfo;
  const names = candidates.map((plan) => plan.name).join(' or ');
  const key = `${[vendor, architecture, name, description].join(' ')}; ${shape}; ${names}`;
  const remembered = known.get(key) ?? (await memory?.get(key));
  const again = candidates.find((plan) => plan.name === remembered);
  if (again) return { plan: again, timed: {} };

  const { plan, timed } = await timeAll(device, affordable, trialState());
  known.set(key, plan.name);
  await memory?.set(key, plan.name);
  return { plan, timed };
}

/** Bytes for copies of everything that these plans change or make; the samples are shared. */
function trialBytes(plans: readonly StepPlan[]): number {
  const buffers = plans.flatMap((plan) => plan.buffers.filter(({ name }) => name !== 'samples'));
  return buffers.reduce((sum, { size }) => sum + size, 0);
}

/** A candidate on its own copy of the state. */
class Trial {
  readonly #run: Run;
  readonly #order: Uint32Array<ArrayBuffer>;
  /** Of one step, in the last run. */
  microseconds = Number.POSITIVE_INFINITY;

  static async create(
    device: GPUDevice,
    plan: StepPlan,
    { samples, order, state, ...options }: TrialState,
  ): Promise<Trial> {
    const run = await Run.create(device, { ...options, plan }, new Map([['samples', samples]]));
    run.restore(state, order);
    return new Trial(run, order);
  }

  private constructor(run: Run, order: Uint32Array<ArrayBuffer>) {
    this.#run = run;
    this.#order = order;
  }

  get plan(): StepPlan {
    return this.#run.plan;
  }

  /** Steps that can be timed at once. */
  get most(): number {
    return Math.min(this.#run.stepsPerEpoch, STEPS_PER_SUBMIT);
  }

  /** Runs `count` steps, several times if they are short: the quickest run counts. */
  async run(count: number): Promise<void> {
    const { device } = this.#run;
    const finished = () => DeviceWatch.of(device).guard(device.queue.onSubmittedWorkDone());
    this.microseconds = Number.POSITIVE_INFINITY;
    const until = performance.now() + RUNS * TRIAL_MILLISECONDS;
    for (let i = 0; i < RUNS && performance.now() < until; i++) {
      this.#run.begin(this.#order);
      await finished();
      const started = performance.now();
      this.#run.submit(count);
      await finished();
      this.microseconds = Math.min(this.microseconds, (1000 * (performance.now() - started)) / count);
    }
  }

  destroy(): void {
    this.#run.destroy();
  }
}

async function timeAll(
  device: GPUDevice,
  candidates: readonly StepPlan[],
  state: TrialState,
): Promise<PlanChoice> {
  const trials: Trial[] = [];
  try {
    let until = performance.now() + MOST_MILLISECONDS;
    for (const plan of candidates) {
      if (trials.length > 1 && performance.now() > until) break;
      const trial = await Trial.create(device, plan, state);
      trials.push(trial);
      await trial.run(1);
    }
    until = performance.now() + MOST_MILLISECONDS;
    const most = Math.max(...trials.map((trial) => trial.most));
    let running: readonly Trial[] = trials;
    for (let count = Math.min(FIRST_STEPS, most); ; count = Math.min(4 * count, most)) {
      for (const trial of running) await trial.run(count);
      const best = Math.min(...running.map(({ microseconds }) => microseconds));
      // Shorter runs tell too little.
      const isLong = (microseconds: number) => (count * microseconds) / 1000 >= TRIAL_MILLISECONDS;
      running = running.filter(
        ({ microseconds }) => !isLong(microseconds) || microseconds <= HOPELESS * best,
      );
      const decided = running.length === 1 || isLong(best) || count === most;
      if (decided || performance.now() > until) break;
    }
    const fastest = running.reduce((best, trial) => (trial.microseconds < best.microseconds ? trial : best));
    const timed = Object.fromEntries(trials.map(({ plan, microseconds }) => [plan.name, microseconds]));
    return { plan: fastest.plan, timed };
  } finally {
    for (const trial of trials) trial.destroy();
  }
}
