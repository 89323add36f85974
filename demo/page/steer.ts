import { isRunning, type State } from '../state.ts';
import { byId, say } from './dom.ts';

export interface SteerActions {
  readonly rate: (learningRate: number) => void;
  readonly pace: (pace: State['pace']) => void;
  readonly step: () => void;
  /** @param epoch null for what there is now */
  readonly view: (epoch: number | null) => void;
}

/** What steers a training while it runs, and what goes back through its epochs. */
export function steerPanel({ rate, pace, step, view }: SteerActions) {
  const steer = byId('steer', HTMLElement);
  const rateField = byId('rate', HTMLInputElement);
  const rateWrong = byId('rate-wrong', HTMLElement);
  const slow = byId('slow', HTMLInputElement);
  const stepButton = byId('step', HTMLButtonElement);
  const rewind = byId('rewind', HTMLElement);
  const slider = byId('epoch-view', HTMLInputElement);
  const viewed = byId('epoch-viewed', HTMLOutputElement);
  let epochs: readonly number[] = [];
  let run = 0;

  byId('rate-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    // What is no number, the training refuses in the same words as any wrong rate.
    rate(Number(rateField.value.trim() || Number.NaN));
  });
  slow.addEventListener('change', () => pace(slow.checked ? 'slow' : 'full'));
  stepButton.addEventListener('click', step);
  slider.addEventListener('input', () => view(epochs[slider.valueAsNumber] ?? null));

  return (state: State): void => {
    const { shown, phase } = state;
    const running = isRunning(state);
    if (running && run !== state.run) {
      run = state.run;
      rateField.value = shown.texts?.lr ?? state.fields.lr;
    }
    steer.hidden = !running;
    slow.checked = state.pace === 'slow';
    stepButton.hidden = phase !== 'paused';
    say(rateWrong, state.rateTrouble);
    epochs = shown.keptEpochs;
    rewind.hidden = epochs.length < 2;
    // The place after the last epoch is what there is now.
    slider.max = String(epochs.length);
    const place = shown.viewed ? epochs.indexOf(shown.viewed.epoch) : epochs.length;
    slider.valueAsNumber = place;
    const text = shown.viewed ? `${shown.viewed.epoch} of ${shown.epochs}` : 'now';
    slider.setAttribute('aria-valuetext', shown.viewed ? `epoch ${text}` : text);
    viewed.textContent = text;
  };
}
