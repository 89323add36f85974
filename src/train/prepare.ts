import { datasetChecksum } from '../data/checksum.ts';
import type { Dataset } from '../data/dataset.ts';
import { validationSplit } from '../data/shuffle.ts';
import { ShadegradError } from '../errors.ts';
import { ANY_TARGET, targetOf } from '../gpu/target.ts';
import { parameterCount } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import type { NetworkSettings } from '../model/network-settings.ts';
import { denseLayers, type MlpSpec, mlp } from '../model/spec.ts';
import { contradictionIn } from './consistency.ts';
import { inferenceSizes } from './inference.ts';
import { tiledKernels } from './kernels/tiled.ts';
import { evaluationPlan } from './network.ts';
import { type Optimizer, optimizerOf } from './optimizer.ts';
import type { TrainerOptions } from './options.ts';
import { assertWithinLimits, isWithinLimits, requiredLimits, roomFor, type StepPlan } from './plan.ts';
import {
  ANY_PLAN,
  candidatePlans,
  type PlanName,
  planLacks,
  planMisfit,
  trainingPlan,
} from './plans/index.ts';
import { inferencePlan } from './plans/inference.ts';
import { type BatchSizes, stepsPerEpoch } from './plans/sizes.ts';
import { learningRateFactor, type RateChange } from './schedule.ts';
import { networksOf, type TrainerSettings, trainerSettings } from './settings.ts';
import { isDone, type NetworkState, type RoundState, type RunState, type TrainerState } from './state.ts';

/** What is known before there is a device. */
export interface Prepared {
  readonly settings: TrainerSettings;
  readonly spec: MlpSpec;
  readonly optimizer: Optimizer;
  readonly networks: readonly NetworkSettings[];
  readonly split: { readonly train: number; readonly validation: number };
  readonly data: Dataset;
  /** For one network. */
  readonly sizes: BatchSizes;
  readonly initial: Model | undefined;
  readonly restore: TrainerState | undefined;
}

/**
 * Limits beyond WebGPU's defaults that training one network and evaluating it on `data` need, or as many as were side by
 * side in what `restore` goes on with: for `adapter.requestDevice`.
 * @throws ShadegradError `usage` where an option is out of range
 */
export function trainerLimits(data: Dataset, options: TrainerOptions = {}): Record<string, number> {
  const prepared = prepare(data, options);
  return limitsFor(prepared, roomOf(prepared.restore) ?? 1);
}

/**
 * As {@link trainerLimits}, for all networks side by side. With less, as many as fit take turns.
 * @throws ShadegradError `usage` where an option is out of range
 */
export function populationLimits(data: Dataset, options: TrainerOptions = {}): Record<string, number> {
  const prepared = prepare(data, options);
  return limitsFor(prepared, prepared.networks.length);
}

function limitsFor(prepared: Prepared, models: number): Record<string, number> {
  const { settings, optimizer } = prepared;
  // Of the plans that `auto` chooses from, this one needs the least.
  const name = settings.plan === 'auto' ? ANY_PLAN : settings.plan;
  const plan = trainingPlan(name, sizesOf(prepared, models), optimizer, ANY_TARGET);
  return requiredLimits(plan, ...evaluationPlans(prepared, models));
}

/** @throws ShadegradError as `Trainer.create`, for all that needs no device */
export function prepare(data: Dataset, options: TrainerOptions): Prepared {
  const { planMemory: _, initial, restore, ...settingsGiven } = options;
  // A setting that is undefined is not given. Types forbid it, but JavaScript does not.
  const given: Partial<TrainerSettings> = Object.fromEntries(
    Object.entries(settingsGiven).filter(([, value]) => value !== undefined),
  );
  if (initial && restore) {
    throw new ShadegradError(
      'usage',
      'A training that goes on has its own weights, and others are given to start from.',
      'Leave out `initial` or `restore`.',
    );
  }
  const hidden = initial && { hidden: initial.spec.hidden };
  const settings = restore ? restoredSettings(restore, given) : trainerSettings({ ...hidden, ...given });
  const optimizer = optimizerOf(settings);
  const spec = mlp({
    inputs: data.shape.height * data.shape.width,
    hidden: settings.hidden,
    classes: data.classes,
  });
  if (initial) assertShape(initial, spec);
  const { train, validation } = validationSplit(data.train.count, settings.validationSplit, settings.seed);
  const { plan } = settings;
  const misfit = plan === 'auto' ? undefined : planMisfit(plan, spec, optimizer);
  if (misfit !== undefined) {
    throw new ShadegradError(
      'usage',
      `The plan "${plan}" ${misfit}.`,
      'Use "auto", which takes the fastest that fits.',
    );
  }
  const sizes = {
    spec,
    models: 1,
    // A batch larger than the epoch would only be padding.
    batch: Math.min(settings.batchSize, train.length),
    samples: data.train.count,
    orderLength: train.length,
  };
  // Also what the schedule does not allow is told here.
  learningRateFactor(settings.schedule, settings.warmup, stepsPerEpoch(sizes));
  const prepared = {
    settings,
    spec,
    optimizer,
    networks: networksOf(settings),
    split: { train: train.length, validation: validation.length },
    data,
    sizes,
    initial,
    restore,
  };
  assertRestorable(prepared);
  return prepared;
}

