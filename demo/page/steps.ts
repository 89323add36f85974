import { type Dispatch, ShadegradError } from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import type { TrainedPlan } from '../protocol.ts';
import type { State } from '../state.ts';
import { markdownOf, timesOf, timesText } from '../step-times.ts';
import { stepText, timeable } from '../steps.ts';
import { copyOrShow } from './copy.ts';
import { byId, make, say, scrollByKeys } from './dom.ts';
import { bytes, count, microseconds, percent } from './format.ts';
import { tableOf } from './table.ts';

export interface StepsActions {
  readonly time: () => void;
  readonly stop: () => void;
}

/** A dispatch in the list: its time is told once it is known. */
interface Row {
  readonly element: HTMLElement;
  tell(time: number | undefined, share: number | undefined): void;
}

/** The steps of a training: how fast they were, and what each is made of, down to its shaders. */
export function stepsPanel({ time, stop }: StepsActions) {
  const text = byId('step-text', HTMLElement);
  const buttons = byId('step-buttons', HTMLElement);
  const timing = byId('time-dispatches', HTMLButtonElement);
  const copy = byId('copy-markdown', HTMLButtonElement);
  const said = byId('step-said', HTMLElement);
  const markdown = byId('step-markdown', HTMLElement);
  const place = byId('plan', HTMLElement);
  let rows: readonly Row[] = [];
  let before: State | undefined;

  scrollByKeys(markdown, 'The step as Markdown');
  timing.addEventListener('click', () => (before?.machine.aside === 'dispatches' ? stop() : time()));
  copy.addEventListener('click', () => {
    if (!before) return;
    void copyOrShow(markdownOf(before), { said, text: markdown }, 'Copied.', 'Here is the text:');
  });

  function build(plan: TrainedPlan | undefined, isFile: boolean): void {
    rows = plan ? plan.dispatches.map((dispatch, i) => rowOf(dispatch, i + 1, plan)) : [];
    place.replaceChildren(
      ...(plan
        ? [planLine(plan), listOf(rows), buffersOf(plan)]
        : [make('p', { class: 'empty' }, isFile ? LOADED : NOTHING)]),
    );
  }

  return (state: State): void => {
    const { shown, machine } = state;
    const { plan, origin } = shown;
    const isFile = origin.kind === 'file';
    if (!before || plan !== before.shown.plan || isFile !== (before.shown.origin.kind === 'file')) {
      build(plan, isFile);
    }
    const sentence = stepText(state);
    const isOtherText = text.textContent !== sentence;
    say(text, sentence);
    const isTiming = machine.aside === 'dispatches';
    timing.hidden = !isTiming && !timeable(state);
    if (isTiming !== (before?.machine.aside === 'dispatches')) {
      timing.textContent = isTiming ? 'Stop timing' : 'Time each dispatch';
    }
    buttons.hidden = !plan;
    const report = timesOf(state);
    const isOther = plan !== before?.shown.plan || machine.times !== before?.machine.times;
    if (isOther) {
      const all = report?.dispatches.reduce((sum, each) => sum + each.time.median, 0);
      for (const [i, row] of rows.entries()) {
        const median = report?.dispatches[i]?.time.median;
        row.tell(median, median !== undefined && all ? median / all : undefined);
      }
      say(byId('times-text', HTMLElement), report ? timesText(report, state) : '');
    }
    if (isOther || isOtherText) {
      say(said, '');
      say(markdown, '');
    }
    if (machine.timesTrouble !== before?.machine.timesTrouble) {
      say(byId('times-wrong', HTMLElement), machine.timesTrouble);
    }
    before = state;
  };
}

const NOTHING = 'The steps that run on it appear here with the first training.';
const LOADED = 'A network that was loaded, to be used and not trained.';

