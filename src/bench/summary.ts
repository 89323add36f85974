import type { FloorReport } from './floor.ts';
import type { KernelsReport } from './kernels.ts';
import { ratioOf } from './ratio.ts';
import { type BenchReport, networkName } from './report.ts';
import { type Bound, bandwidth, peak } from './roofline.ts';
import { scaled } from './statistics.ts';
import type { MeasuredTraining, TrainingReport } from './train.ts';
import type { TrainingConfig } from './training-work.ts';
import { quantityText, timeIn, trafficRate } from './units.ts';

/** A summary is read at a glance: of more networks, or names in a row, the rest is a number. */
const MOST_NETWORKS = 3;
const MOST_NAMED = 3;
/** Of a step of the plan `layered`, for a network with one hidden layer. */
const DISPATCHES = 4;
const MNIST_IMAGES = 60_000;

/** What a report says, in sentences. */
export interface BenchSummary {
  /** What computed something wrong, if anything did. */
  readonly wrong: readonly string[];
  /** How good the figures are, or why there are none. */
  readonly findings: readonly string[];
  /** What they depend on, where that is not what one would expect. */
  readonly remarks: readonly string[];
}

/** What a report says, in a few sentences. */
export function benchSummary(report: BenchReport): BenchSummary {
  const { adapter, timing } = report.environment;
  const results = resultsOf(report);
  const isEmpty = report.bench !== 'floor' && results.every(({ status }) => status !== 'measured');
  // Training is timed by wall clock in any case, over many steps.
  const isByWallClock = timing.clock === 'wall clock' && report.bench !== 'train' && !isEmpty;
  const roundTrip = timeText(timing.roundTripMicroseconds.median);
  return {
    wrong: voidSentence(results),
    findings: isEmpty ? [nothingSentence(results)] : sentencesOf(report),
    remarks: [
      ...(isByWallClock
        ? [`There is no GPU's clock here: part of a round trip of ${roundTrip} is in every time.`]
        : []),
      ...(adapter.software ? ['A processor does all of this, in place of a GPU.'] : []),
    ],
  };
}

interface NamedResult {
  readonly name: string;
  readonly status: 'measured' | 'void' | 'skipped';
  readonly reason: string;
}

function resultsOf(report: BenchReport): NamedResult[] {
  if (report.bench === 'floor') return [];
  const named = (name: string, result: { readonly status: NamedResult['status']; reason?: string }) => ({
    name,
    status: result.status,
    reason: result.reason ?? '',
  });
  return report.bench === 'kernels'
    ? report.kernels.map((result) => named(kernelName(result), result))
    : report.training.map((result) => named(`${wayName(result)} (${networkText(result)})`, result));
}

function sentencesOf(report: BenchReport): string[] {
  if (report.bench === 'floor') return floorSentences(report);
  return report.bench === 'kernels' ? kernelSentences(report) : trainingSentences(report);
}

function voidSentence(results: readonly NamedResult[]): string[] {
  const names = results.filter(({ status }) => status === 'void').map(({ name }) => name);
  return names.length === 0 ? [] : [`Void, because of wrong results: ${listed(names)}.`];
}

function nothingSentence(results: readonly NamedResult[]): string {
  const skipped = results.find(({ status }) => status === 'skipped');
  return skipped
    ? `Nothing could be measured: ${skipped.reason.replace(/\.$/, '')}.`
    : 'Nothing else was measured.';
}

function floorSentences({ floor }: FloorReport): string[] {
  const { dispatch, fma } = floor;
  const operations = large(1e9 * peak(fma, fma.flops));
  const memory = bandwidth(floor.copies, Number.POSITIVE_INFINITY);
  return [
    `At its best this machine does ${operations} multiplications and additions a second and moves ${quantityText(trafficRate(memory))} through its memory.`,
    `A dispatch takes ${timeText(dispatch.min)}: no step of ${DISPATCHES} dispatches can be faster than ${timeText(DISPATCHES * dispatch.min)}.`,
  ];
}

/** What a kernel would take if only this limited it. */
const NEED: Readonly<Record<Bound, string>> = {
  dispatch: 'an empty dispatch takes',
  arithmetic: 'its multiplications and additions need',
  memory: 'its reads and writes of memory need',
};

/** What a step cannot be faster than. */
const LIMIT: Readonly<Record<Bound, string>> = {
  dispatch: 'empty dispatches allow here',
  arithmetic: "this machine's multiply-adds allow",
  memory: "this machine's memory allows",
};

