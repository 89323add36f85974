import leven from 'leven';

/** As the command line's library has it for options and commands: three edits at most, and fewer than six of ten letters. */
const MOST_EDITS = 3;
const LEAST_LIKENESS = 0.4;

/** Fewer letters are the beginning of too many names. */
const FEWEST_LETTERS = 3;

/** The names that may be meant by a word that is none: those that begin with it, else the closest, else those that hold it. */
export function similarNames(word: string, names: readonly string[]): readonly string[] {
  const written = word.toLowerCase();
  const isLong = written.length >= FEWEST_LETTERS;
  const begun = names.filter((name) => isLong && name.startsWith(written));
  if (begun.length > 0) return begun;
  const near = names.flatMap((name) => {
    const edits = leven(written, name);
    const length = Math.max(written.length, name.length);
    return edits <= MOST_EDITS && (length - edits) / length > LEAST_LIKENESS ? [{ name, edits }] : [];
  });
  const least = Math.min(...near.map(({ edits }) => edits));
  const closest = near.filter(({ edits }) => edits === least).map(({ name }) => name);
  return closest.length > 0 ? closest : names.filter((name) => isLong && name.includes(written));
}

/** A question for each of them, in one sentence and with a space behind it; empty where there is none. */
export function didYouMean(word: string, names: readonly string[]): string {
  const similar = similarNames(word, names);
  const last = similar.at(-1);
  if (last === undefined) return '';
  const others = similar.slice(0, -1);
  return `Did you mean ${others.length > 0 ? `${others.join(', ')} or ` : ''}${last}? `;
}
