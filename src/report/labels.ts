import { ShadegradError } from '../errors.ts';

/** A class as the caller names it: a whole number or a string, never both in one report. */
export type Label = number | string;

/**
 * Checks that true and predicted labels are pairs of one kind, and says which labels occur, in order: numbers by
 * value, strings by code points (as Python does, not by UTF-16 units).
 *
 * @param listed further labels, which must be of the same kind but are not counted as occurring
 * @throws ShadegradError `usage`
 */
export function presentLabels(
  trueLabels: ArrayLike<Label>,
  predictedLabels: ArrayLike<Label>,
  listed: readonly Label[] = [],
): Label[] {
  if (trueLabels.length !== predictedLabels.length) {
    throw new ShadegradError(
      'usage',
      `There are ${trueLabels.length} true labels but ${predictedLabels.length} predicted ones.`,
      'Pass one predicted label for each true label.',
    );
  }
  const present = new Set<Label>();
  for (let i = 0; i < trueLabels.length; i++) {
    present.add(trueLabels[i] as Label);
    present.add(predictedLabels[i] as Label);
  }
  const all = [...present, ...listed];
  const strings = all.filter((label) => typeof label === 'string').length;
  if (strings > 0 && strings < all.length) {
    throw new ShadegradError(
      'usage',
      'Some labels are strings and some are numbers.',
      'Use one kind for the true labels, the predicted labels and the list of labels.',
    );
  }
  const wrong = all.findIndex((label) => typeof label !== 'string' && !Number.isSafeInteger(label));
  if (wrong >= 0) {
    throw new ShadegradError(
      'usage',
      `${all[wrong]} is not a label.`,
      'Labels are whole numbers or strings.',
    );
  }
  return [...present].sort(compareLabels);
}

function compareLabels(a: Label, b: Label): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [Array.from(String(a)), Array.from(String(b))];
  for (const [i, character] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    if (character !== other) return (character.codePointAt(0) ?? 0) - (other.codePointAt(0) ?? 0);
  }
  return left.length - right.length;
}
