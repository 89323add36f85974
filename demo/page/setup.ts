import { defaults, type FieldName, isLater, parse, type Texts } from '../configuration.ts';
import { ownFilesText } from '../offered.ts';
import { isRunning, type State } from '../state.ts';
import { byId, say, write } from './dom.ts';
import { count } from './format.ts';
import { shapeOf } from './origin.ts';

/** The fields' elements, by their names in the address. */
const IDS: Readonly<Record<FieldName, string>> = {
  data: 'data',
  train: 'train-images',
  test: 'test-images',
  hidden: 'hidden',
  lr: 'lr',
  batch: 'batch',
  epochs: 'epochs',
  seed: 'seed',
  networks: 'networks',
  val: 'val',
  optimizer: 'optimizer',
  decay: 'decay',
  schedule: 'schedule',
  noise: 'noise',
};
const names = Object.keys(IDS) as FieldName[];

/** Those that are folded. */
const seldom = names.filter(isLater);

/** How long a field must stay unchanged before its change counts as done. */
const SETTLE_MILLISECONDS = 500;

export interface SetupActions {
  /** @param settled whether the change is done; until then other images are not worth fetching */
  readonly changed: (texts: Texts, settled: boolean) => void;
  readonly submitted: () => void;
}

/** The fields that say what to train and how. */
export function setupPanel({ changed, submitted }: SetupActions) {
  const form = byId('setup', HTMLFormElement);
  const fields = byId('fields', HTMLFieldSetElement);
  const more = byId('more', HTMLDetailsElement);
  let before: Texts = defaults;
  let settling: ReturnType<typeof setTimeout> | undefined;

  const control = (name: FieldName): HTMLInputElement | HTMLSelectElement => {
    const element = document.getElementById(IDS[name]);
    if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement) return element;
    throw new TypeError(`The page has no field "${IDS[name]}".`);
  };
  const texts = (): Texts =>
    Object.fromEntries(names.map((name) => [name, control(name).value])) as Record<FieldName, string>;

  function settle(): void {
    clearTimeout(settling);
    changed(texts(), true);
  }

  form.addEventListener('input', () => {
    clearTimeout(settling);
    settling = setTimeout(settle, SETTLE_MILLISECONDS);
    changed(texts(), false);
  });
  form.addEventListener('change', settle);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    settle();
    submitted();
  });

  return (state: State): void => {
    const values = state.fields;
    // Where the address or an experiment sets one of these, it is seen.
    if (seldom.some((name) => values[name] !== before[name] && values[name] !== defaults[name]))
      more.open = true;
    before = values;
    for (const name of names) {
      const element = control(name);
      if (element.value !== values[name]) element.value = values[name];
    }
    fields.disabled = isRunning(state) || state.measuring;
    const own = byId('own-files', HTMLOptionElement);
    own.hidden = !state.ownFiles && values.data !== 'files';
    const named = ownFilesText(state.ownFiles);
    write(own, named);
    byId('synthetic-fields', HTMLElement).hidden = values.data !== 'synthetic';
    byId('decay-field', HTMLElement).hidden = values.optimizer !== 'adamw';
    const { complaints, configuration } = parse(values);
    for (const name of names) {
      if (name === 'data' || name === 'optimizer' || name === 'schedule') continue;
      const complaint = complaints[name] ?? '';
      const element = control(name);
      const wrong = byId(`${IDS[name]}-wrong`, HTMLElement);
      if (complaint === '') element.removeAttribute('aria-invalid');
      else element.setAttribute('aria-invalid', 'true');
      if (!element.hasAttribute('aria-describedby')) element.setAttribute('aria-describedby', wrong.id);
      say(wrong, complaint);
    }
    say(byId('network', HTMLElement), configuration ? networkText(state, configuration) : '');
  };
}

/** E.g. "784 – 100 – 10: 79,510 weights". */
function networkText(
  { images }: State,
  { hidden, models }: { readonly hidden: readonly number[]; readonly models: number },
): string {
  const { shape, classNames } = images?.data ?? {};
  const inputs = shape ? shape.height * shape.width : 28 * 28;
  const classes = classNames?.length ?? 10;
  const widths = [inputs, ...hidden, classes];
  const weights = widths.slice(1).reduce((sum, width, i) => sum + width * ((widths[i] ?? 0) + 1), 0);
  return `${shapeOf(inputs, hidden, classes)}: ${models > 1 ? `${models} x ` : ''}${count(weights)} weights`;
}
