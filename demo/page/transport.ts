import type { Progress } from '../../src/index.ts';
import type { Problem, TestAccuracy } from '../protocol.ts';
import { byId } from './dom.ts';
import { count, duration, percent } from './format.ts';

export type Phase = 'loading' | 'ready' | 'training' | 'paused' | 'stopped' | 'done' | 'error';

export interface TransportActions {
  readonly train: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly stop: () => void;
  readonly reset: () => void;
  readonly startAgain: () => void;
}

const TITLE = document.title;

/** The buttons that control a training, and its state. */
export function transport(actions: TransportActions) {
  const button = (id: string) => byId(id, HTMLButtonElement);
  const [train, pause, stop, reset] = ['train', 'pause', 'stop', 'reset'].map(button) as [
    HTMLButtonElement,
    HTMLButtonElement,
    HTMLButtonElement,
    HTMLButtonElement,
  ];
  const status = byId('status', HTMLElement);
  const bar = byId('progress', HTMLProgressElement);
  const speed = byId('speed', HTMLElement);
  const timeLeft = byId('time-left', HTMLElement);
  const accuracy = byId('test-accuracy', HTMLElement);
  const spread = byId('test-spread', HTMLElement);
  const together = byId('together-accuracy', HTMLElement);
  const trouble = byId('trouble', HTMLElement);
  let phase: Phase = 'loading';

  train.addEventListener('click', actions.train);
  pause.addEventListener('click', () => (phase === 'paused' ? actions.resume() : actions.pause()));
  stop.addEventListener('click', actions.stop);
  reset.addEventListener('click', actions.reset);
  button('start-again').addEventListener('click', () => {
    actions.startAgain();
    train.focus();
  });

  return {
    /** @param can whether these buttons have something to do, in phases that leave it open */
    show(now: Phase, text: string, can: { readonly train: boolean; readonly reset: boolean }): void {
      phase = now;
      status.dataset.state = now;
      status.textContent = text;
      const running = now === 'training' || now === 'paused';
      train.disabled = running || !can.train;
      pause.disabled = !running;
      pause.textContent = now === 'paused' ? 'Resume' : 'Pause';
      stop.disabled = !running;
      reset.disabled = !running && !can.reset;
      if (!running) document.title = TITLE;
    },
    say(text: string): void {
      if (status.textContent !== text) status.textContent = text;
    },
    /** @param networks how many learn side by side */
    progress({ epoch, epochs, samples, samplesPerEpoch, imagesPerSecond }: Progress, networks: number): void {
      const all = epochs * samplesPerEpoch;
      const done = ((epoch - 1) * samplesPerEpoch + samples) / all;
      bar.value = done;
      speed.textContent = count(imagesPerSecond);
      timeLeft.textContent = duration(((1 - done) * all * networks) / imagesPerSecond);
      document.title = `${percent(done, 0)} trained – ${TITLE}`;
    },
    /** @param done share of the training that is done, 0 to 1; null leaves the bar as it is */
    ended(done: number | null, imagesPerSecond: number | null): void {
      if (done !== null) bar.value = done;
      speed.textContent = imagesPerSecond === null ? '–' : count(imagesPerSecond);
      timeLeft.textContent = '–';
    },
    /** @param networks how many there are: of several it is the mean, with what they do together beside it */
    accuracy(test: TestAccuracy | null, networks: number): void {
      const several = networks > 1;
      byId('accuracy-name', HTMLElement).textContent = several ? 'Mean test accuracy' : 'Test accuracy';
      byId('together', HTMLElement).hidden = !several;
      spread.hidden = !several;
      accuracy.textContent = test ? percent(test.summary?.mean ?? test.accuracy) : '–';
      together.textContent = test ? percent(test.accuracy) : '–';
      spread.textContent = test?.summary
        ? `from ${(100 * test.summary.least).toFixed(2)} to ${(100 * test.summary.most).toFixed(2)}`
        : '';
    },
    trouble(problem: Problem | null): void {
      trouble.hidden = problem === null;
      byId('trouble-text', HTMLElement).textContent = problem
        ? `${problem.message} ${problem.nextStep}`.trim()
        : '';
    },
  };
}