function planLine({ name, buffers }: TrainedPlan): HTMLElement {
  const total = buffers.reduce((sum, { size }) => sum + size, 0);
  return make(
    'p',
    {},
    `The plan "${name}" has ${buffers.length} buffers of ${bytes(total)} in all. Hundreds of steps go to the GPU at once. Open a dispatch to read its shader.`,
  );
}

function listOf(rows: readonly Row[]): HTMLElement {
  return make(
    'ol',
    { class: 'dispatches', 'aria-label': 'Dispatches of a step, in order' },
    ...rows.map(({ element }) => element),
  );
}

function buffersOf({ buffers }: TrainedPlan): HTMLElement {
  const table = tableOf(
    'Buffers of the plan',
    ['Buffer', 'Size', 'Use'],
    buffers.map(({ name, size, usage }) => [name, bytes(size), usage]),
  );
  const scroll = make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Buffers' },
    table,
  );
  return make('details', {}, make('summary', {}, 'Buffers'), scroll);
}

function rowOf(dispatch: Dispatch, number: number, plan: TrainedPlan): Row {
  const { kernel, workgroups } = dispatch;
  const fill = make('span', {});
  const bar = make('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
  const took = make('span', { class: 'took' });
  const groups = `${workgroups.map(count).join(' x ')} workgroups`;
  const line = make(
    'span',
    { class: 'dispatch' },
    make('span', { class: 'number' }, `${number}`),
    make('code', {}, kernel),
    make('span', { class: 'groups' }, groups),
    took,
    bar,
  );
  const source = make('div', { class: 'source' });
  const details = make(
    'details',
    {},
    make('summary', {}, line),
    make('div', { class: 'dispatch-body' }, factsOf(dispatch, plan), source),
  );
  details.addEventListener('toggle', () => {
    if (details.open) void showSource(dispatch, source);
  });
  return {
    element: make('li', {}, details),
    tell(time, share) {
      took.textContent =
        time === undefined || share === undefined ? '' : `${microseconds(time)}, ${percent(share, 0)}`;
      bar.hidden = share === undefined;
      fill.style.width = `${100 * (share ?? 0)}%`;
    },
  };
}

/** The values of its constants, and what is bound. */
function factsOf({ constants, bindings, kernel }: Dispatch, { buffers }: TrainedPlan): HTMLElement {
  const sizes = new Map(buffers.map(({ name, size }) => [name, size]));
  return make(
    'div',
    { class: 'dispatch-facts' },
    make('h3', {}, 'Constants'),
    make(
      'dl',
      { class: 'constants' },
      ...Object.entries(constants).map(([name, value]) =>
        make('div', {}, make('dt', {}, name), make('dd', {}, constantText(value))),
      ),
    ),
    make('h3', {}, 'Bindings'),
    make(
      'div',
      { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': `Bindings of ${kernel}` },
      tableOf(
        `Bindings of ${kernel}`,
        ['', 'In the shader', 'Buffer', 'Size'],
        Object.entries(bindings).map(([name, buffer], i) => [
          String(i),
          name,
          buffer,
          bytes(sizes.get(buffer) ?? 0),
        ]),
      ),
    ),
  );
}

/** E.g. "60,000", "0.999". */
function constantText(value: number): string {
  return Number.isInteger(value) ? count(value) : String(value);
}

/** Shows the source once it is fetched. A shader that could not be fetched is asked for again when it is opened again. */
async function showSource(dispatch: Dispatch, place: HTMLElement): Promise<void> {
  if (place.querySelector('pre')) return;
  try {
    const { sourceOf } = await fetchCode('The shader', () => import('./source.ts'));
    place.replaceChildren(...(await sourceOf(dispatch)));
  } catch (error) {
    // The page's own code is not asked for twice, a shader is.
    const why =
      error instanceof ShadegradError
        ? `${error.message} ${error.nextStep}`
        : 'The shader could not be fetched: are you offline? Close this and open it again.';
    place.replaceChildren(make('p', { class: 'wrong' }, why));
  }
}
