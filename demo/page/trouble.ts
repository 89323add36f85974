import type { Trouble } from '../protocol.ts';
import { told } from '../told.ts';
import { byId, make } from './dom.ts';

/**
 * A place that says what is wrong: one sentence, the next step on a line of its own, and the details folded. It is empty and
 * hidden where nothing is. It shows and announces a trouble once: what it is given again it leaves as it is, details open or not.
 */
export function troubleBox(id: string): (trouble: Trouble | undefined) => void {
  const box = byId(id, HTMLElement);
  const alert = make('div', { role: 'alert', class: 'told' });
  const text = make('p', { class: 'details' });
  const details = make('details', {}, make('summary', {}, 'Details'), text);
  let shown: Trouble | undefined;
  box.prepend(make('div', { class: 'saying' }, alert, details));
  details.hidden = true;

  return (trouble) => {
    if (trouble === shown) return;
    shown = trouble;
    const { what, nextStep, details: more } = told(trouble ?? { message: '', nextStep: '' });
    alert.replaceChildren(make('p', {}, what), ' ', make('p', {}, nextStep));
    text.textContent = more;
    details.open = false;
    details.hidden = more === '';
    box.hidden = what === '';
  };
}
