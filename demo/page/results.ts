import type { ImageShape } from '../../src/index.ts';
import type { Tested } from '../learned.ts';
import type { Judged, Reply, TestAccuracy } from '../protocol.ts';
import { byId, save } from './dom.ts';
import { count, counted, percent, togetherText } from './format.ts';
import { createGallery } from './gallery.ts';
import { heatmapPanel } from './heatmap.ts';
import { reportPanel } from './report.ts';

type Cell = Extract<Reply, { kind: 'cell' }>;

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

/** What the test images say: confusion matrix, the images in its cells, report and mistakes. */
export function resultsPanels(askCell: (label: number, predicted: number) => void) {
  const gallery = createGallery('The wrong answers that the network is surest of, once it is trained.');
  document.querySelector('.seen-images')?.replaceChildren(gallery.element);
  const savePng = byId('save-png', HTMLButtonElement);
  const saveSvg = byId('save-svg', HTMLButtonElement);
  let chosen: { readonly label: number; readonly predicted: number } | undefined;
  let chosenNow = false;
  let names: readonly string[] = [];
  /** Of the test images of the report, how many were not told right. */
  let wrong = 0;

  const heatmap = heatmapPanel((label, predicted) => {
    chosen = { label, predicted };
    chosenNow = true;
    askCell(label, predicted);
  });
  const reportTable = reportPanel();
  const savePicture = async (kind: 'png' | 'svg') => {
    save(`confusion-matrix.${kind}`, await heatmap.picture(kind));
  };
  savePng.addEventListener('click', () => void savePicture('png'));
  saveSvg.addEventListener('click', () => void savePicture('svg'));

  function showMatrix(shown: ResultsMatrix | undefined): void {
    const together = shown ? togetherText(shown.accuracy) : '';
    for (const whose of document.querySelectorAll('.whose')) {
      whose.textContent = together === '' ? '' : `, ${together}`;
    }
    const matrix = shown && {
      ...shown,
      title: `${shown.title}: ${together === '' ? '' : `${together}, `}${percent(shown.accuracy.accuracy)} of ${shown.images} right`,
    };
    heatmap.show(matrix);
    names = matrix?.labels ?? [];
    savePng.disabled = !matrix;
    saveSvg.disabled = !matrix;
    // After another epoch the open cell has other images.
    if (matrix && chosen) askCell(chosen.label, chosen.predicted);
  }

  function clear(): void {
    chosen = undefined;
    gallery.clear();
    showMatrix(undefined);
    reportTable.show(undefined);
  }

  return {
    clear,
    showMatrix,
    /** @param labels what the classes are called: [classes] */
    showReport(tested: Tested, dataset: string, labels: readonly string[]): void {
      const { test, confusionMatrix, classificationReport } = tested.results;
      wrong = confusionMatrix
        .flatMap((row, i) => row.filter((_, j) => i !== j))
        .reduce((sum, n) => sum + n, 0);
      showMatrix({
        matrix: confusionMatrix,
        labels,
        title: dataset,
        accuracy: tested,
        images: `${count(test.count)} test images`,
      });
      reportTable.show(classificationReport);
    },
    /** @param why there are no mistakes to show */
    showMistakes(mistakes: readonly Judged[], shape: ImageShape, why: string): void {
      const which = `${counted(mistakes.length, 'wrong answer')}${mistakes.length < wrong ? ` of ${count(wrong)}, those that it was surest of` : ', the surest first'}.`;
      const summary = mistakes.length > 0 ? which : why;
      gallery.showMistakes({ title: 'Worst mistakes', summary, images: mistakes, shape, names });
    },
    showCell({ label, predicted, total, images }: Cell, shape: ImageShape): void {
      const [is, said] = [names[label], names[predicted]];
      const what = label === predicted ? `of ${is} recognised` : `of ${is} taken for ${said}`;
      const which = images.length < total ? `; these are the ${images.length} that it was surest of` : '';
      gallery.showCell(
        {
          title: label === predicted ? `${is} recognised` : `${is} taken for ${said}`,
          summary: `${counted(total, 'test image')} ${what}${which}.`,
          images,
          shape,
          names,
        },
        chosenNow,
      );
      chosenNow = false;
    },
  };
}