function kernelSentences({ kernels }: KernelsReport): string[] {
  const measured = kernels.flatMap((result) => (result.status === 'measured' ? [result] : []));
  const [first] = measured;
  if (!first) return [];
  const furthest = measured.reduce((least, next) => (next.share < least.share ? next : least));
  const { share, boundBy } = furthest;
  const takes = `it takes ${factor(1 / share)} times as long as ${NEED[boundBy]}`;
  if (measured.length === 1) {
    return isAtFloor(share)
      ? [`${kernelName(first)} is as fast as this machine allows.`]
      : [`${kernelName(first)} reaches ${percent(share)} of what this machine can do: ${takes}.`];
  }
  const good = measured.filter((result) => result.share > 0.5).length;
  const reach = good === 0 ? 'none reaches' : good === 1 ? '1 reaches' : `${good} reach`;
  return [
    `Of ${measuredText(measured.map(({ kernel }) => kernel))}, ${good === measured.length ? 'all reach' : reach} more than half of what this machine can do.`,
    ...(isAtFloor(share)
      ? []
      : [`The furthest from it is ${kernelName(furthest)}, at ${percent(share)}: ${takes}.`]),
  ];
}

/** E.g. "14 kernels", or "14 measurements of 6 kernels" where some were measured at several sizes. */
function measuredText(kernels: readonly string[]): string {
  const names = [...new Set(kernels)];
  if (names.length === kernels.length) return `${kernels.length} kernels`;
  return `${kernels.length} measurements of ${names.length === 1 ? names[0] : `${names.length} kernels`}`;
}

/** E.g. "dense at 784-100@32". */
function kernelName({ kernel, size, variant }: KernelsReport['kernels'][number]): string {
  return `${kernel} at ${size}${variant === null ? '' : `, ${variant}`}`;
}

function trainingSentences({ training }: TrainingReport): string[] {
  const networks = new Map<string, MeasuredTraining[]>();
  for (const result of training) {
    if (result.status !== 'measured') continue;
    const name = networkText(result);
    networks.set(name, [...(networks.get(name) ?? []), result]);
  }
  const told = [...networks].slice(0, MOST_NETWORKS).map(([name, ways]) => waysSentence(name, ways));
  const left = networks.size - told.length;
  return left === 0 ? told : [...told, `The table has ${left} more network${left === 1 ? '' : 's'}.`];
}

/** @param ways to train the network; at least one */
function waysSentence(network: string, ways: readonly MeasuredTraining[]): string {
  const best = ways.reduce((most, next) => (next.imagesPerSecond > most.imagesPerSecond ? next : most));
  const { batchSize, step, share, boundBy, imagesPerSecond } = best;
  const rate = `${Math.round(imagesPerSecond).toLocaleString('en-US')} images a second`;
  const once = `MNIST once through in ${timeText(Math.ceil(MNIST_IMAGES / batchSize) * step.median)}`;
  const limit = `${isAtFloor(share) ? 'as fast as' : `${percent(share)} of what`} ${LIMIT[boundBy]}`;
  const rivals = ways.filter((way) => way !== best && !isSlower(way, best)).map(wayName);
  const unclear = rivals.length === 0 ? '' : ` Not clearly slower: ${listed(rivals)}.`;
  const subject = ways.length === 1 ? `${wayName(best)} trains` : `${wayName(best)} is the fastest for`;
  return `${subject} ${network}: ${rate}, ${once}, ${limit}.${unclear}`;
}

/** Whether images take longer one way than the other, going by the intervals of both. */
function isSlower(way: MeasuredTraining, than: MeasuredTraining): boolean {
  const image = ({ step, batchSize }: MeasuredTraining) => scaled(step, 1 / batchSize);
  const { interval } = ratioOf(image(way), image(than));
  return interval !== null && interval.low > 1;
}

/** E.g. "layered-quads with batches of 64". */
function wayName({ plan, batchSize }: TrainingConfig): string {
  return `${plan} with ${batchSize === 1 ? 'single images' : `batches of ${batchSize.toLocaleString('en-US')}`}`;
}

/** E.g. "784-100-10", or "8 networks of 784-100-10". */
function networkText(config: TrainingConfig): string {
  const name = networkName(config);
  return config.models === 1 ? name : `${config.models} networks of ${name}`;
}

/** Whether it is the best there can be, to a per cent; more means that the machine was slower when the floor was measured. */
function isAtFloor(share: number): boolean {
  return share >= 0.995;
}

function percent(share: number): string {
  return share < 0.01 ? 'less than 1 %' : `${Math.round(100 * share)} %`;
}

/** E.g. "1.03", "4.3", "120". */
function factor(value: number): string {
  return Number(value.toPrecision(value < 1.1 ? 3 : 2)).toLocaleString('en-US');
}

/** E.g. "38 billion". */
function large(value: number): string {
  const { name, size } = SCALES.find((scale) => value >= scale.size) ?? { name: '', size: 1 };
  return `${factor(value / size)} ${name}`.trimEnd();
}

const SCALES = [
  { name: 'trillion', size: 1e12 },
  { name: 'billion', size: 1e9 },
  { name: 'million', size: 1e6 },
];

function timeText(microseconds: number): string {
  return quantityText(timeIn(microseconds));
}

/** E.g. "a, b, c and 4 more". */
function listed(names: readonly string[]): string {
  const left = names.length - MOST_NAMED;
  if (left > 1) return `${names.slice(0, MOST_NAMED).join(', ')} and ${left} more`;
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
