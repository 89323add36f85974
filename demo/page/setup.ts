import { type Configuration, type FieldName, parse, queryOf, type Texts, textsOf } from '../configuration.ts';
import type { DataSummary } from '../protocol.ts';
import { byId, say } from './dom.ts';
import { count } from './format.ts';

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
};
const names = Object.keys(IDS) as FieldName[];

/** How long the number of images must stay unchanged before they are drawn anew. */
const SETTLE_MILLISECONDS = 500;

export interface SetupActions {
  /** Called when a field changes; with undefined where any field is wrong. */
  readonly changed: (configuration: Configuration | undefined) => void;
  /** Called when other images are wanted. */
  readonly dataChanged: (configuration: Configuration) => void;
  readonly submitted: () => void;
}

/** The fields that say what to train and how; the page's address follows them. */
export function setupPanel({ changed, dataChanged, submitted }: SetupActions) {
  const form = byId('setup', HTMLFormElement);
  const fields = byId('fields', HTMLFieldSetElement);
  let configuration: Configuration | undefined;
  let [inputs, classes] = [28 * 28, 10];
  let settling: ReturnType<typeof setTimeout> | undefined;
  let wantedData = '';

  const control = (name: FieldName): HTMLInputElement | HTMLSelectElement => {
    const element = document.getElementById(IDS[name]);
    if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement) return element;
    throw new TypeError(`The page has no field "${IDS[name]}".`);
  };
  const texts = (): Texts =>
    Object.fromEntries(names.map((name) => [name, control(name).value])) as Record<FieldName, string>;
  const dataOf = ({ data, train, test }: Configuration): string =>
    data === 'synthetic' ? `${data} ${train} ${test}` : data;

  function fill(values: Texts): void {
    for (const name of names) control(name).value = values[name];
  }

  /** Reads and checks the fields. Those for the number of images show only for synthetic ones. */
  function read(): void {
    const values = texts();
    byId('synthetic-fields', HTMLElement).hidden = values.data !== 'synthetic';
    const parsed = parse(values);
    configuration = parsed.configuration;
    for (const name of names) {
      const complaint = parsed.complaints[name] ?? '';
      if (name === 'data') continue;
      const element = control(name);
      const wrong = byId(`${IDS[name]}-wrong`, HTMLElement);
      if (complaint === '') element.removeAttribute('aria-invalid');
      else element.setAttribute('aria-invalid', 'true');
      if (!element.hasAttribute('aria-describedby')) element.setAttribute('aria-describedby', wrong.id);
      say(wrong, complaint);
    }
    describeNetwork();
  }

  function describeNetwork(): void {
    const line = byId('network', HTMLElement);
    if (!configuration) {
      say(line, '');
      return;
    }
    const widths = [inputs, ...configuration.hidden, classes];
    const parameters = widths.slice(1).reduce((sum, width, i) => sum + width * ((widths[i] ?? 0) + 1), 0);
    const { models } = configuration;
    const times = models > 1 ? `${models} x ` : '';
    say(line, `${widths.join(' – ')}: ${times}${count(parameters)} weights`);
  }

  /** Asks for images, if other ones are wanted than before. */
  function settle(): void {
    clearTimeout(settling);
    if (!configuration || dataOf(configuration) === wantedData) return;
    wantedData = dataOf(configuration);
    dataChanged(configuration);
  }

  form.addEventListener('input', () => {
    read();
    history.replaceState(null, '', `?${queryOf(texts())}`);
    changed(configuration);
    clearTimeout(settling);
    settling = setTimeout(settle, SETTLE_MILLISECONDS);
  });
  form.addEventListener('change', settle);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    settle();
    submitted();
  });
  fill(textsOf(new URLSearchParams(location.search)));
  read();
  if (configuration) wantedData = dataOf(configuration);

  return {
    get configuration(): Configuration | undefined {
      return configuration;
    },
    texts,
    /** Sets all fields, and the address. The caller asks for other images if they are needed. */
    set(values: Texts): void {
      clearTimeout(settling);
      fill(values);
      read();
      if (configuration) wantedData = dataOf(configuration);
      history.replaceState(null, '', `?${queryOf(values)}`);
      changed(configuration);
    },
    describe({ shape, classNames }: DataSummary): void {
      [inputs, classes] = [shape.height * shape.width, classNames.length];
      describeNetwork();
    },
    /** Offers the user's files as a choice, since there are some now. */
    offerFiles(): void {
      byId('own-files', HTMLOptionElement).hidden = false;
    },
    lock(locked: boolean): void {
      fields.disabled = locked;
    },
  };
}
