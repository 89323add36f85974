import type { Dataset, Evaluation, Model } from '../../src/index.ts';
import type { Judged, WeightImages } from '../protocol.ts';

/** Most units of the first layer, and most images of mistakes or of a cell, that are shown on the page. */
const MOST_UNITS = 100;
const MOST_IMAGES = 60;

/** Share of the weights within the range of colours: a few far greater ones would leave the rest pale. */
const DISTINGUISHED = 0.995;

/**
 * The first layer's weights as images, one per unit.
 * @param network which of several it is
 */
export function weightImages(
  model: Model,
  shape: Dataset['shape'],
  network: WeightImages['network'],
): WeightImages {
  const inputs = shape.height * shape.width;
  const weights = model.tensors[0]?.data ?? new Float32Array();
  const units = weights.length / inputs;
  const shown = Math.min(units, MOST_UNITS);
  const drawn = weights.subarray(0, shown * inputs);
  const sizes = drawn.map(Math.abs).sort();
  const scale = sizes[Math.floor(DISTINGUISHED * (sizes.length - 1))] || 1;
  const values = Uint8Array.from(drawn, (weight) => {
    return Math.round(128 + 127 * Math.min(1, Math.max(-1, weight / scale)));
  });
  return { network, shape, units, shown, scale, values };
}

/** The verdict on the test images of `data`: of several networks together. */
export interface Verdict {
  readonly data: Dataset;
  readonly evaluation: Evaluation;
}

/** The wrong predictions that the network was surest of. */
export function worstMistakes({ data, evaluation }: Verdict): Judged[] {
  const { labels } = data.test;
  const wrong = [...evaluation.predictions.keys()].filter((i) => evaluation.predictions[i] !== labels[i]);
  return surestFirst(wrong, { data, evaluation });
}

/** The test images of `label` taken for `predicted`, the surest first, and how many there are. */
export function cell(
  label: number,
  predicted: number,
  verdict: Verdict,
): { readonly total: number; readonly images: Judged[] } {
  const { labels } = verdict.data.test;
  const { predictions } = verdict.evaluation;
  const inCell = [...predictions.keys()].filter((i) => labels[i] === label && predictions[i] === predicted);
  return { total: inCell.length, images: surestFirst(inCell, verdict) };
}

function surestFirst(indices: readonly number[], { data, evaluation }: Verdict): Judged[] {
  const { test, shape } = data;
  const { predictions, probabilities, count } = evaluation;
  const pixels = shape.height * shape.width;
  const classes = probabilities.length / count;
  const sureness = (i: number): number => probabilities[i * classes + (predictions[i] ?? 0)] ?? 0;
  return indices
    .toSorted((a, b) => sureness(b) - sureness(a))
    .slice(0, MOST_IMAGES)
    .map((i) => {
      const label = test.labels[i] ?? 0;
      return {
        pixels: test.images.slice(i * pixels, (i + 1) * pixels),
        label,
        predicted: predictions[i] ?? 0,
        probability: sureness(i),
        trueProbability: probabilities[i * classes + label] ?? 0,
      };
    });
}
