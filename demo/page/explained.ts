import { make } from './dom.ts';

/** A word that not everyone knows, and what it means in a sentence or two. */
export interface Word {
  readonly term: string;
  readonly text: string;
}

/**
 * Words that explain themselves where they stand: buttons, each of which opens a box beside it. A word has one box,
 * however often it stands on the page. Boxes are the browser's own popovers: Escape or a click elsewhere closes them, and
 * the focus goes back to the word.
 */
export function explanations() {
  const boxes = new Map<string, HTMLElement>();

  function boxOf({ term, text }: Word): HTMLElement {
    const known = boxes.get(term);
    if (known) return known;
    const id = `meaning-${boxes.size + 1}`;
    const box = make(
      'div',
      {
        ...{ id, class: 'meaning', popover: 'auto', role: 'dialog', tabindex: '-1', autofocus: '' },
        ...{ 'aria-labelledby': `${id}-term`, 'aria-describedby': `${id}-text` },
      },
      make('p', { id: `${id}-term`, class: 'term' }, term),
      make('p', { id: `${id}-text` }, text),
    );
    boxes.set(term, box);
    return box;
  }

  return {
    /** @param label what stands on the page, where that is not the word as it is explained */
    word(word: Word, label: string | HTMLElement = word.term): HTMLElement {
      return make(
        'button',
        { type: 'button', class: 'word', popovertarget: boxOf(word).id, 'aria-haspopup': 'dialog' },
        label,
      );
    },
    /** The boxes of all words so far, which must be on the page for their words to open them. */
    boxes: (): HTMLElement[] => [...boxes.values()],
  };
}

/** Words with their meanings beside them. */
export function meanings(words: readonly Word[]): HTMLElement {
  return make(
    'dl',
    { class: 'meanings' },
    ...words.flatMap(({ term, text }) => [make('dt', {}, breakable(term)), make('dd', {}, text)]),
  );
}

/** A name that may be broken after its underscores. */
export function breakable(name: string): HTMLElement {
  const parts = name.split(/(?<=_)/);
  return make('span', {}, ...parts.flatMap((part, i) => (i === 0 ? [part] : [make('wbr'), part])));
}
