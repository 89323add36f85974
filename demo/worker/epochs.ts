import { type Model, predictOnCpu } from '../../src/index.ts';
import type { EpochTest, Reply } from '../protocol.ts';
import type { Opened } from './inside.ts';
import { type Verdict, worstMistakes } from './inspect.ts';
import { type Answer, answerOf } from './networks.ts';

/** What weights and verdicts of epochs may take together. */
const MOST_BYTES = 64 * 2 ** 20;

/** Networks after an epoch, and what the test images said of them. */
export interface KeptEpoch {
  /** 1 for the first. */
  readonly epoch: number;
  /** Null for those that cannot be used: [networks]. */
  readonly models: readonly (Model | null)[];
  readonly shown: Opened | undefined;
  readonly verdict: Verdict;
  readonly test: EpochTest;
}

/** The epochs of a training that the page can go back to. While one is viewed, the training goes on unseen. */
export interface Epochs {
  /** Keeps an epoch, in place of one of its number, and tells the page which are kept now. */
  keep(run: number, kept: KeptEpoch): void;
  /** Forgets the epochs after one that the training goes on from, and views none. */
  goOn(run: number, epoch: number): void;
  /** Shows the page a network as it is now, unless an epoch is viewed. */
  show(run: number, shown: Opened): void;
  /** Goes back to the last epoch kept that is not after `epoch`, or to what there is now: null. */
  view(run: number, epoch: number | null): void;
  /** What the viewed epoch's networks make of a drawing; undefined where none is viewed. */
  answer(image: Uint8Array): Answer | undefined;
  /** What the test images said of the viewed epoch's networks; undefined where none is viewed. */
  readonly verdict: Verdict | undefined;
}

/**
 * Which of the epochs from `first` to `last` to keep where there is room for so many: both, and between them every second, fourth,
 * eighth and so on. What is left out once is never wanted again.
 *
 * @param room at least one, for the last
 */
export function thinned(first: number, last: number, room: number): number[] {
  if (room < 2) return [last];
  const epochs = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  for (let every = 1; ; every *= 2) {
    const left = epochs.filter((epoch) => epoch === first || epoch === last || epoch % every === 0);
    if (left.length <= room) return left;
  }
}

/**
 * @param post tells the page
 * @param draw shows the page a network's weights
 */
export function createEpochs(
  post: (reply: Reply) => void,
  draw: (run: number, shown: Opened) => void,
  mostBytes = MOST_BYTES,
): Epochs {
  let kept: readonly KeptEpoch[] = [];
  let viewed: KeptEpoch | undefined;
  let latest: Opened | undefined;

  function tell(run: number): void {
    post({ kind: 'kept-epochs', run, epochs: kept.map(({ epoch }) => epoch) });
  }

  return {
    keep(run, added) {
      const all = [...kept.filter(({ epoch }) => epoch < added.epoch), added];
      const room = Math.floor(mostBytes / Math.max(...all.map(bytesOf)));
      const left = thinned(all[0]?.epoch ?? added.epoch, added.epoch, room);
      kept = all.filter(({ epoch }) => left.includes(epoch));
      tell(run);
    },
    goOn(run, from) {
      viewed = undefined;
      kept = kept.filter(({ epoch }) => epoch <= from);
      tell(run);
    },
    show(run, shown) {
      latest = shown;
      if (!viewed) draw(run, shown);
    },
    view(run, asked) {
      viewed = asked === null ? undefined : (kept.findLast(({ epoch }) => epoch <= asked) ?? kept[0]);
      const shown = viewed ? viewed.shown : latest;
      if (shown) draw(run, shown);
      const { epoch = null, test = null, verdict } = viewed ?? {};
      post({ kind: 'epoch-view', run, epoch, test, mistakes: verdict ? worstMistakes(verdict) : [] });
    },
    answer(image) {
      return viewed && answerOf(viewed.models.map((model) => model && predictOnCpu(model, image)));
    },
    get verdict() {
      return viewed?.verdict;
    },
  };
}

function bytesOf({ models, verdict: { evaluation } }: KeptEpoch): number {
  const weights = models.flatMap((model) => model?.tensors ?? []).map(({ data }) => data.byteLength);
  return [...weights, evaluation.probabilities.byteLength, evaluation.predictions.byteLength].reduce(
    (sum, bytes) => sum + bytes,
    0,
  );
}
