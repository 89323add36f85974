import { benchPanel } from './page/bench.ts';
import { startCharts } from './page/chart.ts';
import { comparisonPanel } from './page/comparison.ts';
import { curvesPanel, type Training } from './page/curves.ts';
import { byId, say } from './page/dom.ts';
import { drawPanel, type Knowledge } from './page/draw.ts';
import { keepFocus } from './page/focus.ts';
import { guidePanel } from './page/guide.ts';
import { historyPanel } from './page/history.ts';
import { imagesPanel } from './page/images.ts';
import { insidePanel } from './page/inside.ts';
import { keepPanel } from './page/keep.ts';
import { machinePanel } from './page/machine.ts';
import { offersPanel } from './page/offers.ts';
import { originText } from './page/origin.ts';
import { resultsPanels } from './page/results.ts';
import { setupPanel } from './page/setup.ts';
import { sharePanel } from './page/share.ts';
import { steerPanel } from './page/steer.ts';
import { stepsPanel } from './page/steps.ts';
import { transport } from './page/transport.ts';
import type { Reply, Request } from './protocol.ts';
import { guessingIn, historiesOf, overfittingIn, type Shown } from './shown.ts';
import { type Event, hindrance, isRunning, type State } from './state.ts';

/** The whole page. */
export interface View {
  show(state: State): void;
  /** Passes on what only concerns the pad, the look inside or the benchmark, and is no part of the page's state. */
  answer(reply: Reply): void;
  /** To be called for a new worker, from which no answer is awaited. */
  forget(): void;
}

/**
 * @param dispatch called with what the user does
 * @param ask asks the worker about a drawing or a unit, of which the page's state knows nothing
 */
export function createView(dispatch: (event: Event) => void, ask: (request: Request) => void): View {
  const read = async (file: File) =>
    dispatch({ kind: 'model', name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) });

  const inside = insidePanel({ send: ask });
  const draw = drawPanel({
    predict: (pixels) => ask({ kind: 'predict', pixels }),
    changed: (pixels) => inside.see(pixels),
    refused: (trouble) => dispatch({ kind: 'refused', trouble }),
  });
  const showTransport = transport((button) => dispatch({ kind: 'press', button }));
  const showSetup = setupPanel({
    changed: (texts, settled) => dispatch({ kind: 'fields', texts, settled }),
    submitted: () => dispatch({ kind: 'press', button: 'train' }),
  });
  const showGuide = guidePanel((texts) => dispatch({ kind: 'experiment', texts }));
  const showImages = imagesPanel();
  const showOffers = offersPanel({
    model: (file) => void read(file),
    picture: (file) => void draw.read(file),
    dataset: (own) => dispatch({ kind: 'files', own }),
    refused: (trouble) => dispatch({ kind: 'refused', trouble }),
  });
  const showSteer = steerPanel({
    rate: (learningRate) => dispatch({ kind: 'rate', learningRate }),
    pace: (pace) => dispatch({ kind: 'pace', pace }),
    step: () => dispatch({ kind: 'press', button: 'step' }),
    view: (epoch) => dispatch({ kind: 'view', epoch }),
  });
  const curves = curvesPanel();
  const showResults = resultsPanels({
    lookInto: (label, predicted) => dispatch({ kind: 'cell', label, predicted }),
    refused: (trouble) => dispatch({ kind: 'refused', trouble }),
  });
  const showKeep = keepPanel((file) => void read(file));
  const showShare = sharePanel();
  const showHistory = historyPanel({
    restore: (run) => dispatch({ kind: 'restore', run }),
    compare: (id, on) => dispatch({ kind: 'compare', id, on }),
  });
  const showComparison = comparisonPanel((ghosts) => curves.compare(ghosts));
  const showMachine = machinePanel((on) => dispatch({ kind: 'machine-in-view', on }));
  const showSteps = stepsPanel({
    time: () => dispatch({ kind: 'time-dispatches' }),
    stop: () => dispatch({ kind: 'stop-timing' }),
  });
  const bench = benchPanel({
    names: () => ask({ kind: 'bench-names' }),
    run: (choice) => dispatch({ kind: 'bench', choice }),
    stop: () => dispatch({ kind: 'stop-bench' }),
  });
  let before: State | undefined;

  const view: View = {
    show(state) {
      const { shown } = state;
      const was = before?.shown;
      if (!isPadWaiting(state)) startCharts();
      showTransport(state);
      showSetup(state);
      showGuide(state);
      showSteer(state);
      say(byId('guessing', HTMLElement), guessingIn(shown, state.images?.data?.counts));
      say(byId('overfitting', HTMLElement), overfittingIn(curvesOf(shown).histories));
      showImages(state);
      showOffers(state);
      showKeep(state);
      showShare(state);
      showHistory(state);
      showComparison(state);
      showMachine(state);
      showSteps(state);
      showResults(state);
      byId('origin', HTMLElement).textContent = originText(shown, isRunning(state));
      const isOther = (part: keyof Shown) => shown[part] !== was?.[part];
      if (
        isOther('networks') ||
        isOther('running') ||
        isOther('epochs') ||
        isOther('viewed') ||
        isOther('rateChanges')
      ) {
        curves.show(curvesOf(shown));
      }
      if (shown.weights !== was?.weights) inside.show(shown.weights);
      const why = silence(state);
      if (
        !before ||
        shown.summary !== was?.summary ||
        shown.weights !== was?.weights ||
        shown.networks !== was?.networks ||
        why !== silence(before)
      ) {
        draw.know({ network: shown.summary, networks: shown.networks.length, why } satisfies Knowledge);
      }
      if (before?.measuring && !state.measuring) bench.abandon();
      bench.hinder(hindrance(state));
      before = state;
    },
    answer(reply) {
      if (reply.kind === 'prediction') draw.answer(reply);
      if (reply.kind === 'evidence') inside.explain(reply);
      if (reply.kind === 'unit') inside.tell(reply);
      if (reply.kind === 'bench-names') bench.offer(reply);
      if (reply.kind === 'bench-progress') bench.progress(reply.progress);
      if (reply.kind === 'bench-end') bench.end(reply);
    },
    forget() {
      draw.forget();
      inside.forget();
    },
  };
  return { ...view, show: (state) => keepFocus(() => view.show(state)) };
}

/** Whether the network that comes with the page is still on its way to the pad. */
function isPadWaiting({ awaited, isBroken, phase }: State): boolean {
  return awaited?.why === 'shipped' && !isBroken && phase !== 'training';
}

/** Why no drawing can be answered; empty where one can. */
function silence({ shown, isBroken, phase, awaited }: State): string {
  const isGone = isBroken && !shown.onProcessor;
  if (isGone && shown.summary) return 'The network went with its device. Restart to have it back.';
  if (shown.summary && !isGone) return '';
  if (phase === 'training') return 'A new network is on its way.';
  return awaited ? 'The network is on its way.' : 'There is no network yet. Train one, then draw.';
}

/** The curves of a training, as far as the epoch that is viewed. */
function curvesOf(shown: Shown): Training {
  const { running, epochs, viewed, rateChanges } = shown;
  const histories = historiesOf(shown);
  if (!viewed) return { histories, running, epochs, rateChanges };
  return {
    histories: histories.map((history) => history.slice(0, viewed.epoch)),
    running: running.filter(({ epoch }) => epoch <= viewed.epoch),
    epochs,
    rateChanges: rateChanges.filter(({ epoch }) => epoch < viewed.epoch),
  };
}
