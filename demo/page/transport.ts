import { epochsOf, isRunReport, testedBy } from '../shown.ts';
import { type Button, canReset, canTrain, isRunning, obstacle, resumable, type State } from '../state.ts';
import { MORE_EPOCHS } from '../update.ts';
import { byId, write } from './dom.ts';
import { count, duration, percent } from './format.ts';
import { troubleBox } from './trouble.ts';

const TITLE = document.title;

/** The buttons that control a training, and how far it is. */
export function transport(press: (button: Button) => void) {
  const button = (id: string) => byId(id, HTMLButtonElement);
  const primary = button('train');
  const anew = button('anew');
  const stop = button('stop');
  const reset = button('reset');
  const undo = button('undo');
  const restart = button('restart');
  const status = byId('status', HTMLElement);
  const bar = byId('progress', HTMLProgressElement);
  const speed = byId('speed', HTMLElement);
  const timeLeft = byId('time-left', HTMLElement);
  const trouble = byId('trouble', HTMLElement);
  const showTrouble = troubleBox('trouble');
  let told: State['trouble'];
  let primaryAction: Button = 'train';

  primary.addEventListener('click', () => press(primaryAction));
  for (const [element, action] of [
    [anew, 'train'],
    [stop, 'stop'],
    [reset, 'reset'],
    [undo, 'undo'],
    [restart, 'restart'],
  ] as const) {
    element.addEventListener('click', () => press(action));
  }

  /** Only buttons that can act are there. The first one stays in its place. */
  function showButtons(state: State): void {
    const [action, label] = primaryOf(state);
    primaryAction = action;
    write(primary, label);
    primary.hidden = !isRunning(state) && !canTrain(state);
    anew.hidden = action !== 'continue' && action !== 'more';
    stop.hidden = !isRunning(state);
    reset.hidden = !canReset(state);
    undo.hidden = !state.undoable || obstacle(state) !== '';
  }

  function showProgress({ phase, shown, ...state }: State): void {
    const { progress, networks, report } = shown;
    const running = isRunning({ phase, shown, ...state });
    if (running && progress) {
      const { epoch, epochs, samples, samplesPerEpoch, imagesPerSecond } = progress;
      const all = epochs * samplesPerEpoch;
      const done = ((epoch - 1) * samplesPerEpoch + samples) / all;
      bar.value = done;
      speed.textContent = count(imagesPerSecond);
      timeLeft.textContent = duration(((1 - done) * all * networks.length) / imagesPerSecond);
      document.title = `${percent(done, 0)} trained – ${TITLE}`;
      return;
    }
    document.title = TITLE;
    // Nothing is known yet of how long it takes; a bar without a value moves.
    if (running) bar.removeAttribute('value');
    else bar.value = shown.origin.kind === 'trained' ? epochsOf(shown) / shown.epochs : 0;
    const own = shown.origin.kind === 'trained' && report && isRunReport(report) ? report : undefined;
    speed.textContent = own?.imagesPerSecond ? count(own.imagesPerSecond) : '–';
    timeLeft.textContent = '–';
  }

  /** Of several networks it is the mean, with what they do together beside it. */
  function showAccuracy({ shown }: State): void {
    const several = shown.networks.length > 1;
    const isOwn = shown.origin.kind !== 'shipped';
    const test = isOwn ? (shown.report ? testedBy(shown.report) : shown.test) : undefined;
    const spread = byId('test-spread', HTMLElement);
    byId('accuracy-name', HTMLElement).textContent = several ? 'Mean test accuracy' : 'Test accuracy';
    byId('together', HTMLElement).hidden = !several;
    spread.hidden = !several;
    byId('test-accuracy', HTMLElement).textContent = test
      ? percent(test.summary?.mean ?? test.accuracy)
      : '–';
    byId('together-accuracy', HTMLElement).textContent = test ? percent(test.accuracy) : '–';
    spread.textContent = test?.summary
      ? `from ${(100 * test.summary.least).toFixed(2)} to ${(100 * test.summary.most).toFixed(2)}`
      : '';
  }

  return (state: State): void => {
    status.dataset.state = state.phase;
    const waiting = state.measuring && !isRunning(state);
    write(
      status,
      waiting ? 'A benchmark is running: training waits until it ends or is stopped' : state.status,
    );
    showTrouble(state.trouble);
    if (state.trouble && state.trouble !== told) trouble.scrollIntoView({ block: 'nearest' });
    told = state.trouble;
    showButtons(state);
    showProgress(state);
    showAccuracy(state);
  };
}

/** What the first button does, and what is written on it. */
function primaryOf(state: State): readonly [Button, string] {
  if (state.phase === 'training') return ['pause', 'Pause'];
  if (state.phase === 'paused') return ['resume', 'Resume'];
  if (!resumable(state)) return ['train', 'Train'];
  if (epochsOf(state.shown) < state.shown.epochs) return ['continue', 'Continue'];
  // A cosine has come to its end, and the rate to 0.
  return state.shown.texts?.schedule === 'cosine'
    ? ['train', 'Train']
    : ['more', `${MORE_EPOCHS} more epochs`];
}
