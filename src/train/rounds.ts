import { epochOrder, validationSplit } from '../data/shuffle.ts';
import { initialModel } from '../model/initialise.ts';
import { packParameters, parameterCount } from '../model/layout.ts';
import type { NetworkSettings } from '../model/network-settings.ts';
import { denseLayers } from '../model/spec.ts';
import type { Divergence, EpochRecord } from './history.ts';
import type { NetworkRate } from './optimizer.ts';
import type { Prepared } from './prepare.ts';
import { type RateChange, rateBefore } from './schedule.ts';
import { isDone, type NetworkState, type RunState } from './state.ts';

/** A network, and what is known of it beside the weights on the device. */
export interface Member extends NetworkSettings {
  readonly train: Uint32Array;
  readonly validation: Uint32Array<ArrayBuffer>;
  /** Grows. What is told of it is a copy. */
  readonly history: EpochRecord[];
  diverged: Divergence | null;
  stopped: boolean;
  best: NetworkState['best'];
}

/** Networks side by side on the device, an epoch at a time. */
export interface Round {
  /** As many as there is room for; where a last round has fewer, its last network fills it up. */
  readonly members: readonly Member[];
  /** Where it is, while it is not on the device. */
  state: RunState | undefined;
  /** Of wall-clock time in its running epoch, without pauses. */
  seconds: number;
}

/** Networks, and the rounds that they are dealt to. */
export interface Dealt {
  readonly members: readonly Member[];
  readonly rounds: readonly [Round, ...Round[]];
  /** Where the first round is. */
  readonly state: RunState;
}

/** The networks, fresh or as they were, dealt to rounds of `room` each. */
export function deal(prepared: Prepared, room: number): Dealt {
  const { settings, networks, data, restore } = prepared;
  const splits = new Map<number, ReturnType<typeof validationSplit>>();
  const splitOf = (seed: number) => {
    const split = splits.get(seed) ?? validationSplit(data.train.count, settings.validationSplit, seed);
    splits.set(seed, split);
    return split;
  };
  const members = networks.map((network, i): Member => {
    const { history = [], diverged = null, stopped = false, best = null } = restore?.networks[i] ?? {};
    return { ...network, ...splitOf(network.seed), history: [...history], diverged, stopped, best };
  });
  const round = (i: number): Round & { state: RunState } => {
    const own = members.slice(i * room, (i + 1) * room);
    const filled = Array.from({ length: room }, (_, slot) => own[slot] ?? own.at(-1));
    const all = filled.filter((member) => member !== undefined);
    const before = restore?.rounds[i];
    return { members: all, state: before ?? freshState(prepared, all), seconds: before?.seconds ?? 0 };
  };
  const others = Array.from({ length: Math.ceil(members.length / room) - 1 }, (_, i) => round(i + 1));
  const first = round(0);
  return { members, rounds: [first, ...others], state: first.state };
}

function freshState({ spec, initial, optimizer }: Prepared, members: readonly Member[]): RunState {
  const packed = members.map(({ seed }) => packParameters(initial ?? initialModel(spec, seed)));
  const layers = denseLayers(spec);
  return {
    t: 0,
    place: 0,
    sums: members.map(() => ({ loss: 0, hits: 0, diverged: null })),
    parameters: layers.map((layer, l) => {
      const all = new Float32Array(members.length * parameterCount(layer));
      for (const [slot, own] of packed.entries()) all.set(own[l] ?? [], slot * parameterCount(layer));
      return all;
    }),
    moments: layers.map(
      (layer) => new Float32Array(optimizer.moments * members.length * parameterCount(layer)),
    ),
  };
}

/** The networks of a round that are not there only to fill it up, with their places in it. */
export function ownMembers({ members }: Round): { readonly member: Member; readonly slot: number }[] {
  return members
    .map((member, slot) => ({ member, slot }))
    .filter(({ member, slot }) => slot === 0 || members[slot - 1] !== member);
}

/** Whether an epoch has come to its end for all of a round's networks that are trained in it. */
export function isComplete({ members }: Pick<Round, 'members'>, epoch: number): boolean {
  return members.every((member) => isDone(member) || member.history.length >= epoch);
}

/**
 * What each network's rates are at step t.
 * @param factor what the schedule multiplies them by at step t
 * @param changes of the learning rate; asked in each step, so that there may be more of them as training goes on
 */
export function ratesOf(
  { members }: Round,
  factor: (t: number) => number,
  changes: () => readonly RateChange[] | undefined,
): (t: number) => readonly NetworkRate[] {
  return (t) => {
    const scale = factor(t);
    const changed = changes() ?? [];
    return members.map(({ learningRate, weightDecay }) => ({
      learningRate: scale * rateBefore(changed, t, learningRate),
      weightDecay,
    }));
  };
}

/** The part of a tensor [models, ...] that is one network's. */
export function partOf(
  tensor: Float32Array<ArrayBuffer>,
  slot: number,
  models: number,
): Float32Array<ArrayBuffer> {
  const size = tensor.length / models;
  return tensor.slice(slot * size, (slot + 1) * size);
}

/** The orders in which a round's networks take their samples in an epoch, made one by one. Equal seeds have the same. */
export class Orders {
  readonly round: Round;
  readonly epoch: number;
  readonly #bySeed = new Map<number, Uint32Array<ArrayBuffer>>();

  constructor(round: Round, epoch: number) {
    this.round = round;
    this.epoch = epoch;
  }

  /** Makes one more, where one is missing. */
  makeOne(): void {
    const next = this.round.members.find(({ seed }) => !this.#bySeed.has(seed));
    if (next) this.#of(next);
  }

  /** All of them: [models, samples]. */
  joined(): Uint32Array<ArrayBuffer> {
    const orders = this.round.members.map((member) => this.#of(member));
    const length = orders[0]?.length ?? 0;
    const all = new Uint32Array(orders.length * length);
    for (const [slot, order] of orders.entries()) all.set(order, slot * length);
    return all;
  }

  #of({ train, seed }: Member): Uint32Array<ArrayBuffer> {
    const order = this.#bySeed.get(seed) ?? epochOrder(train, seed, this.epoch);
    this.#bySeed.set(seed, order);
    return order;
  }
}
