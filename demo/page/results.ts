import type { TestAccuracy } from '../protocol.ts';
import { epochsOf, type Shown, testedBy } from '../shown.ts';
import { MNIST_SHAPE, type State } from '../state.ts';
import { byId, save } from './dom.ts';
import { count, counted, percent, togetherText } from './format.ts';
import { heatmapPanel } from './heatmap.ts';
import { reportPanel } from './report.ts';
import { thumbnails } from './thumbnails.ts';

/** A confusion matrix, and what the picture of it that is saved says above it. */
interface ResultsMatrix {
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
export function resultsPanels(lookInto: (label: number, predicted: number) => void) {
  const cellPanel = byId('cell', HTMLElement);
  const mistakesList = byId('mistakes', HTMLUListElement);
  const mistakesEmpty = byId('mistakes-empty', HTMLElement);
  const nothingYet = mistakesEmpty.textContent ?? '';
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
    savePng.hidden = !matrix;
    saveSvg.hidden = !matrix;
  }

  function showMistakes({ shown, images }: State): void {
    const { report, mistakes, summary } = shown;
    const isOfThese = report !== undefined && images?.data?.name === report.dataset.name;
    mistakesList.replaceChildren(
      ...thumbnails(mistakes, summary?.image ?? MNIST_SHAPE, summary?.classNames ?? []),
    );
    mistakesEmpty.hidden = mistakes.length > 0;
    if (!report) mistakesEmpty.textContent = nothingYet;
    else {
      mistakesEmpty.textContent =
        isOfThese && shown.origin.kind !== 'shipped'
          ? 'None: every test image was recognised.'
          : `The images of ${report.dataset.name} are not here to be shown.`;
    }
  }

  function showCell({ cell, shown }: State): void {
    const { found } = cell ?? {};
    cellPanel.hidden = !found;
    if (!found) return;
    const names = shown.summary?.classNames ?? [];
    const { label, predicted, total, images } = found;
    const what =
      label === predicted
        ? `of ${names[label]} recognised`
        : `of ${names[label]} taken for ${names[predicted]}`;
    const which = images.length < total ? `; these are the ${images.length} that it was surest of` : '';
    byId('cell-summary', HTMLElement).textContent = `${counted(total, 'test image')} ${what}${which}.`;
    byId('cell-images', HTMLUListElement).replaceChildren(
      ...thumbnails(images, shown.summary?.image ?? MNIST_SHAPE, names),
    );
    if (chosenNow) cellPanel.scrollIntoView({ block: 'nearest' });
    chosenNow = false;
  }

  return (state: State): void => {
    const { shown } = state;
    const was = before?.shown;
    before = before ?? state;
    const isNew = (...parts: (keyof Shown)[]) => parts.some((part) => shown[part] !== was?.[part]);
    if (isNew('report', 'test', 'summary')) showMatrix(matrixOf(shown));
    if (isNew('report'))
      reportTable.show(shown.report && testedBy(shown.report).results.classificationReport);
    if (isNew('report', 'mistakes', 'summary') || state.images !== before.images) showMistakes(state);
    if (state.cell !== before.cell || !was) showCell(state);
    before = state;
  };
}

/** What the report says, or where there is none yet the last epoch. */
function matrixOf({ report, test, summary, networks, origin }: Shown): ResultsMatrix | undefined {
  const labels = summary?.classNames ?? [];
  if (report && labels.length > 0) {
    const tested = testedBy(report);
    const { results } = tested;
    return {
      matrix: results.confusionMatrix,
      labels,
      title:
        origin.kind === 'shipped'
          ? `${report.dataset.name}, the network that comes with the page`
          : report.dataset.name,
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
