import { ShadegradError } from '../errors.ts';
import { type Label, presentLabels } from './labels.ts';

/**
 * Counts how often each true label was predicted as each label, as scikit-learn's `confusion_matrix` does.
 *
 * @param trueLabels [count]
 * @param predictedLabels [count]
 * @param labels the rows and columns, in this order; by default every label that occurs, sorted. Samples whose
 *   true or predicted label is not in the list are not counted.
 * @returns counts, [labels, labels]: row i, column j counts the samples of true label i predicted as label j
 * @throws ShadegradError `usage` where the numbers of true and predicted labels differ, where kinds of labels are
 *   mixed, or where none of `labels` is a true label
 */
export function confusionMatrix(
  trueLabels: ArrayLike<Label>,
  predictedLabels: ArrayLike<Label>,
  labels?: readonly Label[],
): number[][] {
  const present = presentLabels(trueLabels, predictedLabels, labels);
  const axis = labels ?? present;
  if (axis.length === 0 && labels) {
    throw new ShadegradError('usage', 'The list of labels is empty.', 'Name at least one label.');
  }
  const index = new Map(axis.map((label, i) => [label, i]));
  const matrix = axis.map(() => new Array<number>(axis.length).fill(0));
  let known = trueLabels.length === 0;
  for (let i = 0; i < trueLabels.length; i++) {
    const row = matrix[index.get(trueLabels[i] as Label) ?? -1];
    if (!row) continue;
    known = true;
    const column = index.get(predictedLabels[i] as Label);
    if (column !== undefined) row[column] = (row[column] ?? 0) + 1;
  }
  if (!known) {
    throw new ShadegradError(
      'usage',
      'None of the listed labels is a true label.',
      'List the labels that your data has.',
    );
  }
  return matrix;
}
