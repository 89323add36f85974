import {
  coversStep,
  type FloorShare,
  type StepOfTraining,
  stepShare,
  type TrainingStep,
} from '../src/bench.ts';
import type { RunReport } from '../src/index.ts';
import { counted, figure, percent } from './page/format.ts';
import { imagesAreThoseOf, isRunReport, type Shown } from './shown.ts';
import { isRunning, type State } from './state.ts';

// What is to be said of the steps of a training, and what may be measured of them.

/** How fast the steps of a training were, and how near that is to the best that the machine could do. */
export interface StepSpeed {
  readonly perSecond: number;
  /** Undefined until the machine's best is known, and where it says nothing of these networks. */
  readonly share: FloorShare | undefined;
}

/** The report of the training that the page shows; undefined where none was here, or it has not ended. */
function trainingOf({ report, plan }: Shown): RunReport | undefined {
  return report && plan && isRunReport(report) ? report : undefined;
}

/** What a step did; undefined where networks took turns, of which the last may have been fewer than a step can train. */
function stepOf(shown: Shown): TrainingStep | undefined {
  const { plan, summary, progress } = shown;
  const report = trainingOf(shown);
  if (!report || !plan || !summary || !progress || plan.networks !== report.models.length) return undefined;
  const { batchSize, optimizer } = report.config;
  return {
    spec: summary.spec,
    models: plan.networks,
    batchSize: Math.min(batchSize, progress.samplesPerEpoch),
    optimizer,
    dispatches: plan.dispatches.length,
  };
}

/**
 * Steps a second in the epochs that came to their end, but for the first of several, and those of earlier visits among them;
 * undefined where none did.
 */
function stepsPerSecond(shown: Shown): number | undefined {
  const report = trainingOf(shown);
  const samples = shown.progress?.samplesPerEpoch;
  if (!report || !samples) return undefined;
  // A network that diverged has fewer.
  const [history = []] = report.models.map((network) => network.history).sort((a, b) => b.length - a.length);
  // A software adapter compiles what is to validate with while the first one trains.
  const settled = history.length > 1 ? history.slice(1) : history;
  const seconds = settled.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const steps = settled.length * Math.ceil(samples / Math.min(report.config.batchSize, samples));
  return seconds > 0 ? steps / seconds : undefined;
}

/** Undefined where no epoch of a training came to its end. */
export function stepSpeed({
  shown,
  machine: { floor },
  adapter,
}: Pick<State, 'shown' | 'machine' | 'adapter'>): StepSpeed | undefined {
  const perSecond = stepsPerSecond(shown);
  if (perSecond === undefined) return undefined;
  const step = stepOf(shown);
  // A run of an earlier visit may be another machine's.
  const isHere = trainingOf(shown)?.adapter.description === adapter?.description;
  const isKnown = step && isHere && floor && coversStep(floor, step);
  return { perSecond, share: isKnown ? stepShare(floor, step, 1e6 / perSecond) : undefined };
}

/**
 * E.g. "Each step was 4 dispatches; 1,930 steps a second, 41 % of what this machine could do at best; limited by memory.";
 * empty where there is no plan.
 */
export function stepText(state: Pick<State, 'shown' | 'machine' | 'adapter'>): string {
  const { plan, networks } = state.shown;
  if (!plan) return '';
  const all = networks.length === plan.networks ? '' : ` of the ${networks.length}`;
  const of = networks.length > 1 ? ` of ${plan.networks}${all} networks side by side` : '';
  const speed = stepSpeed(state);
  const dispatches = counted(plan.dispatches.length, 'dispatch', 'dispatches');
  if (!speed) return `Each step${of} is ${dispatches}.`;
  const { perSecond, share } = speed;
  const rate = figure(perSecond);
  const fast = `Each step${of} was ${dispatches}; ${rate} ${rate === '1' ? 'step' : 'steps'} a second`;
  return share ? `${fast}, ${shareText(share)}.` : `${fast}.`;
}

const BINDS: Readonly<Record<FloorShare['boundBy'], string>> = {
  dispatch: 'limited by the gaps between dispatches',
  arithmetic: 'limited by arithmetic',
  memory: 'limited by memory',
};

function shareText({ share, boundBy }: FloorShare): string {
  if (share >= 1) return 'as fast as the best that was measured on this machine';
  return `${percent(share, share < 0.1 ? 1 : 0)} of what this machine could do at best; ${BINDS[boundBy]}`;
}

/** Whether nothing runs that a measurement would disturb, or that would disturb it. */
function isQuiet(state: State): boolean {
  const { phase, measuring, isBroken } = state;
  return !isRunning(state) && !measuring && !isBroken && phase !== 'loading' && phase !== 'error';
}

/**
 * The step whose floor is to be measured now; undefined for none. Who only draws, or does not look at the machine, does not
 * pay for it.
 */
export function floorWanted(state: State): TrainingStep | undefined {
  const { inView, hasTrained, aside, floor } = state.machine;
  if (!inView || !hasTrained || aside || floor === null || !isQuiet(state)) return undefined;
  const step = stepOf(state.shown);
  return step && !(floor && coversStep(floor, step)) ? step : undefined;
}

/** The training whose dispatches can be timed now; undefined where that cannot be. */
export function timeable(state: State): Omit<StepOfTraining, 'data'> | undefined {
  const { shown, images, adapter } = state;
  const { plan } = shown;
  const report = trainingOf(shown);
  if (!report || !plan || !isQuiet(state) || !adapter?.features.includes('timestamp-query')) return undefined;
  const areHere = images?.data && imagesAreThoseOf(report, images.data);
  if (!areHere || report.adapter.description !== adapter.description) return undefined;
  const { networks: models, ...own } = plan;
  return { plan: own, models, settings: report.config };
}
