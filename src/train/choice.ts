import { DeviceWatch } from '../gpu/watch.ts';
import { Executable } from './executable.ts';
import { parametersOf } from './plans/sizes.ts';
import type { StepPlan } from './step-plan.ts';
import type { Step } from './steps.ts';

/** Where choices outlive the process. */
export interface PlanMemory {
  get(key: string): Promise<string | undefined>;
  set(key: string, plan: string): Promise<void>;
}

/** What the candidates are timed on: the data as it is, and copies of the rest. */
export interface TrialState {
  readonly samples: GPUBuffer;
  readonly order: Uint32Array<ArrayBuffer>;
  /** Each layer's, packed. */
  readonly parameters: readonly Float32Array<ArrayBuffer>[];
  /** The first steps of the training. */
  readonly steps: readonly Step[];
}

/** A plan and what it took to choose it. */
export interface PlanChoice {
  readonly plan: StepPlan;
  /** Microseconds a step of each candidate that was timed; empty where there was no need to. */
  readonly timed: Readonly<Record<string, number>>;
}

/** Candidates are timed with more and more steps, until these take about this long. */
const TRIAL_MILLISECONDS = 8;

/** No further steps are tried after this long, so that a start stays a start. */
const MOST_MILLISECONDS = 200;

/** A candidate this much slower than the best is out. */
const HOPELESS = 3;

/** The quickest of so many runs counts: what else a machine does can only make a run longer. */
const RUNS = 3;

/** Choices of this process. */
const known = new Map<string, string>();

/**
 * The fastest of `candidates` on this device, each timed for a moment on a copy of the state. A choice is made once for
 * a kind of adapter and a shape.
 *
 * @param candidates at least one, the likeliest first
 * @param shape what the candidates were made for, in words
 * @param trialState asked for where there is something to time
 * @throws ShadegradError `gpu` or `device-lost`
 */
export async function fastestPlan(
  device: GPUDevice,
  candidates: readonly [StepPlan, ...StepPlan[]],
  shape: string,
  trialState: () => TrialState,
  memory?: PlanMemory,
): Promise<PlanChoice> {
  if (candidates.length === 1) return { plan: candidates[0], timed: {} };
  const { vendor, architecture, device: name, description } = device.adapterInfo;
  const names = candidates.map((plan) => plan.name).join(' or ');
  const key = `${[vendor, architecture, name, description].join(' ')}; ${shape}; ${names}`;
  const remembered = known.get(key) ?? (await memory?.get(key));
  const again = candidates.find((plan) => plan.name === remembered);
  if (again) return { plan: again, timed: {} };

  const { plan, timed } = await timeAll(device, candidates, trialState());
  known.set(key, plan.name);
  await memory?.set(key, plan.name);
  return { plan, timed };
}

/** A candidate on its own copy of the state. */
class Trial {
  readonly plan: StepPlan;
  readonly #executable: Executable;
  readonly #steps: readonly Step[];
  /** A step's, as of the last run. */
  microseconds = Number.POSITIVE_INFINITY;

  static async create(device: GPUDevice, plan: StepPlan, state: TrialState): Promise<Trial> {
    const executable = await Executable.create(device, plan, new Map([['samples', state.samples]]));
    executable.write('order', state.order);
    state.parameters.forEach((packed, layer) => {
      executable.write(parametersOf(layer), packed);
    });
    return new Trial(plan, executable, state.steps);
  }

  private constructor(plan: StepPlan, executable: Executable, steps: readonly Step[]) {
    this.plan = plan;
    this.#executable = executable;
    this.#steps = steps;
  }

  /** Runs `count` steps, and again where the quickest run counts. */
  async run(count: number, runs = RUNS): Promise<void> {
    const { device } = this.#executable;
    const steps = this.#steps.slice(0, count);
    this.microseconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < runs; i++) {
      const started = performance.now();
      this.#executable.submit(steps);
      await DeviceWatch.of(device).guard(device.queue.onSubmittedWorkDone());
      this.microseconds = Math.min(this.microseconds, (1000 * (performance.now() - started)) / count);
    }
  }

  destroy(): void {
    this.#executable.destroy();
  }
}

async function timeAll(
  device: GPUDevice,
  candidates: readonly [StepPlan, ...StepPlan[]],
  state: TrialState,
): Promise<PlanChoice> {
  const started = performance.now();
  const trials = await Promise.all(candidates.map((plan) => Trial.create(device, plan, state)));
  try {
    for (const trial of trials) await trial.run(1, 1);
    const most = state.steps.length;
    let running = trials;
    for (let count = 1; ; count = Math.min(4 * count, most)) {
      for (const trial of running) await trial.run(count);
      const best = Math.min(...running.map(({ microseconds }) => microseconds));
      // What is over in no time is too short to tell by.
      const isLong = (microseconds: number) => (count * microseconds) / 1000 >= TRIAL_MILLISECONDS;
      running = running.filter(
        ({ microseconds }) => !isLong(microseconds) || microseconds <= HOPELESS * best,
      );
      const decided = running.length === 1 || isLong(best) || count === most;
      if (decided || performance.now() - started > MOST_MILLISECONDS) break;
    }
    const fastest = running.reduce((best, trial) => (trial.microseconds < best.microseconds ? trial : best));
    const timed = Object.fromEntries(trials.map(({ plan, microseconds }) => [plan.name, microseconds]));
    return { plan: fastest.plan, timed };
  } finally {
    for (const trial of trials) trial.destroy();
  }
}
