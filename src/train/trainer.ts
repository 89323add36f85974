import { assertBytes } from '../data/bytes.ts';
import { datasetChecksum } from '../data/checksum.ts';
import type { Dataset, Samples } from '../data/dataset.ts';
import { refuse, ShadegradError } from '../errors.ts';
import { unpackParameters } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import type { MlpSpec } from '../model/spec.ts';
import { bestNetwork } from './best.ts';
import { fastestPlan, type PlanChoice, shortlist } from './choice.ts';
import { ensemblePrediction, populationEvaluation } from './ensemble.ts';
import type {
  EpochRecord,
  Evaluation,
  NetworkRecord,
  PopulationEvaluation,
  Prediction,
  Progress,
  RateChangeRecord,
} from './history.ts';
import { Inference, type Inferred } from './inference.ts';
import { infiniteWeights, Network, unlessInfinite, unpackAll } from './network.ts';
import type { TrainerOptions } from './options.ts';
import { assertWithinLimits, type StepPlan } from './plan.ts';
import { processMemory } from './plan-times.ts';
import { stepsPerEpoch } from './plans/sizes.ts';
import {
  assertHas,
  assertRoom,
  assertSameData,
  epochOf,
  evaluationPlans,
  type Prepared,
  plansFor,
  prepare,
  roomOf,
  shapeOf,
  sideBySide,
  sizesOf,
} from './prepare.ts';
import { makeResident, type Resident } from './resident.ts';
import {
  type Dealt,
  deal,
  isComplete,
  type Member,
  Orders,
  ownMembers,
  partOf,
  type Round,
  ratesOf,
} from './rounds.ts';
import { Run } from './run.ts';
import {
  learningRateFactor,
  type RateChange,
  rateBefore,
  rateChangeRecords,
  scheduleEnd,
  withRateChange,
} from './schedule.ts';
import { assertLearningRate, type TrainerSettings } from './settings.ts';
import { Snapshots } from './snapshots.ts';
import { isSound } from './sound.ts';
import {
  type EpochSums,
  epochsTrained,
  isDone,
  type RoundState,
  type RunState,
  secondsTrained,
  type TrainerState,
} from './state.ts';
import { Underway } from './underway.ts';

export type { TrainerOptions } from './options.ts';
export { populationLimits, trainerLimits } from './prepare.ts';

/** How long to train, and what is told meanwhile. */
export interface FitOptions {
  /** How many more; one that was left in its middle counts as one. */
  readonly epochs: number;
  /** Stops the training at the next batch boundary with an error `interrupted`. */
  readonly signal?: AbortSignal;
  /**
   * Called at most ten times a second, unless `pace` says more; training waits for a promise it returns, which makes a pause. What it takes
   * counts neither in `seconds` nor in `imagesPerSecond`.
   */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /**
   * How many batches are trained until all of them are waited for and told to `onProgress`, which then is called for each such
   * stretch: asked anew before each stretch and at each batch boundary that the host hears of, so that it may change at any
   * time. With 1 and an `onProgress` that waits, training goes step by step. The bits are the same. Default: Infinity, which
   * keeps the GPU busy.
   */
  readonly pace?: () => number;
  /**
   * Called with everything that another trainer needs to go on: after each epoch, where the training is interrupted, and
   * within an epoch each time `snapshotSeconds` are over. But for the last epoch and interruptions, it is left out as long
   * as the one before has taken the host more than a hundredth of the time since, the time until this returns included.
   * Training does not wait for a promise it returns, but the next snapshot and the end of `fit` do.
   */
  readonly onSnapshot?: (state: TrainerState) => void | Promise<void>;
  /** Default: none within an epoch. */
  readonly snapshotSeconds?: number;
}

/** The least time between two read-backs of a running epoch's loss. */
const PROGRESS_MILLISECONDS = 100;

/** What a trainer has on the device. */
interface Parts {
  readonly resident: Resident;
  readonly network: Network;
  readonly run: Run;
  /** Undefined where nothing is kept to validate with. */
  readonly validation: Underway<Inference> | undefined;
}

/**
 * Trains a network, or many of one shape side by side, on one dataset. The data, the weights and the optimizer's state stay
 * on the GPU; where not all networks fit, rounds of as many as do take turns, an epoch each.
 *
 * @example
 * ```ts
 * import { openDevice, syntheticDigits, Trainer } from 'shadegrad/node';
 *
 * const { device } = await openDevice();
 * const data = syntheticDigits({ train: 1024, test: 256 });
 * const trainer = await Trainer.create(device, data, { hidden: [64], seed: 1 });
 * for await (const { epoch, loss, accuracy } of trainer.fit({ epochs: 2 })) {
 *   console.log(epoch, loss, accuracy);
 * }
 * const { accuracy } = await trainer.evaluate(data.test);
 * console.log(`${(100 * accuracy).toFixed(2)} % of the test images right`);
 * trainer.destroy();
 * device.destroy();
 * ```
 */
