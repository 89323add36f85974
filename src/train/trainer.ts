import { assertBytes } from '../data/bytes.ts';
import { datasetChecksum } from '../data/checksum.ts';
import type { Dataset, Samples } from '../data/dataset.ts';
import { epochOrder, validationSplit } from '../data/shuffle.ts';
import { ShadegradError } from '../errors.ts';
import { initialModel } from '../model/initialise.ts';
import { packParameters, parameterCount, unpackParameters } from '../model/layout.ts';
import type { Model } from '../model/model.ts';
import { denseLayers, type MlpSpec, mlp } from '../model/spec.ts';
import { bestNetwork } from './best.ts';
import { fastestPlan, type PlanChoice, type PlanMemory } from './choice.ts';
import { ensemblePrediction, populationEvaluation } from './ensemble.ts';
import { precompile } from './executable.ts';
import type {
  Divergence,
  EpochRecord,
  Evaluation,
  NetworkRecord,
  NetworkSettings,
  PopulationEvaluation,
  Prediction,
  Progress,
} from './history.ts';
import { Inference, inferenceSizes } from './inference.ts';
import { tiledKernels } from './kernels/tiled.ts';
import { evaluationPlan, Network } from './network.ts';
import { type Optimizer, optimizerOf } from './optimizer.ts';
import { assertWithinLimits, isWithinLimits, requiredLimits, type StepPlan } from './plan.ts';
import { ANY_PLAN, candidatePlans, planLacks, planMisfit, trainingPlan } from './plans/index.ts';
import { inferencePlan } from './plans/inference.ts';
import { type BatchSizes, parametersOf } from './plans/sizes.ts';
import { makeResident, type Resident } from './resident.ts';
import { Run } from './run.ts';
import { learningRateFactor, scheduleEnd } from './schedule.ts';
import { networksOf, type TrainerSettings, trainerSettings } from './settings.ts';
import {
  type EpochSums,
  epochsTrained,
  isDone,
  type NetworkState,
  type RoundState,
  type RunState,
  type TrainerState,
} from './state.ts';

/** What to train and how: each setting has a default. */
export interface TrainerOptions extends Partial<TrainerSettings> {
  /** Keeps what `auto` chose for a kind of adapter and a shape. Default: this process does. */
  readonly planMemory?: PlanMemory;
  /** Weights to start from, the same for every network. Default: each its own, by its seed. */
  readonly initial?: Model;
  /**
   * Goes on where another trainer was, with its settings and on the same data: to the bit, if the plan is the same too.
   * Other settings can be given only if they are the same, but for `plan`.
   */
  readonly restore?: TrainerState;
}

export interface FitOptions {
  /** How many more; one that was left in its middle counts as one. */
  readonly epochs: number;
  /** Stops the training at the next batch boundary with an error `interrupted`. */
  readonly signal?: AbortSignal;
  /**
   * Called at most ten times a second; training waits for a promise it returns, which makes a pause. What it takes
   * counts neither in `seconds` nor in `imagesPerSecond`.
   */
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /**
   * Called with everything that another trainer needs to go on: after each epoch, where the training is interrupted, and
   * within an epoch each time `snapshotSeconds` are over. Training does not wait for a promise it returns, but the next
   * snapshot and the end of `fit` do.
   */
  readonly onSnapshot?: (state: TrainerState) => void | Promise<void>;
  /** Default: none within an epoch. */
  readonly snapshotSeconds?: number;
}

/** The least time between two read-backs of a running epoch's loss. */
const PROGRESS_MILLISECONDS = 100;

/** A network, and what is known of it beside the weights on the device. */
interface Member extends NetworkSettings {
  readonly train: Uint32Array;
  readonly validation: Uint32Array<ArrayBuffer>;
  history: EpochRecord[];
  diverged: Divergence | null;
  stopped: boolean;
  best: NetworkState['best'];
}

/** Networks side by side, and where they are while others are on the device. */
interface Round {
  /** As many as there is room for side by side; the last network repeats until there are. */
  readonly members: readonly Member[];
  state: RunState;
  /** Of the running epoch, in training. */
  seconds: number;
}

/** What a trainer has on the device. */
interface Parts {
  readonly resident: Resident;
  readonly network: Network;
  readonly run: Run;
  readonly validation: Inference | undefined;
}

