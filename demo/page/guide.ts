import { type Texts, textsOf } from '../configuration.ts';
import { obstacle, type State } from '../state.ts';
import { byId, say } from './dom.ts';

/**
 * The experiments. Each has a link with the page's query, which also works as an address; a plain click sets the fields and
 * leaves the page, with all that was trained, as it is.
 */
export function guidePanel(set: (texts: Texts) => void) {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('.experiment a')];
  const note = byId('guide-note', HTMLElement);
  let why = '';

  for (const link of links) {
    link.addEventListener('click', (event) => {
      // Those open another tab or window.
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (why !== '') return;
      set(textsOf(new URLSearchParams(link.search)));
      goToTraining();
    });
  }

  return (state: State): void => {
    why = obstacle(state);
    say(note, why);
    for (const link of links) {
      if (why === '') link.removeAttribute('aria-disabled');
      else link.setAttribute('aria-disabled', 'true');
    }
  };
}

/** To where there is something to watch, with the keyboard on the button that trains. */
function goToTraining(): void {
  byId('columns', HTMLElement).scrollIntoView();
  const anew = byId('anew', HTMLButtonElement);
  (anew.hidden ? byId('train', HTMLButtonElement) : anew).focus({ preventScroll: true });
}
