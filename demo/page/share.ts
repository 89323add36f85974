import { linkTo, missingIn } from '../share.ts';
import type { State } from '../state.ts';
import { copyOrShow } from './copy.ts';
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
    const places = { said, text };
    await copyOrShow(link, places, `Link copied. ${missing}`.trim(), `Here is the link: ${missing}`.trim());
  });

  return (state: State): void => {
    const isOther = shown && linkTo(shown, location.href) !== linkTo(state, location.href);
    shown = state;
    if (!isOther) return;
    say(said, '');
    say(text, '');
  };
}