/** The settings of a state to go on from, with the plan that is asked for. */
function restoredSettings(restore: TrainerState, given: Partial<TrainerSettings>): TrainerSettings {
  const { settings } = restore;
  for (const [name, value] of Object.entries(given)) {
    const [now, before] = [value, settings[name as keyof TrainerSettings]].map(inWords);
    if (name === 'plan' || now === before) continue;
    if (name === 'rateChanges' && goesOnFrom(restore, given.rateChanges)) continue;
    throw new ShadegradError(
      'usage',
      `${name}: ${now} contradicts the training to go on with, which has ${before}.`,
      'Leave it out, or begin another training.',
    );
  }
  return trainerSettings({
    ...settings,
    ...(given.plan !== undefined && given.plan !== 'auto' && { plan: given.plan }),
    ...(given.rateChanges && { rateChanges: given.rateChanges }),
  });
}

/** Whether the steps that were trained had the learning rates of `changes`. What comes after them is open. */
function goesOnFrom({ settings, rounds }: TrainerState, changes: readonly RateChange[] = []): boolean {
  const trained = Math.max(...rounds.map(({ t }) => t));
  const [one, other] = [settings.rateChanges ?? [], changes].map((all) =>
    JSON.stringify(
      all.filter(({ step }) => step <= trained).map(({ step, learningRate }) => [step, learningRate]),
    ),
  );
  return one === other;
}

/** A setting's value, whatever order its fields have. */
function inWords(setting: unknown): string {
  const isRecord = typeof setting === 'object' && setting !== null && !Array.isArray(setting);
  return JSON.stringify(isRecord ? Object.fromEntries(Object.entries(setting).toSorted()) : setting);
}

/**
 * Checks that what is to go on fits into a device: its batches and its networks side by side are what they were.
 * @throws ShadegradError `usage`
 */
export function assertRoom(plans: readonly StepPlan[], { limits }: GPUDevice, room: number): void {
  const side = room > 1 ? `has ${room} networks side by side, as before` : 'cannot become smaller';
  const nextStep = `The training to go on with ${side}: use a device with this limit, such as the one it was begun on.`;
  for (const plan of plans) assertWithinLimits(plan, limits, nextStep);
}

/** How many networks were side by side. */
export function roomOf(restore: TrainerState | undefined): number | undefined {
  return restore?.rounds[0]?.sums.length;
}

function assertRestorable({ restore, spec, networks, sizes, optimizer }: Prepared): void {
  if (!restore) return;
  if (JSON.stringify(restore.spec) !== JSON.stringify(spec)) {
    throw new ShadegradError(
      'bad-data',
      `The training to go on with is of a network ${shapeInWords(restore.spec)}, and its settings and these data make one ${shapeInWords(spec)}.`,
      'Use the data that it was begun with.',
    );
  }
  const own = restore.networks.map(({ seed, learningRate, weightDecay }) => ({
    seed,
    learningRate,
    weightDecay,
  }));
  const room = roomOf(restore) ?? 0;
  const isWhole =
    contradictionIn(restore) === undefined &&
    JSON.stringify(own) === JSON.stringify(networks) &&
    restore.rounds.every((round) => hasTensors(round, spec, optimizer, room));
  if (!isWhole) {
    throw new ShadegradError(
      'bad-model',
      'The training to go on with is in a state that its settings cannot have led to.',
      'Use an undamaged checkpoint, or begin another training.',
    );
  }
  const steps = stepsPerEpoch(sizes);
  const possible = restore.rounds.every((round, i) => {
    const members = restore.networks.slice(i * room, (i + 1) * room);
    return isInPlace(round, members, restore.epoch, steps);
  });
  if (possible) return;
  throw new ShadegradError(
    'bad-model',
    `The training to go on with cannot be where it is with these data: an epoch of them is ${steps} batches of ${sizes.batch}.`,
    'Use the data that it was begun with. If these are, use an undamaged checkpoint, or begin another training.',
  );
}

