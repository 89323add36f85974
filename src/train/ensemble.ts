import { ShadegradError } from '../errors.ts';
import type { Evaluation, PopulationEvaluation, Prediction } from './history.ts';

/** Replaces probabilities that are 0 in float32: its least normal number. */
const LEAST_PROBABILITY = 2 ** -126;

/** Index of the greatest of each row's `classes` probabilities; of equals, the first. */
export function mostProbable(probabilities: Float32Array, classes: number): Uint8Array {
  return Uint8Array.from({ length: probabilities.length / classes }, (_, row) => {
    const rowProbabilities = probabilities.subarray(row * classes, (row + 1) * classes);
    return rowProbabilities.reduce((best, p, c) => (p > (rowProbabilities[best] ?? 0) ? c : best), 0);
  });
}

/**
 * What networks predict together: the mean of their probabilities, in float64, rounded once; for one network, its own.
 * @param predictions at least one
 */
export function ensemblePrediction(predictions: readonly Prediction[], classes: number): Prediction {
  const [first] = predictions;
  if (first && predictions.length === 1) return first;
  const probabilities = Float32Array.from({ length: first?.probabilities.length ?? 0 }, (_, i) => {
    const sum = predictions.reduce((total, each) => total + (each.probabilities[i] ?? Number.NaN), 0);
    return sum / predictions.length;
  });
  return { probabilities, predictions: mostProbable(probabilities, classes) };
}

/**
 * Results of networks on labelled samples, together. The loss is the mean of -log p[label], with p no less than 2^-126;
 * for one network it is the network's own, from its logits. A network whose loss is not finite has no result, and is
 * left out.
 *
 * @param each null for one that is left out
 * @param labels [count]
 * @throws ShadegradError `diverged` where no network has a finite loss
 */
export function populationEvaluation(
  each: readonly (Evaluation | null)[],
  labels: Uint8Array,
  classes: number,
): PopulationEvaluation {
  const networks = each.map((network) => (network && Number.isFinite(network.loss) ? network : null));
  const asked = networks.filter((network) => network !== null);
  const [only] = asked;
  if (!only) {
    throw new ShadegradError(
      'diverged',
      'The loss on these samples is not finite.',
      'Train again with a smaller learning rate.',
    );
  }
  if (asked.length === 1) return { networks, ensemble: only };
  const { probabilities, predictions } = ensemblePrediction(asked, classes);
  const count = labels.length;
  const loss = sampleLosses(probabilities, labels).reduce((sum, each) => sum + each, 0) / count;
  const hits = labels.reduce((sum, label, row) => sum + (predictions[row] === label ? 1 : 0), 0);
  return { networks, ensemble: { loss, accuracy: hits / count, count, probabilities, predictions } };
}

/**
 * The loss of each sample, -log p[label], with p no less than 2^-126: [samples].
 *
 * @param probabilities [samples, classes]
 * @param labels [samples]
 */
export function sampleLosses(probabilities: Float32Array, labels: Uint8Array): number[] {
  const classes = probabilities.length / labels.length;
  return Array.from(
    labels,
    (label, row) =>
      -Math.log(Math.max(LEAST_PROBABILITY, probabilities[row * classes + label] ?? Number.NaN)),
  );
}
