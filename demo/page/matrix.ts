import type { DataSummary, Reply, TestAccuracy } from '../protocol.ts';
import { epochsOf, imagesAreThoseOf, imagesNameOf, type Shown, testedBy } from '../shown.ts';
import { count, counted, datasetText } from './format.ts';

// The confusion matrix of what is shown, and what is said of its cells.

/** A confusion matrix, and what the picture of it that is saved says above it. */
export interface ResultsMatrix {
  /** [classes, classes] */
  readonly matrix: readonly (readonly number[])[];
  /** What the classes are called: [classes]. */
  readonly labels: readonly string[];
  readonly title: string;
  readonly accuracy: TestAccuracy;
  /** How many images it is about, in words. */
  readonly images: string;
}

/** What the report says, or where there is none yet the last epoch. */
export function matrixOf({
  report,
  test,
  summary,
  networks,
  origin,
  viewed,
}: Shown): ResultsMatrix | undefined {
  // After a reload the last epoch is known before the network, which knows what its classes are called.
  if (!summary) return undefined;
  const labels = summary.classNames;
  if (viewed) {
    const { confusionMatrix: matrix } = viewed.test;
    return {
      matrix,
      labels,
      title: `epoch ${viewed.epoch}`,
      accuracy: viewed.test,
      images: 'the test images',
    };
  }
  if (report) {
    const tested = testedBy(report);
    const { results } = tested;
    return {
      matrix: results.confusionMatrix,
      labels,
      title:
        origin.kind === 'shipped'
          ? `${datasetText(report.dataset.name)}, the network that comes with the page`
          : datasetText(report.dataset.name),
      accuracy: tested,
      images: `${count(results.test.count)} test images`,
    };
  }
  return (
    test && {
      matrix: test.confusionMatrix,
      labels,
      title: `epoch ${epochsOf({ networks })}`,
      accuracy: test,
      images: 'the test images',
    }
  );
}

/**
 * How many images are in a cell of the matrix, and why which of them are shown.
 * @param here the images at hand
 */
export function cellText(
  { label, predicted, total, images }: Extract<Reply, { kind: 'cell' }>,
  shown: Shown,
  here: DataSummary | undefined,
): string {
  const [is, said] = [label, predicted].map((place) => shown.summary?.classNames[place]);
  const what = label === predicted ? `of ${is} recognised` : `of ${is} taken for ${said}`;
  if (total !== null) {
    const which = images.length < total ? `; these are the ${images.length} that it was surest of` : '';
    return `${counted(total, 'test image')} ${what}${which}.`;
  }
  const { report } = shown;
  const why =
    report && !(here && imagesAreThoseOf(report, here))
      ? `The images of ${datasetText(imagesNameOf(report))} are not here to be shown.`
      : 'Which ones is not known: the network was not tested since it was loaded.';
  return `${counted(matrixOf(shown)?.matrix[label]?.[predicted] ?? 0, 'test image')} ${what}. ${why}`;
}
