import { say, write } from './dom.ts';

/** Where it is said what became of copying, and where the text is shown that the browser does not let the page copy. */
export interface CopyPlaces {
  readonly said: HTMLElement;
  readonly text: HTMLElement;
}

/**
 * Copies a text, or shows it selected where the browser does not let the page copy.
 * @param copied what to say where it was
 * @param refused the same where it was not, after why
 */
export async function copyOrShow(
  content: string,
  { said, text }: CopyPlaces,
  copied: string,
  refused: string,
): Promise<void> {
  // So that screen readers read it again where it is what they read last.
  write(said, '');
  try {
    await navigator.clipboard.writeText(content);
    say(text, '');
    say(said, copied);
  } catch {
    say(text, content);
    say(said, `The browser does not let this page copy. ${refused}`);
    getSelection()?.selectAllChildren(text);
  }
}
