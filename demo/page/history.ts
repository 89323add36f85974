import { isShown } from '../compare.ts';
import { accuracyOf } from '../kept.ts';
import { epochsOf } from '../shown.ts';
import { type KeptRun, obstacle, type State } from '../state.ts';
import { byId, make, say } from './dom.ts';
import { datasetText, percent } from './format.ts';
import { shapeOf } from './origin.ts';

export interface HistoryActions {
  readonly restore: (run: KeptRun) => void;
  /** @param on whether it is compared from now on */
  readonly compare: (id: string, on: boolean) => void;
}

/** The runs that the browser keeps, each to be had back, and to be compared. */
export function historyPanel({ restore, compare }: HistoryActions) {
  const panel = byId('history', HTMLElement);
  const list = byId('runs', HTMLOListElement);
  const keeping = byId('keeping', HTMLElement);
  let shown: readonly KeptRun[] = [];
  let runOf = new Map<HTMLButtonElement, KeptRun>();
  let checkOf = new Map<string, HTMLInputElement>();

  function build(kept: readonly KeptRun[]): void {
    runOf = new Map();
    checkOf = new Map();
    const items = kept.map((run) => {
      const button = make('button', { type: 'button' }, 'Show');
      button.setAttribute('aria-label', `Show the run ${runText(run)}`);
      button.addEventListener('click', () => restore(run));
      runOf.set(button, run);
      const check = make('input', { type: 'checkbox', 'aria-label': `Compare the run ${runText(run)}` });
      check.addEventListener('change', () => compare(run.id, check.checked));
      checkOf.set(run.id, check);
      return make('li', {}, make('span', {}, runText(run)), make('label', {}, check, ' Compare'), button);
    });
    list.replaceChildren(...items);
  }

  return (state: State): void => {
    if (state.kept !== shown) build(state.kept);
    shown = state.kept;
    panel.hidden = shown.length === 0;
    say(keeping, state.keeping);
    for (const [id, check] of checkOf) check.checked = state.compared.includes(id);
    const locked = obstacle(state) !== '' || state.isBroken;
    for (const [button, run] of runOf) {
      button.disabled = locked;
      button.parentElement?.toggleAttribute('aria-current', isShown(run, state.shown));
    }
  };
}

/** E.g. "26 Nov, 13:05: 97.61 % on mnist, 784 – 100 – 10, 10 epochs, rate 0.001". */
function runText(run: KeptRun): string {
  const { at, shown, texts, stopped } = run;
  const when = at.toLocaleString([], { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  const spec = shown.summary?.spec;
  const shape = spec ? shapeOf(spec.inputs, spec.hidden, spec.classes) : '';
  const epochs = `${epochsOf(shown)}${stopped ? ` of ${shown.epochs}` : ''} epochs`;
  const many = shown.networks.length > 1 ? `${shown.networks.length} x ` : '';
  return `${when}: ${percent(accuracyOf(run))} on ${datasetText(shown.report?.dataset.name ?? '')}, ${many}${shape}, ${epochs}, rate ${texts.lr}`;
}