export class Trainer {
  /** The shape of the networks, the same for all. */
  readonly spec: MlpSpec;
  /** The plan that runs, as data. */
  readonly plan: StepPlan;
  /** Microseconds a step of each plan that was timed to choose this one. */
  readonly timed: PlanChoice['timed'];
  readonly #data: Dataset;
  /** As they were given, but for the defaults, and with each change of the learning rate. */
  #asked: TrainerSettings;
  readonly #batchSize: number;
  readonly #parts: Parts;
  readonly #factor: (t: number) => number;
  readonly #members: readonly Member[];
  readonly #rounds: readonly [Round, ...Round[]];
  /** The round whose networks are on the device. */
  #loaded: Round;
  /** The running epoch, or the last one; 0 before the first. */
  #epoch: number;
  /** Those of the next round in turn, made while another one runs. */
  #orders: Orders | undefined;
  #checksum: Promise<string> | undefined;
  #fitting = false;

  /**
   * Copies the training set and freshly initialised networks to the GPU.
   * @throws ShadegradError `usage` where an option is out of range or contradicts `restore`, the device is too small or
   *   lacks what the plan needs, or `data` holds something else than bytes; `bad-data` where `restore` is of other data;
   *   `bad-model` where it is damaged, or `initial` has another shape; `io` where a shader cannot be loaded, also one that
   *   only evaluation needs; `gpu`
   */
  static async create(device: GPUDevice, data: Dataset, options: TrainerOptions = {}): Promise<Trainer> {
    // The test set too, which would otherwise be found to be wrong after the training.
    for (const { images, labels } of [data.train, data.test]) {
      assertBytes(images, 'the pixels of images');
      assertBytes(labels, 'the labels of images');
    }
    const prepared = prepare(data, options);
    const { settings, spec, optimizer, restore } = prepared;
    if (restore) await assertSameData(restore, data);
    if (settings.plan !== 'auto') assertHas(device, settings.plan, restore);
    const room = roomOf(restore) ?? sideBySide(device, prepared);
    const sizes = sizesOf(prepared, room);
    const candidates = plansFor(device, prepared, sizes);
    const evaluating = evaluationPlans(prepared, room);
    if (restore) assertRoom([candidates[0], ...evaluating], device, room);
    else for (const plan of evaluating) assertWithinLimits(plan, device.limits);
    // Compiles while the data go to the GPU.
    const memory = processMemory(options.planMemory);
    const listed = await shortlist(device, candidates, shapeOf(prepared, sizes), memory);
    const dealt = deal(prepared, room);
    const { state } = dealt;
    const [first] = dealt.rounds;
    const made: { destroy(): void }[] = [];
    const keep = <T extends { destroy(): void }>(part: T): T => {
      made.push(part);
      return part;
    };
    try {
      const network = keep(await Network.create(device, unpackAll(spec, state.parameters, room)));
      const resident = await makeResident(device, spec, data.train);
      keep(resident.samples);
      const factor = learningRateFactor(settings.schedule, settings.warmup, stepsPerEpoch(sizes));
      const setup = { sizes, optimizer, rates: ratesOf(first, factor, () => settings.rateChanges) };
      const trial = () => ({
        ...setup,
        samples: resident.samples,
        order: new Orders(first, 1).joined(),
        state,
      });
      const choice = await fastestPlan(device, listed, trial, memory);
      const shared = new Map([...network.parameters, ['samples', resident.samples]]);
      const run = keep(await Run.create(device, { ...setup, plan: choice.plan }, shared));
      const { validation: validated } = prepared.split;
      // It compiles while the first steps run: nothing is validated before the end of an epoch.
      const validation =
        validated > 0
          ? new Underway(Inference.create(device, spec, room, network.parameters, resident, validated))
          : undefined;
      keep({ destroy: () => destroyOnceMade(validation) });
      const parts = { resident, network, run, validation };
      return new Trainer(prepared, choice, dealt, parts, factor);
    } catch (error) {
      for (const part of made) part.destroy();
      throw error;
    }
  }

