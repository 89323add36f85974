import type { Trouble } from '../protocol.ts';
import { imagesAreThoseOf, imagesNameOf, type Shown, testedBy } from '../shown.ts';
import { MNIST_SHAPE, type State } from '../state.ts';
import { byId, save } from './dom.ts';
import { count, counted, datasetText, percent, togetherText } from './format.ts';
import { createGallery } from './gallery.ts';
import { heatmapPanel } from './heatmap.ts';
import { cellText, matrixOf, type ResultsMatrix } from './matrix.ts';
import { reportPanel } from './report.ts';

export interface ResultsActions {
  /** Called with the cell of the matrix whose images are to be seen. */
  readonly lookInto: (label: number, predicted: number) => void;
  /** Called with why a picture cannot be saved. */
  readonly refused: (trouble: Trouble) => void;
}

/** What the test images say: confusion matrix, the images in its cells, report and mistakes. */
export function resultsPanels({ lookInto, refused }: ResultsActions) {
  const gallery = createGallery('The wrong answers that the network is surest of, once it is trained.');
  document.querySelector('.seen-images')?.replaceChildren(gallery.element);
  const savePng = byId('save-png', HTMLButtonElement);
  const saveSvg = byId('save-svg', HTMLButtonElement);
  let chosenNow = false;
  let before: State | undefined;

  const heatmap = heatmapPanel((label, predicted) => {
    chosenNow = true;
    lookInto(label, predicted);
  });
  const reportTable = reportPanel();
  const savePicture = async (kind: 'png' | 'svg') => {
    const picture = await heatmap.picture(kind);
    if (picture instanceof Blob) save(`confusion-matrix.${kind}`, picture);
    else refused(picture);
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
    savePng.hidden = !matrix;
    saveSvg.hidden = !matrix;
  }

  function showMistakes({ shown, images }: State): void {
    const { report, summary, viewed } = shown;
    if (!report) return;
    const mistakes = viewed?.mistakes ?? shown.mistakes;
    const wrong = wrongOf(viewed?.test.confusionMatrix ?? testedBy(report).results.confusionMatrix);
    const which = `${counted(mistakes.length, 'wrong answer')}${mistakes.length < wrong ? ` of ${count(wrong)}, those that it was surest of` : ', the surest first'}.`;
    const areHere = images?.data && imagesAreThoseOf(report, images.data);
    const none =
      shown.origin.kind === 'shipped'
        ? 'The wrong answers that the network is surest of appear here in a moment.'
        : 'None: every test image was recognised.';
    const why = areHere
      ? none
      : `The images of ${datasetText(imagesNameOf(report))} are not here to be shown.`;
    gallery.showMistakes({
      title: 'Worst mistakes',
      summary: mistakes.length > 0 ? which : why,
      images: mistakes,
      shape: summary?.image ?? MNIST_SHAPE,
      names: summary?.classNames ?? [],
    });
  }

  function showCell({ cell, shown, images: here }: State): void {
    const { found } = cell ?? {};
    if (!found) return;
    const names = shown.summary?.classNames ?? [];
    const { label, predicted, images } = found;
    const [is, said] = [names[label], names[predicted]];
    gallery.showCell(
      {
        title: label === predicted ? `${is} recognised` : `${is} taken for ${said}`,
        summary: cellText(found, shown, here?.data),
        images,
        shape: shown.summary?.image ?? MNIST_SHAPE,
        names,
      },
      chosenNow,
    );
    chosenNow = false;
  }

  return (state: State): void => {
    const { shown } = state;
    const was = before?.shown;
    before = before ?? state;
    const isNew = (...parts: (keyof Shown)[]) => parts.some((part) => shown[part] !== was?.[part]);
    if (isNew('report', 'test', 'summary', 'viewed')) showMatrix(matrixOf(shown));
    if (isNew('report'))
      reportTable.show(shown.report && testedBy(shown.report).results.classificationReport);
    const isCleared = (was?.report && !shown.report) || (before.cell && !state.cell);
    if (isCleared) gallery.clear();
    if (isCleared || isNew('report', 'mistakes', 'summary', 'viewed') || state.images !== before.images)
      showMistakes(state);
    if (state.cell !== before.cell || !was) showCell(state);
    before = state;
  };
}

/** How many test images are not on the diagonal. */
function wrongOf(matrix: readonly (readonly number[])[]): number {
  return matrix.flatMap((row, i) => row.filter((_, j) => i !== j)).reduce((sum, n) => sum + n, 0);
}