/**
 * Trains a network, or many of one shape side by side, on one dataset. The data, the weights and the optimizer's state stay
 * on the GPU; where not all networks fit, rounds of as many as do take turns, an epoch each.
 */
export class Trainer {
  readonly spec: MlpSpec;
  readonly settings: TrainerSettings;
  /** The plan that runs, as data. */
  readonly plan: StepPlan;
  /** Microseconds a step of each plan that was timed to choose this one. */
  readonly timed: PlanChoice['timed'];
  readonly #data: Dataset;
  readonly #parts: Parts;
  readonly #factor: (t: number) => number;
  readonly #members: readonly Member[];
  readonly #rounds: readonly Round[];
  /** The round whose networks are on the device. */
  #loaded: Round;
  /** The running epoch, or the last one; 0 before the first. */
  #epoch: number;
  /** Orders of an epoch to come, made while another one runs. */
  #orders: { readonly epoch: number; readonly of: Map<Member, Uint32Array<ArrayBuffer>> };
  #checksum: Promise<string> | undefined;
  #fitting = false;
  /** In the middle of an epoch, when the weights on the device must stay as they are. */
  #training = false;

  /**
   * Copies the training set and freshly initialised networks to the GPU.
   * @throws ShadegradError `usage` where an option is out of range or contradicts `restore`, the device is too small or
   *   lacks what the plan needs, or `data` holds something else than bytes; `bad-data` where `restore` is of other data;
   *   `bad-model` where `initial` has another shape; `gpu`
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
    const room = restore?.rounds[0]?.sums.length ?? sideBySide(device, prepared);
    const sizes = sizesOf(prepared, room);
    for (const plan of evaluationPlans(prepared, room)) assertWithinLimits(plan, device.limits);
    const candidates = plansFor(device, prepared, sizes);
    // Compiles while the data go to the GPU.
    precompile(device, candidates[0]);
    const { members, rounds } = deal(prepared, room);
    const [first] = rounds;
    const made: { destroy(): void }[] = [];
    const keep = <T extends { destroy(): void }>(part: T): T => {
      made.push(part);
      return part;
    };
    try {
      const network = keep(await Network.create(device, modelsOf(spec, first.state, room)));
      const resident = await makeResident(device, spec, data.train);
      keep(resident.samples);
      const factor = learningRateFactor(settings.schedule, settings.warmup, stepsPerEpoch(sizes));
      const setup = { sizes, optimizer, rates: ratesOf(first.members, factor) };
      const trial = () => ({
        ...setup,
        samples: resident.samples,
        order: joined(first.members.map(({ train, seed }) => epochOrder(train, seed, 1))),
        state: first.state,
      });
      const choice = await fastestPlan(
        device,
        candidates,
        shapeOf(prepared, sizes),
        trial,
        options.planMemory,
      );
      const shared = new Map([...network.parameters, ['samples', resident.samples]]);
      const run = keep(await Run.create(device, { ...setup, plan: choice.plan }, shared));
      const validated = members[0]?.validation.length ?? 0;
      const validation =
        validated > 0
          ? await Inference.create(device, spec, room, network.parameters, resident, validated)
          : undefined;
      const parts = { resident, network, run, validation };
      return new Trainer(prepared, data, choice, parts, factor, members, rounds);
    } catch (error) {
      for (const part of made) part.destroy();
      throw error;
    }
  }

  private constructor(
    { spec, settings, sizes, restore }: Prepared,
    data: Dataset,
    { plan, timed }: PlanChoice,
    parts: Parts,
    factor: (t: number) => number,
    members: readonly Member[],
    rounds: readonly [Round, ...Round[]],
  ) {
    this.spec = spec;
    this.plan = plan;
    this.timed = timed;
    this.settings = { ...settings, batchSize: sizes.batch };
    this.#data = data;
    this.#parts = parts;
    this.#factor = factor;
    this.#members = members;
    this.#rounds = rounds;
    this.#epoch = restore?.epoch ?? 0;
    this.#orders = { epoch: 0, of: new Map() };
    [this.#loaded] = rounds;
    this.#enter(this.#loaded);
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

  /** Batches of the running epoch that the networks on the device have behind them, and how many it has. */
  get place(): { readonly done: number; readonly of: number } {
    const { place, stepsPerEpoch } = this.#parts.run;
    return { done: place === stepsPerEpoch ? 0 : place, of: stepsPerEpoch };
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

  /**
   * Index of the best network, see {@link bestNetwork}; the test set has no say.
   * @throws ShadegradError `diverged` where all did
   */
  get best(): number {
    return bestNetwork(this.networks);
  }

  /** The epochs of the only network, or of the best one. */
  get history(): readonly EpochRecord[] {
    const [only, ...others] = this.#members;
    return [...((others.length > 0 ? this.#members[this.best] : only)?.history ?? [])];
  }

  /** What the epochs that came to their end add up to: samples of all networks, and wall-clock time. */
  get trained(): { readonly samples: number; readonly seconds: number } {
    const epochs = this.#members.reduce((sum, { history }) => sum + history.length, 0);
    const longest = this.#rounds.map(({ members }) => {
      const histories = members.map(({ history }) => history);
      return histories.reduce((most, history) => (history.length > most.length ? history : most), []);
    });
    const seconds = longest.flat().reduce((sum, record) => sum + record.seconds, 0);
    return { samples: epochs * this.samplesPerEpoch, seconds };
  }

  /**
   * Trains `epochs` more epochs and yields each one's record when it is done: of several networks the means over those that
   * have not diverged or been stopped. Ends sooner where early stopping has stopped them all. Leaving the loop stops the
   * training.
   *
   * @throws ShadegradError `usage` (also where a `fit` is under way already, or the schedule has come to its end),
   *   `interrupted`, `diverged` (no network has a finite loss; the epoch is named), `gpu` or `device-lost`
   */
  async *fit({ epochs, ...options }: FitOptions): AsyncGenerator<EpochRecord, void> {
    if (!Number.isSafeInteger(epochs) || epochs < 1) {
      throw new ShadegradError('usage', `epochs: ${epochs} is not a number of epochs.`, 'Use 1 or more.');
    }
    const last = this.epochs + epochs;
    const end = scheduleEnd(this.settings.schedule);
    if (end !== undefined && last > end) {
      throw new ShadegradError(
        'usage',
        `The schedule "${this.settings.schedule.name}" has brought the learning rate to 0 after ${end} epochs, and epoch ${last} is asked for.`,
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
    this.#fitting = true;
    const snapshots = new Snapshots(() => this.state(), options);
    try {
      while (this.epochs < last && this.#members.some((member) => !isDone(member))) {
        const epoch = this.epochs + 1;
        this.#epoch = epoch;
        const started = this.#members.filter((member) => !isDone(member));
        for (const [i, round] of this.#rounds.entries()) {
          if (round.members.every((member) => isDone(member) || member.history.length >= epoch)) continue;
          await this.#load(round);
          await this.#trainRound(epoch, { ...options, epochs: last, round: i, snapshots });
        }
        const record = this.#meanRecord(started, epoch);
        await snapshots.take();
        if (this.#members.every(({ diverged }) => diverged)) throw this.#allDiverged();
        if (record) yield record;
      }
      await snapshots.end();
    } finally {
      this.#fitting = false;
    }
  }

  /** Trains what is left of an epoch of the networks on the device, validates them and keeps their records. */
  async #trainRound(epoch: number, context: RoundContext): Promise<void> {
    const { run } = this.#parts;
    const round = this.#loaded;
    if (epochOf(run, run.stepsPerEpoch) < epoch) {
      run.begin(this.#orderOf(round, epoch));
      round.seconds = 0;
    }
    this.#training = true;
    try {
      await this.#advance(epoch, context);
    } finally {
      this.#training = false;
    }
    const sums = await run.sums();
    const validated = await this.#parts.validation?.sums(round.members.map(({ validation }) => validation));
    const ranking: { member: Member; slot: number }[] = [];
    for (const [slot, member] of round.members.entries()) {
      if (isDone(member) || member.history.length >= epoch) continue;
      const sum = sums[slot];
      const tested = validated?.[slot];
      if (!sum) continue;
      if (sum.diverged !== null || (tested && !Number.isFinite(tested.lossSum))) {
        member.diverged = { epoch, batch: sum.diverged };
        continue;
      }
      const count = member.validation.length;
      member.history.push({
        epoch,
        loss: sum.loss / member.train.length,
        accuracy: sum.hits / member.train.length,
        valLoss: tested ? tested.lossSum / count : null,
        valAccuracy: tested ? tested.hits / count : null,
        seconds: round.seconds,
      });
      ranking.push({ member, slot });
    }
    if (this.settings.patience !== null) await this.#keepBest(epoch, ranking, this.settings.patience);
  }

  /** Early stopping: keeps the weights of networks that validated better than ever, and ends those that did not for long. */
  async #keepBest(
    epoch: number,
    networks: readonly { readonly member: Member; readonly slot: number }[],
    patience: number,
  ): Promise<void> {
    const better = networks.filter(({ member }) => {
      const loss = member.history.at(-1)?.valLoss ?? Number.NaN;
      return !(member.best && member.best.valLoss <= loss);
    });
    const parameters = better.length > 0 ? (await this.#parts.run.snapshot()).parameters : [];
    for (const { member, slot } of better) {
      const own = parameters.map((layer) => partOf(layer, slot, this.#loaded.members.length));
      member.best = { epoch, valLoss: member.history.at(-1)?.valLoss ?? Number.NaN, parameters: own };
    }
    for (const { member } of networks) {
      member.stopped = member.best !== null && epoch - member.best.epoch >= patience;
    }
  }

  async #advance(epoch: number, context: RoundContext): Promise<void> {
    const { signal, onProgress, snapshots } = context;
    const { run } = this.#parts;
    const round = this.#loaded;
    const before = round.seconds;
    let since = performance.now();
    const seconds = () => before + (performance.now() - since) / 1000;
    let reported = since;
    for await (const done of run.advance(run.stepsPerEpoch, signal)) {
      round.seconds = seconds();
      // While the GPU works; there is nothing else to do.
      this.#makeOrder(round, epoch + 1);
      snapshots.takeWhenDue();
      if (!onProgress || done === run.stepsPerEpoch) continue;
      if (performance.now() - reported < PROGRESS_MILLISECONDS) continue;
      const progress = this.#progress(await run.sums(), done, seconds(), epoch, context);
      // All of them diverged: the rest of the epoch would be for nothing.
      if (!progress) return;
      const heldSince = performance.now();
      await onProgress(progress);
      reported = performance.now();
      since += reported - heldSince;
    }
    if (run.done < run.stepsPerEpoch) {
      await snapshots.take();
      await snapshots.end();
      throw new ShadegradError(
        'interrupted',
        `Training was interrupted in epoch ${epoch}, after ${run.done} of its ${run.stepsPerEpoch} batches.`,
        'The epochs before it are complete.',
      );
    }
    const sums = await run.sums();
    round.seconds = seconds();
    const progress = this.#progress(sums, run.done, round.seconds, epoch, context);
    if (progress) await onProgress?.(progress);
  }

  /** Of the networks on the device; undefined where all of them diverged. */
  #progress(
    sums: readonly EpochSums[],
    done: number,
    seconds: number,
    epoch: number,
    { epochs, round: turn }: RoundContext,
  ): Progress | undefined {
    const { samplesPerEpoch } = this;
    const { members } = this.#loaded;
    const live = sums.filter(
      (sum, slot) => isOwn(members, slot) && !members[slot]?.diverged && sum.diverged === null,
    );
    if (live.length === 0) return undefined;
    const samples = Math.min(samplesPerEpoch, done * this.settings.batchSize);
    const mean = (of: (sum: EpochSums) => number) =>
      live.reduce((total, sum) => total + of(sum), 0) / (live.length * samples);
    const own = members.filter((_, slot) => isOwn(members, slot)).length;
    return {
      epoch,
      epochs,
      samples: Math.round((turn * samplesPerEpoch + samples) / this.#rounds.length),
      samplesPerEpoch,
      loss: mean(({ loss }) => loss),
      accuracy: mean(({ hits }) => hits),
      imagesPerSecond: (own * samples) / seconds,
    };
  }

  #meanRecord(members: readonly Member[], epoch: number): EpochRecord | undefined {
    const records = members.flatMap(({ history }) => history[epoch - 1] ?? []);
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
      seconds: this.#rounds.reduce((sum, round) => sum + round.seconds, 0),
    };
  }

  #allDiverged(): ShadegradError {
    const [first] = this.#members;
    const { epoch, batch } = first?.diverged ?? { epoch: this.#epoch, batch: null };
    const where =
      batch === null ? `on the validation samples after epoch ${epoch}` : `in epoch ${epoch}, batch ${batch}`;
    const which =
      this.#members.length > 1
        ? `No network's loss is finite: the first one's was not `
        : 'The loss is not finite ';
    const rates = [...new Set(this.#members.map(({ learningRate }) => learningRate))];
    return new ShadegradError(
      'diverged',
      `${which}${where}.`,
      `Use a learning rate well below ${Math.min(...rates)}: ${this.settings.optimizer === 'sgd' ? "SGD's usual one is 0.01" : "Adam's usual one is 0.001"}.`,
    );
  }

  #orderOf(round: Round, epoch: number): Uint32Array<ArrayBuffer> {
    const made = this.#orders.epoch === epoch ? this.#orders.of : undefined;
    return joined(
      round.members.map((member) => made?.get(member) ?? epochOrder(member.train, member.seed, epoch)),
    );
  }

  /** Makes one more of the orders of an epoch to come. */
  #makeOrder({ members }: Round, epoch: number): void {
    if (this.#orders.epoch !== epoch) this.#orders = { epoch, of: new Map() };
    const { of } = this.#orders;
    const next = members.find((member) => !of.has(member));
    if (next) of.set(next, epochOrder(next.train, next.seed, epoch));
  }

  /** Brings a round's networks onto the device. */
  async #load(round: Round): Promise<void> {
    if (round === this.#loaded) return;
    this.#loaded.state = await this.#parts.run.snapshot();
    this.#enter(round);
  }

  #enter(round: Round): void {
    const { run } = this.#parts;
    const { state } = round;
    const epoch = epochOf(state, run.stepsPerEpoch);
    run.restore(state, this.#orderOf(round, epoch), ratesOf(round.members, this.#factor));
    this.#loaded = round;
  }

  /**
   * Everything that another trainer needs to go on, as it is after the work submitted so far. Training may go on meanwhile.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async state(): Promise<TrainerState> {
    const loaded = this.#loaded;
    const snapshot = this.#parts.run.snapshot();
    const rest = {
      spec: this.spec,
      settings: { ...this.settings, plan: this.plan.name as TrainerSettings['plan'] },
      epoch: this.#epoch,
      networks: this.#members.map(
        ({ seed, learningRate, weightDecay, history, diverged, stopped, best }): NetworkState => ({
          seed,
          learningRate,
          weightDecay,
          history: [...history],
          diverged,
          stopped,
          best,
        }),
      ),
    };
    const others = this.#rounds.map(({ state, seconds }): RoundState => ({ ...state, seconds }));
    const at = this.#rounds.indexOf(loaded);
    this.#checksum ??= datasetChecksum(this.#data);
    const dataset = await this.#checksum;
    const current = { ...(await snapshot), seconds: loaded.seconds };
    return { ...rest, dataset, rounds: others.map((state, i) => (i === at ? current : state)) };
  }

  /**
   * The best network's loss, accuracy, probabilities and predictions on labelled samples.
   * @throws ShadegradError as {@link Network.evaluate}
   */
  async evaluate(samples: Samples): Promise<Evaluation> {
    const { networks, ensemble } = await this.evaluateAll(samples);
    return networks[this.best] ?? ensemble;
  }

  /**
   * What each network and all together make of labelled samples.
   * @throws ShadegradError as {@link Network.evaluate}, `diverged` where no network is left, and `usage` in the middle of
   *   an epoch where not all networks are on the device
   */
  async evaluateAll(samples: Samples): Promise<PopulationEvaluation> {
    const each = await this.#eachRound((network) => network.evaluateEach(samples));
    const networks = each.map((evaluation, i) => (this.#members[i]?.diverged ? null : evaluation));
    if (networks.every((network) => network === null)) throw this.#allDiverged();
    return populationEvaluation(networks, samples.labels, this.spec.classes);
  }

  /** As {@link Network.predict}, by the networks that have not diverged. */
  async predict(images: Uint8Array): Promise<Prediction> {
    const each = await this.predictEach(images);
    return ensemblePrediction(
      each.filter((_, i) => !this.#members[i]?.diverged),
      this.spec.classes,
    );
  }

  /** As {@link Network.predictEach}. */
  predictEach(images: Uint8Array): Promise<Prediction[]> {
    return this.#eachRound((network) => network.predictEach(images));
  }

  /**
   * The best network.
   * @throws ShadegradError `gpu` or `device-lost`, and `diverged` where it has a weight that is not a finite number
   */
  async model(): Promise<Model> {
    const model = (await this.models())[this.best];
    if (model) return model;
    throw this.#allDiverged();
  }

  /**
   * Each network; null where it diverged.
   * @throws ShadegradError `gpu` or `device-lost`
   */
  async models(): Promise<(Model | null)[]> {
    const models = await this.#eachRound((network) => network.models());
    return models.map((model, i) => (this.#members[i]?.diverged ? null : model));
  }

  /**
   * Asks the networks of each round, with the weights that are kept: with early stopping those that validated best.
   * @returns an answer a network, in order
   */
  async #eachRound<T>(ask: (network: Network) => Promise<T[]>): Promise<T[]> {
    const { network } = this.#parts;
    if (this.#rounds.length === 1 && (this.#training || !this.#hasBetter(this.#loaded))) {
      return (await ask(network)).slice(0, this.#members.length);
    }
    if (this.#training) {
      throw new ShadegradError(
        'usage',
        'Not all networks are on the device in the middle of an epoch.',
        'Ask between two epochs.',
      );
    }
    const answers: T[] = [];
    for (const round of this.#rounds) {
      await this.#load(round);
      if (!this.#hasBetter(round)) {
        answers.push(...(await ask(network)));
        continue;
      }
      round.state = await this.#parts.run.snapshot();
      this.#writeBest(round);
      try {
        answers.push(...(await ask(network)));
      } finally {
        this.#enter(round);
      }
    }
    return answers.slice(0, this.#members.length);
  }

  #hasBetter({ members }: Round): boolean {
    return members.some(({ best, history }) => best && best.epoch !== history.length);
  }

  #writeBest({ members }: Round): void {
    const { network } = this.#parts;
    for (const [slot, { best }] of members.entries()) {
      for (const [layer, parameters] of (best?.parameters ?? []).entries()) {
        const buffer = network.parameters.get(parametersOf(layer));
        if (buffer) network.device.queue.writeBuffer(buffer, slot * parameters.byteLength, parameters);
      }
    }
  }

  /** Frees everything this trainer has on the GPU. Not to be called while `fit`, `evaluate` or `predict` runs. */
  destroy(): void {
    const { validation, run, resident, network } = this.#parts;
    validation?.destroy();
    run.destroy();
    resident.samples.destroy();
    network.destroy();
  }
}

/** What an epoch of a round needs to know. */
interface RoundContext extends Omit<FitOptions, 'onSnapshot' | 'snapshotSeconds'> {
  /** Which of the rounds it is, 0 for the first. */
  readonly round: number;
  readonly snapshots: Snapshots;
}

/** Takes snapshots, one at a time, and passes them on. */
class Snapshots {
  readonly #state: () => Promise<TrainerState>;
  readonly #use: FitOptions['onSnapshot'];
  readonly #milliseconds: number;
  #last = performance.now();
  #pending: Promise<void> | undefined;
  #failure: unknown;

  constructor(
    state: () => Promise<TrainerState>,
    {
      onSnapshot,
      snapshotSeconds = Number.POSITIVE_INFINITY,
    }: Pick<FitOptions, 'onSnapshot' | 'snapshotSeconds'>,
  ) {
    this.#state = state;
    this.#use = onSnapshot;
    this.#milliseconds = 1000 * snapshotSeconds;
  }

  /** Begins one where it is time and none is under way; what fails is told by the next {@link take} or {@link end}. */
  takeWhenDue(): void {
    if (this.#pending || performance.now() - this.#last < this.#milliseconds) return;
    this.#begin();
  }

  /** Takes one now, after the one under way. */
  async take(): Promise<void> {
    await this.end();
    this.#begin();
  }

  /** Waits for the one under way. */
  async end(): Promise<void> {
    await this.#pending;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #begin(): void {
    const use = this.#use;
    if (!use) return;
    this.#last = performance.now();
    this.#pending = this.#state()
      .then(use)
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#pending = undefined;
      });
  }
}

/** What is known before there is a device. */
interface Prepared {
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
 * Limits beyond WebGPU's defaults that training one network and evaluating it on `data` need: for `adapter.requestDevice`.
 * @throws ShadegradError `usage` where an option is out of range
 */
export function trainerLimits(data: Dataset, options: TrainerOptions = {}): Record<string, number> {
  return limitsFor(prepare(data, options), 1);
}

/**
 * The same for all networks side by side. With less, as many as fit take turns.
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
  const plan = trainingPlan(name, sizesOf(prepared, models), optimizer);
  return requiredLimits(plan, ...evaluationPlans(prepared, models));
}

/** @throws ShadegradError `usage` */
function prepare(data: Dataset, options: TrainerOptions): Prepared {
  const { planMemory: _, initial, restore, ...given } = options;
  const settings = restore ? restoredSettings(restore, given) : trainerSettings(given);
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
function restoredSettings({ settings }: TrainerState, given: Partial<TrainerSettings>): TrainerSettings {
  for (const [name, value] of Object.entries(given)) {
    const before = settings[name as keyof TrainerSettings];
    if (name === 'plan' || value === undefined || JSON.stringify(value) === JSON.stringify(before)) continue;
    throw new ShadegradError(
      'usage',
      `${name}: ${JSON.stringify(value)} contradicts the training to go on with, which has ${JSON.stringify(before)}.`,
      'Leave it out, or begin another training.',
    );
  }
  return trainerSettings(
    given.plan === undefined || given.plan === 'auto' ? settings : { ...settings, plan: given.plan },
  );
}

function assertRestorable({ restore, spec, networks, sizes }: Prepared): void {
  if (!restore) return;
  if (JSON.stringify(restore.spec) !== JSON.stringify(spec)) {
    throw new ShadegradError(
      'bad-data',
      `The training to go on with is of a network for ${restore.spec.inputs} inputs and ${restore.spec.classes} classes, and these data have ${spec.inputs} and ${spec.classes}.`,
      'Use the data that it was begun with.',
    );
  }
  const own = restore.networks.map(({ seed, learningRate, weightDecay }) => ({
    seed,
    learningRate,
    weightDecay,
  }));
  const steps = stepsPerEpoch(sizes);
  const possible = restore.rounds.every((state) => {
    const epoch = epochOf(state, steps);
    return Number.isInteger(epoch) && state.place <= steps && epoch <= Math.max(1, restore.epoch);
  });
  if (possible && JSON.stringify(own) === JSON.stringify(networks)) return;
  throw new ShadegradError(
    'bad-model',
    'The training to go on with is in a state that its settings and these data cannot have led to.',
    'Use an undamaged checkpoint, or begin another training.',
  );
}

async function assertSameData({ dataset }: TrainerState, data: Dataset): Promise<void> {
  if (dataset === (await datasetChecksum(data))) return;
  throw new ShadegradError(
    'bad-data',
    `The training to go on with was begun with other data than "${data.name}" as it is here: their checksums differ.`,
    'Use the data that it was begun with, or begin another training.',
  );
}

function assertShape(initial: Model, spec: MlpSpec): void {
  const shape = ({ inputs, hidden, classes }: MlpSpec) => [inputs, ...hidden, classes].join('-');
  if (shape(initial.spec) === shape(spec)) return;
  throw new ShadegradError(
    'bad-model',
    `The weights to start from are of a network ${shape(initial.spec)}, and ${shape(spec)} is to be trained.`,
    'Use the hidden widths and the kind of data of the model, or another model.',
  );
}

function assertHas(
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
function epochOf({ t, place }: Pick<RunState, 't' | 'place'>, steps: number): number {
  return (t - place) / steps + 1;
}

const stepsPerEpoch = ({ orderLength, batch }: BatchSizes) => Math.ceil(orderLength / batch);

const sizesOf = ({ sizes }: Prepared, models: number): BatchSizes => ({ ...sizes, models });

/** The plans to choose from, which the device's limits allow if they allow any. */
function plansFor(
  device: GPUDevice,
  { settings: { plan }, optimizer }: Prepared,
  sizes: BatchSizes,
): readonly [StepPlan, ...StepPlan[]] {
  return plan === 'auto' ? candidatePlans(device, sizes, optimizer) : [trainingPlan(plan, sizes, optimizer)];
}

function evaluationPlans({ spec, split, data }: Prepared, models: number): StepPlan[] {
  const { validation } = split;
  const sizes = inferenceSizes(spec, models, data.train.count, validation);
  return [
    evaluationPlan(spec, models, data.test.count),
    ...(validation > 0 ? [inferencePlan(tiledKernels(), sizes, true)] : []),
  ];
}

/** How many of the networks fit side by side into the device's limits; 1 where not even one does. */
function sideBySide(device: GPUDevice, prepared: Prepared): number {
  const fits = (models: number) => {
    const [plan] = plansFor(device, prepared, sizesOf(prepared, models));
    return [plan, ...evaluationPlans(prepared, models)].every((each) => isWithinLimits(each, device.limits));
  };
  const all = prepared.networks.length;
  let rounds = 1;
  while (rounds < all && !fits(Math.ceil(all / rounds))) rounds++;
  return Math.ceil(all / rounds);
}

/** What a choice of plans is for, in words. */
function shapeOf({ spec, optimizer }: Prepared, { batch, models }: BatchSizes): string {
  return [
    [spec.inputs, ...spec.hidden, spec.classes].join('-'),
    `batch ${batch}`,
    ...(models > 1 ? [`${models} models`] : []),
    ...(optimizer.name === 'adam' ? [] : [optimizer.name]),
  ].join(', ');
}

/** The networks, and the rounds of `room` each that they are dealt to. */
function deal(
  prepared: Prepared,
  room: number,
): { members: readonly Member[]; rounds: readonly [Round, ...Round[]] } {
  const { settings, networks, data, restore } = prepared;
  const members = networks.map((network, i): Member => {
    const { train, validation } = validationSplit(data.train.count, settings.validationSplit, network.seed);
    const state = restore?.networks[i];
    return {
      ...network,
      train,
      validation: new Uint32Array(validation),
      history: [...(state?.history ?? [])],
      diverged: state?.diverged ?? null,
      stopped: state?.stopped ?? false,
      best: state?.best ?? null,
    };
  });
  const round = (i: number): Round => {
    const own = members.slice(i * room, (i + 1) * room);
    const last = own.at(-1);
    const all = Array.from({ length: room }, (_, slot) => own[slot] ?? last).filter(
      (member) => member !== undefined,
    );
    const before = restore?.rounds[i];
    return {
      members: all,
      state: before ?? freshState(prepared, all),
      seconds: before?.seconds ?? 0,
    };
  };
  const others = Array.from({ length: Math.ceil(members.length / room) - 1 }, (_, i) => round(i + 1));
  return { members, rounds: [round(0), ...others] };
}

function freshState({ spec, initial, optimizer }: Prepared, members: readonly Member[]): RunState {
  const packed = members.map(({ seed }) => packParameters(initial ?? initialModel(spec, seed)));
  const layers = denseLayers(spec);
  return {
    t: 0,
    place: 0,
    sums: members.map(() => ({ loss: 0, hits: 0, diverged: null })),
    parameters: layers.map((_, layer) => joinedFloats(packed.map((own) => own[layer] ?? new Float32Array()))),
    moments: layers.map(
      (layer) => new Float32Array(optimizer.moments * members.length * parameterCount(layer)),
    ),
  };
}

function modelsOf(spec: MlpSpec, { parameters }: RunState, models: number): Model[] {
  return Array.from({ length: models }, (_, slot) =>
    unpackParameters(
      spec,
      parameters.map((layer) => partOf(layer, slot, models)),
    ),
  );
}

/** The part of a tensor [models, ...] that is one network's. */
function partOf(tensor: Float32Array<ArrayBuffer>, slot: number, models: number): Float32Array<ArrayBuffer> {
  const size = tensor.length / models;
  return tensor.slice(slot * size, (slot + 1) * size);
}

function ratesOf(members: readonly Member[], factor: (t: number) => number) {
  return (t: number) => {
    const scale = factor(t);
    return members.map(({ learningRate, weightDecay }) => ({
      learningRate: scale * learningRate,
      weightDecay,
    }));
  };
}

/** Whether a slot of a round is not there only to fill it up. */
function isOwn(members: readonly Member[], slot: number): boolean {
  return slot === 0 || members[slot] !== members[slot - 1];
}

function joined(orders: readonly Uint32Array<ArrayBuffer>[]): Uint32Array<ArrayBuffer> {
  const all = new Uint32Array(orders.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const order of orders) {
    all.set(order, at);
    at += order.length;
  }
  return all;
}

function joinedFloats(parts: readonly Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
