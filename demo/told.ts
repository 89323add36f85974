import type { Trouble } from './protocol.ts';

/** A trouble as the page tells it: what happened in one sentence, what to do in a short line, and the rest, to be folded. */
export interface Told {
  readonly what: string;
  /** Empty for nothing. */
  readonly nextStep: string;
  /** Empty for nothing. */
  readonly details: string;
}

/** A line of more characters than this is too long to be read at a glance. */
const SHORT = 130;

/** Divides what is known of a trouble into what is said at once and what only some want to read. */
export function told({ message, nextStep, details = '' }: Trouble): Told {
  const [first = '', ...more] = sentences(message);
  const what = headline(first);
  const steps = nextStep === '' ? more : sentences(nextStep);
  const shown = steps.slice(0, fitting(steps));
  const isWhole = what === first && (more.length === 0 || nextStep === '');
  const folded = [isWhole ? '' : message, steps.slice(shown.length).join(' '), details];
  return {
    what,
    nextStep: shown.join(' '),
    details: folded.filter((text) => text !== '').join('\n\n'),
  };
}

/** A new line ends a sentence too. Abbreviations, versions and names of files have no capital after their dot. */
function sentences(text: string): string[] {
  return text
    .split(/(?<=[.!?]["”)]?)\s+(?=["“(]?\p{Lu})|\n+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** A sentence without its reason, where it is too long with it, or where the reason is on lines of its own. */
function headline(sentence: string): string {
  const reason = sentence.indexOf(': ');
  if (sentence.endsWith(':')) return `${sentence.slice(0, -1)}.`;
  return sentence.length > SHORT && reason > 0 ? `${sentence.slice(0, reason)}.` : sentence;
}

/** How many of the first sentences make a short line: at least one. */
function fitting(sentences: readonly string[]): number {
  let length = 0;
  const over = sentences.findIndex((sentence, i) => {
    length += sentence.length + 1;
    return i > 0 && length > SHORT + 1;
  });
  return over < 0 ? sentences.length : over;
}