function hasTensors(
  { parameters, moments }: RoundState,
  spec: MlpSpec,
  optimizer: Optimizer,
  room: number,
): boolean {
  return denseLayers(spec).every((layer, l) => {
    const size = room * parameterCount(layer);
    return parameters[l]?.length === size && moments[l]?.length === optimizer.moments * size;
  });
}

/** Whether a round of a state without contradictions can be where it is, with so many steps to an epoch. */
function isInPlace(
  round: RoundState,
  members: readonly NetworkState[],
  epoch: number,
  steps: number,
): boolean {
  const { place } = round;
  const own = epochOf(round, steps);
  return (
    place >= 0 &&
    place <= steps &&
    Number.isInteger(own) &&
    own <= Math.max(1, epoch) &&
    members
      .filter((member) => !isDone(member))
      // Between an epoch's last step and its record there is the validation.
      .every(({ history: { length } }) => length === own - 1 || (length === own && place === steps))
  );
}

export async function assertSameData({ dataset }: TrainerState, data: Dataset): Promise<void> {
  if (dataset === (await datasetChecksum(data))) return;
  throw new ShadegradError(
    'bad-data',
    `The training to go on with was begun with other data than "${data.name}" as it is here: their checksums differ.`,
    'Use the data that it was begun with, or begin another training.',
  );
}

function assertShape(initial: Model, spec: MlpSpec): void {
  if (shapeInWords(initial.spec) === shapeInWords(spec)) return;
  throw new ShadegradError(
    'bad-model',
    `The weights to start from are of a network ${shapeInWords(initial.spec)}, and ${shapeInWords(spec)} is to be trained.`,
    'Use the hidden widths and the kind of data of the model, or another model.',
  );
}

function shapeInWords({ inputs, hidden, classes }: MlpSpec): string {
  return [inputs, ...hidden, classes].join('-');
}

export function assertHas(
  device: GPUDevice,
  plan: Exclude<TrainerSettings['plan'], 'auto'>,
  restore?: TrainerState,
): void {
  const lacks = planLacks(plan, device);
  if (lacks === undefined) return;
  throw new ShadegradError(
    'usage',
    `The plan "${plan}" needs what this device lacks: ${lacks}.`,
    restore
      ? 'Name another plan to go on with, which will not be bit for bit what the first would have been.'
      : 'Use another plan, or another device.',
  );
}

/** The epoch that a run is in: 1 for the first. At its end it is still in it. */
export function epochOf({ t, place }: Pick<RunState, 't' | 'place'>, steps: number): number {
  return (t - place) / steps + 1;
}

export const sizesOf = ({ sizes }: Prepared, models: number): BatchSizes => ({ ...sizes, models });

/** The plans to choose from, which the device's limits allow if they allow any. */
export function plansFor(
  device: GPUDevice,
  { settings: { plan }, optimizer }: Prepared,
  sizes: BatchSizes,
): readonly [StepPlan, ...StepPlan[]] {
  return plan === 'auto'
    ? candidatePlans(device, sizes, optimizer)
    : [trainingPlan(plan, sizes, optimizer, targetOf(device))];
}

export function evaluationPlans({ spec, split, data }: Prepared, models: number): StepPlan[] {
  const { validation } = split;
  const sizes = inferenceSizes(spec, models, data.train.count, validation);
  return [
    evaluationPlan(spec, models, data.test.count),
    ...(validation > 0 ? [inferencePlan(tiledKernels(), sizes, true)] : []),
  ];
}

/** How many of the networks fit side by side into the device's limits. */
export function sideBySide(device: GPUDevice, prepared: Prepared): number {
  return roomFor(prepared.networks.length, (models) => {
    const [plan] = plansFor(device, prepared, sizesOf(prepared, models));
    return [plan, ...evaluationPlans(prepared, models)].every((each) => isWithinLimits(each, device.limits));
  });
}

/**
 * The plan that is the likeliest to be the fastest. Nothing is measured, so on an adapter it is the same one each time.
 * @throws ShadegradError `usage` as `Trainer.create`
 */
export function likeliestPlan(device: GPUDevice, data: Dataset, options: TrainerOptions): PlanName {
  const prepared = prepare(data, { ...options, plan: 'auto' });
  const [plan] = plansFor(device, prepared, sizesOf(prepared, sideBySide(device, prepared)));
  return plan.name as PlanName;
}

/** What a choice of plans is for, in words. */
export function shapeOf({ spec, optimizer }: Prepared, { batch, models }: BatchSizes): string {
  return [
    shapeInWords(spec),
    `batch ${batch}`,
    ...(models > 1 ? [`${models} models`] : []),
    ...(optimizer.name === 'adam' ? [] : [optimizer.name]),
  ].join(', ');
}
