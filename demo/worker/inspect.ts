import { type Dataset, type Evaluation, type Model, predictOnCpu, type Samples } from '../../src/index.ts';
import type { Judged } from '../protocol.ts';

/** Most images of mistakes or of a cell that are shown on the page. */
const MOST_IMAGES = 60;

/** The verdict on the test images of `data`: of several networks together. */
export interface Verdict {
  readonly data: Dataset;
  readonly evaluation: Pick<Evaluation, 'count' | 'probabilities' | 'predictions'>;
}

/** Images that are predicted at a time, and how long the thread is kept at most, about. */
const TOGETHER = 25;
const SLICE_MILLISECONDS = 10;

/**
 * What a network predicts for samples, on the processor, in slices of time.
 *
 * @param pass lets others have their turn, and says whether to go on
 * @returns null where it was not to go on
 */
export async function predictAllOnCpu(
  model: Model,
  { images, count }: Samples,
  pass: () => Promise<boolean>,
): Promise<Verdict['evaluation'] | null> {
  const { inputs, classes } = model.spec;
  const probabilities = new Float32Array(count * classes);
  const predictions = new Uint8Array(count);
  let slice = performance.now();
  for (let from = 0; from < count; from += TOGETHER) {
    const to = Math.min(count, from + TOGETHER);
    const part = predictOnCpu(model, images.subarray(from * inputs, to * inputs));
    probabilities.set(part.probabilities, from * classes);
    predictions.set(part.predictions, from);
    if (performance.now() - slice < SLICE_MILLISECONDS) continue;
    if (!(await pass())) return null;
    slice = performance.now();
  }
  return { count, probabilities, predictions };
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
