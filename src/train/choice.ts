import { targetOf } from '../gpu/target.ts';
import { DeviceWatch } from '../gpu/watch.ts';
import { compilePlan } from './executable.ts';
import type { StepPlan } from './plan.ts';
import { learned, type PlanMemory, type PlanTimes, toTry } from './plan-times.ts';
import { stepsPerEpoch } from './plans/sizes.ts';
import { Run, type RunOptions } from './run.ts';
import type { RunState } from './state.ts';
import { STEPS_PER_SUBMIT } from './step.ts';
import { type Contender, type Entry, fastestOf } from './trial.ts';

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
  /** Microseconds per step of each candidate that was timed now; empty if there was no need to. */
  readonly timed: Readonly<Record<string, number>>;
}

/** Plans to choose from, in the order in which they are tried, with their shaders on the way. */
export interface Shortlist {
  readonly entries: readonly [Listed, ...Listed[]];
  /** What their times are kept under, and those that are. */
  readonly key: string;
  readonly times: PlanTimes;
}

interface Listed {
  readonly plan: StepPlan;
  readonly compiled: Promise<void>;
}

/** For all copies of the state together; candidates that would need more are left out. */
const MOST_BYTES = 2 ** 28;

/**
 * Begins to compile those of `candidates` that are still to be tried. Of those whose times are known only the fastest is
 * among them.
 *
 * @param candidates at least one, the likeliest to be the fastest first
 * @param shape what the candidates were made for, in words
 */
export async function shortlist(
  device: GPUDevice,
  candidates: readonly [StepPlan, ...StepPlan[]],
  shape: string,
  memory: PlanMemory,
): Promise<Shortlist> {
  const [first, ...others] = candidates;
  const affordable = others.filter((_, i) => trialBytes(candidates.slice(0, i + 2)) <= MOST_BYTES);
  const all: [StepPlan, ...StepPlan[]] = [first, ...affordable];
  const { vendor, architecture, device: name, description } = device.adapterInfo;
  const names = candidates.map((plan) => plan.name).join(' or ');
  const key = `${[vendor, architecture, name, description].join(' ')}; ${shape}; ${names}`;
  const times = all.length > 1 ? ((await memory.get(key)) ?? {}) : {};
  return { entries: compileAll(device, toTry(all, times)), key, times };
}

/** Of many compilers at once on a software adapter each takes what the others, and the training, need. */
function compileAll(device: GPUDevice, plans: readonly [StepPlan, ...StepPlan[]]): Shortlist['entries'] {
  const { software } = targetOf(device);
  const listed = (plan: StepPlan, before?: Listed): Listed => {
    const turn = before && software ? before.compiled.catch(() => undefined) : Promise.resolve();
    const compiled = turn.then(() => compilePlan(device, plan));
    // Whoever waits for it hears of it.
    compiled.catch(() => undefined);
    return { plan, compiled };
  };
  const [first, ...others] = plans;
  const entries: [Listed, ...Listed[]] = [listed(first)];
  for (const plan of others) entries.push(listed(plan, entries.at(-1)));
  return entries;
}

/**
 * The fastest of a shortlist on this device, each timed for a moment on a copy of the state. What is learned is kept, for
 * each kind of adapter and each shape: plans that were not ready, or for which there was no time, are tried when the same
 * is trained again, at least one in each start.
 *
 * @param trialState called only if there is something to time
 * @throws ShadegradError `gpu` or `usage` where no candidate compiles, `device-lost`
 */
export async function fastestPlan(
  device: GPUDevice,
  { entries, key, times: before }: Shortlist,
  trialState: () => TrialState,
  memory: PlanMemory,
): Promise<PlanChoice> {
  const [{ plan: first }] = entries;
  if (entries.length === 1) return { plan: first, timed: {} };
  const state = trialState();
  const toEntry = ({ plan, compiled }: Listed): Entry => ({
    name: plan.name,
    compiled,
    make: () => contender(device, plan, state),
  });
  const isKnown = typeof before[first.name] === 'number';
  const {
    name,
    times: timed,
    uncompiled,
  } = await fastestOf(entries.map(toEntry), stepsPerEpoch(state.sizes), isKnown);
  const times = learned(before, first.name, timed, uncompiled);
  await memory.set(key, times);
  return { plan: entries.find(({ plan }) => plan.name === name)?.plan ?? first, timed };
}

/** Bytes for copies of everything that these plans change or make; the samples are shared. */
function trialBytes(plans: readonly StepPlan[]): number {
  const buffers = plans.flatMap((plan) => plan.buffers.filter(({ name }) => name !== 'samples'));
  return buffers.reduce((sum, { size }) => sum + size, 0);
}

/** A candidate on its own copy of the state, which it trains an epoch of, over and over. */
async function contender(
  device: GPUDevice,
  plan: StepPlan,
  { samples, order, state, ...options }: TrialState,
): Promise<Contender> {
  const run = await Run.create(device, { ...options, plan }, new Map([['samples', samples]]));
  run.restore({ ...state, place: 0 }, order);
  return {
    most: Math.min(run.stepsPerEpoch, STEPS_PER_SUBMIT),
    submit: (count) => {
      if (run.place + count > run.stepsPerEpoch) run.begin(order);
      run.submit(count);
    },
    finished: () => DeviceWatch.of(device).guard(device.queue.onSubmittedWorkDone()),
    destroy: () => run.destroy(),
  };
}
