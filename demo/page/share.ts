import { linkTo, missingIn } from '../share.ts';
import type { State } from '../state.ts';
import { byId, say } from './dom.ts';

/** Copies the address of what ran, or shows it where the browser does not let the page copy. */
export function sharePanel() {
  const said = byId('link-said', HTMLElement);
  const text = byId('link-text', HTMLElement);
  let shown: State | undefined;

  byId('copy-link', HTMLButtonElement).addEventListener('click', async () => {
    if (!shown) return;
    const link = linkTo(shown, location.href);
    const missing = missingIn(shown);
    try {
      await navigator.clipboard.writeText(link);
      say(text, '');
      say(said, `Link copied. ${missing}`.trim());
    } catch {
      say(text, link);
      say(said, `The browser does not let this page copy. Here is the link: ${missing}`.trim());
      getSelection()?.selectAllChildren(text);
    }
  });

  return (state: State): void => {
    const isOther = shown && linkTo(shown, location.href) !== linkTo(state, location.href);
    shown = state;
    if (!isOther) return;
    say(said, '');
    say(text, '');
  };
}