  private constructor(
    { spec, settings, sizes, data, restore }: Prepared,
    { plan, timed }: PlanChoice,
    { members, rounds, state }: Dealt,
    parts: Parts,
    factor: (t: number) => number,
  ) {
    this.spec = spec;
    this.plan = plan;
    this.timed = timed;
    this.#asked = settings;
    this.#batchSize = sizes.batch;
    this.#data = data;
    this.#parts = parts;
    this.#factor = factor;
    this.#members = members;
    this.#rounds = rounds;
    this.#epoch = restore?.epoch ?? 0;
    // Held against the data before.
    this.#checksum = restore && Promise.resolve(restore.dataset);
    [this.#loaded] = rounds;
    this.#enter(this.#loaded, state);
  }

  /** Every setting, with the defaults filled in; `batchSize` is no more than there are samples to train. */
  get settings(): TrainerSettings {
    return { ...this.#asked, batchSize: this.#batchSize };
  }

  /** Where the learning rate was changed, first to last, or will be in a step that is not trained yet. */
  get rateChanges(): readonly RateChangeRecord[] {
    const own = this.#members.map(({ learningRate }) => learningRate);
    return rateChangeRecords(this.#asked.rateChanges ?? [], own, this.#parts.run.stepsPerEpoch);
  }

  /**
   * Changes the learning rate of all networks, while `fit` runs or when it does not: from the first step on that none of
   * them was given yet. What is in flight, a fifth of a second of work, is trained with the rate before; where networks take
   * turns, all of them are to the end of the epoch. A schedule multiplies the new rate from then on.
   *
   * The change is part of the {@link settings}, of {@link state}, checkpoints and reports. Who trains with these settings from
   * the beginning has the same bits, whenever the change was asked for. Of two changes before the same step the last one
   * counts, and one that changes nothing is left out.
   *
   * A device that is lost takes along the changes since the last snapshot: pass the settings' `rateChanges` beside `restore`.
   *
   * @returns the change, with the step from which it counts
   * @throws ShadegradError `usage` where the rate is out of range
   *
   * @example
   * ```ts
   * import { openDevice, syntheticDigits, Trainer } from 'shadegrad/node';
   *
   * const { device } = await openDevice();
   * const data = syntheticDigits({ train: 1024, test: 256 });
   * const trainer = await Trainer.create(device, data, { hidden: [32], learningRate: 0.01 });
   * for await (const { epoch, loss } of trainer.fit({ epochs: 3 })) {
   *   console.log(epoch, loss);
   *   if (epoch === 2) trainer.changeLearningRate(0.001);
   * }
   * for (const { step, before, after } of trainer.rateChanges) console.log(`${before} -> ${after} at step ${step}`);
   * device.destroy();
   * ```
   */
  changeLearningRate(learningRate: number): RateChange {
    assertLearningRate(learningRate);
    const step = 1 + Math.max(...this.#rounds.map((round) => this.#at(round).t));
    const change = { step, learningRate };
    const { rateChanges: before = [], ...settings } = this.#asked;
    const own = this.#members.map((member) => member.learningRate);
    const rateChanges = withRateChange(before, change, own);
    this.#asked = rateChanges.length > 0 ? { ...settings, rateChanges } : settings;
    return change;
  }

  /** Training samples of one network without those kept for validation. */
  get samplesPerEpoch(): number {
    return this.#members[0]?.train.length ?? 0;
  }

  /** Epochs trained to their end by all networks that were to. */
  get epochs(): number {
    return epochsTrained({ epoch: this.#epoch, networks: this.#members });
  }

  /** How many rounds take turns on the device, an epoch each: 1 where all networks are side by side. */
  get rounds(): number {
    return this.#rounds.length;
  }

  /** How far the running epoch is, all rounds together; `done` is 0 between epochs. */
  get place(): {
    /** Batches that are trained. */
    readonly done: number;
    /** Batches of an epoch. */
    readonly of: number;
  } {
    const { stepsPerEpoch } = this.#parts.run;
    const done = this.#rounds.map((round) => {
      if (isComplete(round, this.#epoch)) return stepsPerEpoch;
      const at = this.#at(round);
      return epochOf(at, stepsPerEpoch) === this.#epoch ? at.place : 0;
    });
    return {
      done: this.epochs === this.#epoch ? 0 : done.reduce((sum, batches) => sum + batches, 0),
      of: this.#rounds.length * stepsPerEpoch,
    };
  }

  /** What became of each network so far. */
  get networks(): readonly NetworkRecord[] {
    return this.#members.map(({ seed, learningRate, weightDecay, history, diverged, stopped, best }) => ({
      seed,
      learningRate,
      weightDecay,
      history: [...history],
      diverged,
      stopped,
      epoch: best?.epoch ?? history.length,
    }));
  }

  /** The epochs of the network with the best record, see {@link bestNetwork}; of the first, where all diverged. */
  get history(): readonly EpochRecord[] {
    const { networks } = this;
    const index = this.#allDiverged ? 0 : bestNetwork(networks, networks);
    return networks[index]?.history ?? [];
  }

  get #allDiverged(): boolean {
    return this.#members.every(({ diverged }) => diverged !== null);
  }

  /** What the epochs that came to their end add up to. */
  get trained(): {
    /** Of all networks together. */
    readonly samples: number;
    /** Of wall-clock time, without validation and pauses. */
    readonly seconds: number;
  } {
    const epochs = this.#members.reduce((sum, { history }) => sum + history.length, 0);
    const seconds = secondsTrained(this.#rounds.map(({ members }) => members));
    return { samples: epochs * this.samplesPerEpoch, seconds };
  }

  /**
   * Trains `epochs` more epochs and yields each one's record when it is done: of several networks the means over those that
   * have not diverged or been stopped. Ends sooner where early stopping has stopped them all, and at once where it had
   * before. Leaving the loop stops the training.
   *
   * A loss is of the weights before an update, so a network that an update ruined diverges with the next batch. After the
   * last epoch, and where the training is interrupted, the weights themselves are looked at.
   *
   * @param options how many epochs, and what is told meanwhile
   * @throws ShadegradError `usage` (also where a `fit` is under way already, or the schedule has come to its end),
   *   `interrupted`, `diverged` (no network has a finite loss; the epoch is named), `gpu` or `device-lost`, and what
   *   `onProgress` and `onSnapshot` throw
   *
   * @example
   * ```ts
   * import { openDevice, ShadegradError, syntheticDigits, Trainer } from 'shadegrad/node';
   *
   * const { device } = await openDevice();
   * const data = syntheticDigits({ train: 1024, test: 256 });
   * const trainer = await Trainer.create(device, data, { validationSplit: 0.1, patience: 2 });
   * const enough = AbortSignal.timeout(10_000);
   * try {
   *   for await (const { epoch, valLoss } of trainer.fit({
   *     epochs: 4,
   *     signal: enough,
   *     onProgress: ({ samples, samplesPerEpoch }) => console.log(`${samples} of ${samplesPerEpoch}`),
   *   })) {
   *     console.log(epoch, valLoss);
   *   }
   * } catch (error) {
   *   // What was trained until then is kept: `evaluate` and `models` have it.
   *   if (!(error instanceof ShadegradError) || error.code !== 'interrupted') throw error;
   * }
   * device.destroy();
   * ```
   */
  async *fit({ epochs, ...options }: FitOptions): AsyncGenerator<EpochRecord, void> {
    if (!Number.isSafeInteger(epochs) || epochs < 1) {
      throw new ShadegradError('usage', `epochs: ${epochs} is not a number of epochs.`, 'Use 1 or more.');
    }
    const last = this.epochs + epochs;
    const end = scheduleEnd(this.#asked.schedule);
    if (end !== undefined && last > end) {
      throw new ShadegradError(
        'usage',
        `The schedule "${this.#asked.schedule.name}" has brought the learning rate to 0 after ${end} epochs, and epoch ${last} is asked for.`,
        'Train fewer epochs, or begin another training from these weights.',
      );
    }
    if (this.#fitting) {
      throw new ShadegradError(
        'usage',
        'This trainer is training already.',
        'Wait for it, or make another trainer.',
      );
    }
    if (this.#allDiverged) throw this.#divergence();
    this.#fitting = true;
    const { onSnapshot, snapshotSeconds = Number.POSITIVE_INFINITY } = options;
    const snapshots = new Snapshots(() => this.#stageState(), onSnapshot, snapshotSeconds);
    let failed = false;
    try {
      while (!this.#isTrainedTo(last)) {
        this.#epoch = this.epochs + 1;
        for (const [turn, round] of this.#rounds.entries()) {
          if (isComplete(round, this.#epoch)) continue;
          await this.#load(round);
          await this.#trainEpoch({ ...options, epochs: last, turn, snapshots });
        }
        if (this.#allDiverged) throw this.#divergence();
        await (this.#isTrainedTo(last) ? snapshots.take() : snapshots.takeAfterEpoch());
        const record = this.#meanRecord();
        if (record) yield record;
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      this.#fitting = false;
      // Also whoever leaves the loop is told that a snapshot failed, unless something else has failed.
      await (failed ? snapshots.settled() : snapshots.end());
    }
  }

  /** Whether there is nothing left to train until `epoch` is. */
  #isTrainedTo(epoch: number): boolean {
    return this.epochs >= epoch || this.#members.every(isDone);
  }

  /** Trains what is left of the running epoch of the networks on the device, validates them and keeps their records. */
  async #trainEpoch(context: Turn): Promise<void> {
    const { run, validation } = this.#parts;
    const round = this.#loaded;
    const epoch = this.#epoch;
    if (epochOf(run, run.stepsPerEpoch) < epoch) {
      run.begin(this.#orderOf(round, epoch));
      round.seconds = 0;
    }
    await this.#advance(context);
    const sums = await run.sums();
    const validated = await (await validation?.done)?.sums(round.members.map((member) => member.validation));
    const trained = ownMembers(round)
      .filter(({ member }) => !isComplete({ members: [member] }, epoch))
      .map(({ member, slot }) => ({
        member,
        slot,
        record: this.#record(member, sums[slot], validated?.[slot]),
      }));
    const { patience } = this.#asked;
    const better = trained.some(
      ({ member, record }) => patience !== null && record && isBetter(record, member),
    );
    const isLast = epoch === context.epochs;
    const parameters = better || isLast ? await run.parameters() : undefined;
    // All at once: what is asked for a state meanwhile gets all of it or nothing.
    for (const { member, slot, record } of trained) {
      const own = parameters?.map((layer) => partOf(layer, slot, round.members.length));
      if (!record || (own && !this.#isSound(member, own))) {
        member.diverged = { epoch, batch: sums[slot]?.diverged ?? null };
        continue;
      }
      member.history.push(record);
      if (patience === null) continue;
      if (own && isBetter(record, member)) {
        member.best = { epoch, valLoss: record.valLoss ?? Number.NaN, parameters: own };
      }
      member.stopped = member.best !== null && epoch - member.best.epoch >= patience;
    }
  }

  /** A network's running epoch; undefined where its loss is not finite. */
  #record(
    { train, validation }: Member,
    trained: EpochSums | undefined,
    validated: Omit<Inferred, 'probabilities'> | undefined,
  ): EpochRecord | undefined {
    if (!trained || trained.diverged !== null) return undefined;
    if (validated && !Number.isFinite(validated.lossSum)) return undefined;
    return {
      epoch: this.#epoch,
      loss: trained.loss / train.length,
      accuracy: trained.hits / train.length,
      valLoss: validated ? validated.lossSum / validation.length : null,
      valAccuracy: validated ? validated.hits / validation.length : null,
      seconds: this.#loaded.seconds,
    };
  }

  async #advance(turn: Turn): Promise<void> {
    const { signal, onProgress, snapshots } = turn;
    const { run, validation } = this.#parts;
    const round = this.#loaded;
    const before = round.seconds;
    let since = performance.now();
    const seconds = () => before + (performance.now() - since) / 1000;
    let [asked, reported] = [since, since];
    let latest: Counted | undefined;
    let told = run.place;
    /** Returns whether there is a network that has not diverged. */
    const tell = async (counted: Counted): Promise<boolean> => {
      const progress = this.#progress(counted, turn);
      const begun = performance.now();
      if (progress) await onProgress?.(progress);
      reported = performance.now();
      since += reported - begun;
      // Also what came meanwhile: its time would be too long.
      latest = undefined;
      told = counted.place;
      return progress !== undefined;
    };
    // While the GPU works; there is nothing else to do.
    const meanwhile = () => {
      validation?.check();
      round.seconds = seconds();
      this.#makeOrder(turn.turn);
      snapshots.takeWhenDue();
    };
    do {
      const stretch = stretchOf(turn);
      for await (const _ of run.advance(stretch, signal)) {
        const now = performance.now();
        meanwhile();
        if (!onProgress || stretch < Number.POSITIVE_INFINITY) continue;
        if (now - asked >= PROGRESS_MILLISECONDS) {
          asked = now;
          const { place } = run;
          // Nobody waits for it: the GPU has work that it was given after this. What fails is told by the next wait.
          run.sums().then(
            (sums) => {
              latest = { sums, place, seconds: seconds() };
            },
            () => undefined,
          );
        }
        if (latest && latest.place > told && now - reported >= PROGRESS_MILLISECONDS) {
          // All of them diverged: the rest of the epoch would be for nothing.
          if (!(await tell(latest))) return;
        }
        if (stretchOf(turn) < Number.POSITIVE_INFINITY) break;
      }
      if (stretch === Number.POSITIVE_INFINITY || run.place === run.stepsPerEpoch) continue;
      const { place } = run;
      const summed = run.sums();
      meanwhile();
      const sums = await summed;
      round.seconds = seconds();
      if (!signal?.aborted && !(await tell({ sums, place, seconds: round.seconds }))) return;
    } while (run.place < run.stepsPerEpoch && !signal?.aborted);
    if (run.place < run.stepsPerEpoch) {
      await this.#markDiverged();
      await snapshots.take();
      await snapshots.end();
      if (this.#allDiverged) throw this.#divergence();
      throw new ShadegradError(
        'interrupted',
        `Training was interrupted ${this.#placeText(turn)}.`,
        'The epochs before it are complete.',
      );
    }
    const summed = run.sums();
    // The GPU has its last steps before it.
    this.#makeOrder(turn.turn);
    const sums = await summed;
    round.seconds = seconds();
    await tell({ sums, place: run.place, seconds: round.seconds });
  }

  /** How far the training is, as the end of a sentence. */
  #placeText({ epochs }: Turn): string {
    const { done, of } = this.place;
    if (done > 0) return `in epoch ${this.#epoch} of ${epochs}, after ${done} of its ${of} batches`;
    return this.epochs > 0 ? `after epoch ${this.epochs} of ${epochs}` : 'before its first batch';
  }

  /** Marks the networks that have diverged by now, in the middle of an epoch. */
  async #markDiverged(): Promise<void> {
    const { run } = this.#parts;
    for (const round of this.#rounds) {
      const { t } = this.#at(round);
      const { sums, parameters } = round.state ?? {
        sums: await run.sums(),
        parameters: await run.parameters(),
      };
      for (const { member, slot } of ownMembers(round)) {
        if (isDone(member)) continue;
        const batch = sums[slot]?.diverged ?? null;
        const own = parameters.map((layer) => partOf(layer, slot, round.members.length));
        if (batch === null && this.#isSound(member, own)) continue;
        member.diverged = { epoch: Math.max(1, Math.ceil(t / run.stepsPerEpoch)), batch };
      }
    }
  }

  #isSound({ train }: Member, own: readonly Float32Array[]): boolean {
    const { inputs } = this.spec;
    const first = inputs * (train[0] ?? 0);
    return isSound(this.spec, own, this.#data.train.images.subarray(first, first + inputs));
  }

  /** Of the networks on the device that are still trained; undefined where all of them diverged. */
  #progress({ sums, place, seconds }: Counted, { epochs, turn }: Turn): Progress | undefined {
    const { samplesPerEpoch } = this;
    const own = ownMembers(this.#loaded);
    const live = own.flatMap(({ member, slot }) => {
      const sum = sums[slot];
      return sum && sum.diverged === null && !isDone(member) ? sum : [];
    });
    if (live.length === 0) return undefined;
    const samples = Math.min(samplesPerEpoch, place * this.#batchSize);
    const mean = (of: (sum: EpochSums) => number) =>
      live.reduce((total, sum) => total + of(sum), 0) / (live.length * samples);
    return {
      epoch: this.#epoch,
      epochs,
      samples: Math.round((turn * samplesPerEpoch + samples) / this.#rounds.length),
      samplesPerEpoch,
      loss: mean(({ loss }) => loss),
      accuracy: mean(({ hits }) => hits),
      imagesPerSecond: (own.length * samples) / seconds,
    };
  }

  /** Of the networks that came to the running epoch's end. */
  #meanRecord(): EpochRecord | undefined {
    const epoch = this.#epoch;
    const recordsOf = (members: readonly Member[]) =>
      members.flatMap(({ history }) => history[epoch - 1] ?? []);
    const records = recordsOf(this.#members);
    if (records.length === 0) return undefined;
    const mean = (of: (record: EpochRecord) => number | null) => {
      const values = records.map(of).filter((value) => value !== null);
      return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
    };
    return {
      epoch,
      loss: mean(({ loss }) => loss) ?? Number.NaN,
      accuracy: mean(({ accuracy }) => accuracy) ?? Number.NaN,
      valLoss: mean(({ valLoss }) => valLoss),
      valAccuracy: mean(({ valAccuracy }) => valAccuracy),
      seconds: this.#rounds.reduce((sum, { members }) => sum + (recordsOf(members)[0]?.seconds ?? 0), 0),
    };
  }

  #divergence(): ShadegradError {
    const [first] = this.#members;
    const { epoch, batch } = first?.diverged ?? { epoch: this.#epoch, batch: null };
    const where =
      batch === null ? `after the last update of epoch ${epoch}` : `in epoch ${epoch}, batch ${batch}`;
    const which =
      this.#members.length > 1
        ? `No network's loss is finite: the first one's was not `
        : 'The loss is not finite ';
    const { stepsPerEpoch } = this.#parts.run;
    const rates = this.#members.map(({ learningRate, diverged }) => {
      const { epoch, batch } = diverged ?? { epoch: this.#epoch, batch: null };
      // The last step that trained: a batch's loss is that of the weights before its own.
      const step = (epoch - 1) * stepsPerEpoch + (batch === null ? stepsPerEpoch : batch - 1);
      return rateBefore(this.#asked.rateChanges ?? [], step, learningRate);
    });
    return new ShadegradError(
      'diverged',
      `${which}${where}.`,
      `Use a learning rate well below ${Math.min(...rates)}: ${this.#asked.optimizer === 'sgd' ? "SGD's usual one is 0.01" : "Adam's usual one is 0.001"}.`,
    );
  }

  #orderOf(round: Round, epoch: number): Uint32Array<ArrayBuffer> {
    const made = this.#orders;
    const isMade = made?.round === round && made.epoch === epoch;
    return (isMade ? made : new Orders(round, epoch)).joined();
  }

  /** Makes one more of the orders of the round whose turn is after this one. */
  #makeOrder(turn: number): void {
    const [first] = this.#rounds;
    const after = this.#rounds[turn + 1];
    const [round, epoch] = after ? [after, this.#epoch] : [first, this.#epoch + 1];
    if (this.#orders?.round !== round || this.#orders.epoch !== epoch)
      this.#orders = new Orders(round, epoch);
    this.#orders.makeOne();
  }

  /** Brings a round's networks onto the device. */
  async #load(round: Round): Promise<void> {
    if (!round.state) return;
    this.#loaded.state = await this.#parts.run.snapshot();
    this.#enter(round, round.state);
  }

  #enter(round: Round, state: RunState): void {
    const { run } = this.#parts;
    const isAtEnd = state.place === run.stepsPerEpoch;
    const order = isAtEnd ? null : this.#orderOf(round, epochOf(state, run.stepsPerEpoch));
    run.restore(
      state,
      order,
      ratesOf(round, this.#factor, () => this.#asked.rateChanges),
    );
    this.#loaded = round;
    round.state = undefined;
  }

  /** Where a round is. */
  #at(round: Round): Pick<RunState, 't' | 'place'> {
    return round.state ?? this.#parts.run;
  }

  /**
   * Everything that another trainer needs to go on, as it is after the work submitted so far. Training may go on meanwhile.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async state(): Promise<TrainerState> {
    return (await this.#stageState())();
  }

  /** As {@link state}; what it returns is to be called once, without a wait. */
  async #stageState(): Promise<() => Promise<TrainerState>> {
    const networks = this.#members.map(({ train: _, validation: __, ...network }) => ({
      ...network,
      history: [...network.history],
    }));
    const rest = {
      spec: this.spec,
      settings: { ...this.#asked, plan: this.plan.name as TrainerSettings['plan'] },
      epoch: this.#epoch,
      networks,
    };
    const rounds = this.#rounds.map(async ({ state, seconds }): Promise<() => Promise<RoundState>> => {
      const read = state ? async () => state : await this.#parts.run.stageSnapshot();
      return async () => ({ ...(await read()), seconds });
    });
    this.#checksum ??= datasetChecksum(this.#data);
    const [dataset, ...reads] = await Promise.all([this.#checksum, ...rounds]);
    return async () => ({ ...rest, dataset, rounds: await Promise.all(reads.map((read) => read())) });
  }

  /**
   * The loss, accuracy, probabilities and predictions of the best network on labelled samples, see {@link bestNetwork}.
   * @throws ShadegradError as {@link evaluateAll}
   */
  async evaluate(samples: Samples): Promise<Evaluation> {
    return this.#best((await this.evaluateAll(samples)).networks);
  }

  /** @throws ShadegradError `diverged` where no network has a result */
  #best<T extends object>(results: readonly (T | null)[]): T {
    const result = results[bestNetwork(this.networks, results)];
    if (result) return result;
    throw infiniteWeights();
  }

  /**
   * What each network and all together make of labelled samples.
   * @throws ShadegradError as {@link Network.evaluate}, and `diverged` where no network has a finite loss
   *
   * @example
   * ```ts
   * import { openDevice, syntheticDigits, Trainer } from 'shadegrad/node';
   *
   * const { device } = await openDevice();
   * const data = syntheticDigits({ train: 1024, test: 256 });
   * // Two seeds at each of two learning rates: four networks side by side.
   * const trainer = await Trainer.create(device, data, { hidden: [32], models: 2, learningRate: [0.001, 0.003] });
   * for await (const { epoch, loss } of trainer.fit({ epochs: 2 })) console.log(epoch, loss);
   *
   * const { networks, ensemble } = await trainer.evaluateAll(data.test);
   * for (const [i, { seed, learningRate }] of trainer.networks.entries()) {
   *   console.log(seed, learningRate, networks[i]?.accuracy ?? 'diverged');
   * }
   * console.log('all together', ensemble.accuracy);
   * device.destroy();
   * ```
   */
  async evaluateAll(samples: Samples): Promise<PopulationEvaluation> {
    if (this.#allDiverged) throw this.#divergence();
    const each = await this.#askEach((network) => network.evaluateEach(samples));
    const sound = each.map((evaluation, i) => (this.#members[i]?.diverged ? null : evaluation));
    return populationEvaluation(sound, samples.labels, this.spec.classes);
  }

  /**
   * As {@link Network.predict}, by the networks that have not diverged.
   * @param images pixels, 0 to 255: [count, height, width]
   * @throws ShadegradError as {@link Network.predict}, and `diverged` where all did
   */
  async predict(images: Uint8Array): Promise<Prediction> {
    if (this.#allDiverged) throw this.#divergence();
    const each = await this.predictEach(images);
    return ensemblePrediction(
      each.filter((_, i) => !this.#members[i]?.diverged),
      this.spec.classes,
    );
  }

  /**
   * As {@link Network.predictEach}: what a network that diverged says is worth nothing.
   * @throws ShadegradError as {@link Network.predict}
   */
  predictEach(images: Uint8Array): Promise<Prediction[]> {
    return this.#askEach((network) => network.predictEach(images));
  }

  /**
   * The best network, see {@link bestNetwork}.
   * @throws ShadegradError `gpu` or `device-lost`, and `diverged` where each has a weight that is not a finite number
   */
  async model(): Promise<Model> {
    return this.#best(await this.models());
  }

  /**
   * Each network; null where it diverged, or has a weight that is not a finite number.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async models(): Promise<(Model | null)[]> {
    const models = (await Promise.all(this.#rounds.map((round) => this.#modelsOf(round)))).flat();
    return this.#members.map(({ diverged }, i) => {
      const model = models[i];
      return model && !diverged ? unlessInfinite(model) : null;
    });
  }

  /**
   * Asks the networks of each round, with the weights that are kept.
   * @returns an answer a network, in order
   */
  async #askEach<T>(ask: (network: Network) => Promise<T[]>): Promise<T[]> {
    const { network } = this.#parts;
    const [first, ...others] = this.#rounds;
    const count = this.#members.length;
    if (others.length === 0 && this.#hasLast(first)) return (await ask(network)).slice(0, count);
    const answers: T[] = [];
    for (const round of this.#rounds) {
      // Beside the networks in training, which nobody disturbs.
      const beside = await Network.create(network.device, await this.#modelsOf(round));
      try {
        answers.push(...(await ask(beside)));
      } finally {
        beside.destroy();
      }
    }
    // Without those that fill up the last round.
    return answers.slice(0, count);
  }

  /** A round's networks with the weights that are kept: the last ones or, with early stopping, those that validated best. */
  async #modelsOf(round: Round): Promise<Model[]> {
    const kept = round.members.map(({ best }) => best);
    const hasLast = this.#hasLast(round);
    const { parameters } = round.state ?? { parameters: await this.#parts.run.parameters() };
    return unpackAll(this.spec, parameters, kept.length).map((model, slot) => {
      const best = hasLast ? null : kept[slot];
      return best ? unpackParameters(this.spec, best.parameters) : model;
    });
  }

  /** Whether the weights that are kept of a round's networks are those that it is with. */
  #hasLast(round: Round): boolean {
    const { stepsPerEpoch } = this.#parts.run;
    const { t } = this.#at(round);
    return round.members.every(({ best }) => !best || best.epoch * stepsPerEpoch === t);
  }

  /** Frees everything this trainer has on the GPU. Not to be called while `fit`, `evaluate` or `predict` runs. */
  destroy(): void {
    const { validation, run, resident, network } = this.#parts;
    destroyOnceMade(validation);
    run.destroy();
    resident.samples.destroy();
    network.destroy();
  }
}

/** Frees what is still on its way as soon as it is there. */
function destroyOnceMade(part: Underway<{ destroy(): void }> | undefined): void {
  part?.done.then(
    (made) => made.destroy(),
    () => undefined,
  );
}

/** A round's turn in an epoch. */
interface Turn extends Omit<FitOptions, 'onSnapshot' | 'snapshotSeconds'> {
  /** Which of the rounds it is, 0 for the first. */
  readonly turn: number;
  readonly snapshots: Snapshots;
}

/** What a running epoch's first steps add up to, and how long they took. */
interface Counted {
  readonly sums: readonly EpochSums[];
  readonly place: number;
  readonly seconds: number;
}

/** @throws ShadegradError `usage` where the pace is no number of batches */
function stretchOf({ pace }: Turn): number {
  const batches = pace?.() ?? Number.POSITIVE_INFINITY;
  if (batches >= 1 && (Number.isSafeInteger(batches) || batches === Number.POSITIVE_INFINITY)) return batches;
  refuse('pace', batches, 'a whole number of batches, 1 or more, or Infinity');
}

/** Whether an epoch validates better than all before it. */
function isBetter({ valLoss }: EpochRecord, { best }: Member): boolean {
  return valLoss !== null && (!best || valLoss < best.valLoss);
}
