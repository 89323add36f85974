import type { DataSummary } from '../protocol.ts';
import type { State } from '../state.ts';
import { byId } from './dom.ts';
import { bytes, count, size } from './format.ts';
import { paintInk, tiled } from './pixels.ts';
import { troubleBox } from './trouble.ts';

const SAMPLE_COLUMNS = 10;

/** The current images, and the progress of new ones. */
export function imagesPanel() {
  const wrong = byId('data-wrong', HTMLElement);
  const showNote = troubleBox('data-wrong');
  const arrival = byId('arrival', HTMLElement);
  let shown: DataSummary | undefined;

  function showData({ name, shape, train, test, sample }: DataSummary): void {
    byId('train-size', HTMLElement).textContent = count(train);
    byId('test-size', HTMLElement).textContent = count(test);
    const canvas = byId('sample', HTMLCanvasElement);
    const sheet = tiled(sample, shape, SAMPLE_COLUMNS, 2, 0);
    paintInk(canvas, sheet.pixels, sheet);
    canvas.setAttribute('aria-label', `The first training images of ${name}, ${size(shape)} pixels each`);
  }

  return ({ images, arrival: arriving, imagesNote }: State): void => {
    const data = images?.data;
    if (data && data !== shown) showData(data);
    shown = data ?? shown;
    arrival.hidden = !arriving;
    if (arriving) {
      const { file, received, total, share } = arriving;
      byId('download', HTMLProgressElement).value = share;
      byId('download-note', HTMLElement).textContent =
        `${file}: ${bytes(received)}${total ? ` of ${bytes(total)}` : ''}`;
    }
    wrong.className = imagesNote.manner;
    showNote(imagesNote);
  };
}
