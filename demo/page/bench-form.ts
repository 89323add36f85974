import type { PlanName } from '../../src/index.ts';
import { LARGEST_BATCH, WIDTHS_RULE, wholesOf, widthsOf } from '../configuration.ts';
import type { BenchChoice, Reply } from '../protocol.ts';
import { byId, make, say } from './dom.ts';
import { count } from './format.ts';

const BATCHES_RULE = `Use whole numbers from 1 to ${count(LARGEST_BATCH)}, separated by commas.`;

/**
 * The fields that say what to measure.
 * @param names called where `offer` is wanted
 */
export function benchForm(names: () => void, submitted: () => void) {
  const form = byId('bench-form', HTMLFormElement);
  const fields = byId('bench-fields', HTMLFieldSetElement);
  const parts = [...fields.querySelectorAll<HTMLElement>('[data-bench]')];
  const input = (id: string) => byId(id, HTMLInputElement);
  let plans: readonly PlanName[] = [];

  const chosen = () => new FormData(form).get('bench');

  form.addEventListener('change', () => {
    for (const part of parts) part.hidden = part.dataset.bench !== chosen();
    if (plans.length === 0) names();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submitted();
  });

  /** The value of a field; where the text is wrong, the field says so. */
  function take<T>(id: string, parse: (text: string) => T | undefined, rule: string): T | undefined {
    const element = input(id);
    const value = parse(element.value);
    if (value === undefined) element.setAttribute('aria-invalid', 'true');
    else element.removeAttribute('aria-invalid');
    say(byId(`${id}-wrong`, HTMLElement), value === undefined ? rule : '');
    return value;
  }

  function training(): BenchChoice | undefined {
    const batchSizes = take('bench-batches', (text) => wholesOf(text, 1, LARGEST_BATCH), BATCHES_RULE);
    const hidden = take('bench-networks', networksOf, `${WIDTHS_RULE} Semicolons separate networks.`);
    if (!batchSizes || !hidden) return undefined;
    const checked = new FormData(form).getAll('plan');
    const wanted = plans.filter((plan) => checked.includes(plan));
    return { bench: 'train', batchSizes, hidden, ...(wanted.length > 0 && { plans: wanted }) };
  }

  function kernels(): BenchChoice {
    const only = input('bench-only')
      .value.split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    return { bench: 'kernels', sweep: input('bench-sweep').checked, ...(only.length > 0 && { only }) };
  }

  return {
    /** What to measure; undefined where a field is wrong, which then says so. */
    choice(): BenchChoice | undefined {
      if (chosen() === 'floor') return { bench: 'floor' };
      return chosen() === 'kernels' ? kernels() : training();
    },
    /** Fills the lists of choices. Every worker offers the same. */
    offer(names: Extract<Reply, { kind: 'bench-names' }>): void {
      if (plans.length > 0) return;
      plans = names.plans;
      explainNames(names);
      byId('bench-plans', HTMLElement).replaceChildren(
        ...plans.map((plan) =>
          make('label', {}, make('input', { type: 'checkbox', name: 'plan', value: plan }), ` ${plan}`),
        ),
      );
    },
    lock(locked: boolean): void {
      fields.disabled = locked;
    },
  };
}

/** Says what kernels and plans do, once that is asked for: the texts are loaded then, and names alone where they are not. */
function explainNames({ kernels, plans }: Extract<Reply, { kind: 'bench-names' }>): void {
  const texts = async () => {
    const [{ kernelWord, planWord }, { meanings }] = await Promise.all([
      import('./bench-words.ts'),
      import('./explained.ts'),
    ]);
    return { kernels: meanings(kernels.map(kernelWord)), plans: meanings(plans.map(planWord)) };
  };
  const fill = (id: string, names: readonly string[], which: 'kernels' | 'plans') => {
    const details = byId(id, HTMLDetailsElement);
    const list = make('p', { class: 'names' }, names.join(', '));
    details.append(list);
    details.addEventListener(
      'toggle',
      () =>
        void texts().then(
          (meanings) => list.replaceWith(meanings[which]),
          () => undefined,
        ),
      { once: true },
    );
  };
  fill('bench-kernels', kernels, 'kernels');
  fill('bench-plan-names', plans, 'plans');
}

/** Networks separated by semicolons, each the widths of its hidden layers. */
function networksOf(text: string): (readonly number[])[] | undefined {
  const networks = text.split(';').map(widthsOf);
  const known = networks.filter((widths) => widths !== undefined);
  return known.length === networks.length ? known : undefined;
}
