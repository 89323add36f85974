import type { DataSummary } from '../protocol.ts';
import type { State } from '../state.ts';
import { byId, say } from './dom.ts';
import { bytes, count, size } from './format.ts';
import { paintInk, tiled } from './pixels.ts';

const SAMPLE_COLUMNS = 10;

export interface ImagesActions {
  readonly files: (files: readonly File[]) => void;
  readonly model: (file: File) => void;
}

/** The current images, the progress of new ones, and the ways to give the page one's own. */
export function imagesPanel({ files, model }: ImagesActions) {
  const choose = byId('choose-files', HTMLInputElement);
  const wrong = byId('data-wrong', HTMLElement);
  const arrival = byId('arrival', HTMLElement);
  let shown: DataSummary | undefined;

  choose.addEventListener('change', () => {
    const chosen = [...(choose.files ?? [])];
    // Allows the same files to be chosen again after an error.
    choose.value = '';
    if (chosen.length > 0) files(chosen);
  });

  const holdsFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    document.body.classList.add('dragging');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dragging');
  });
  document.addEventListener('drop', (event) => {
    document.body.classList.remove('dragging');
    if (!holdsFiles(event)) return;
    event.preventDefault();
    const dropped = [...(event.dataTransfer?.files ?? [])];
    const [only] = dropped;
    if (dropped.length === 1 && only?.name.endsWith('.safetensors')) model(only);
    else if (dropped.length > 0) files(dropped);
  });

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
    if (wrong.textContent !== imagesNote.text) say(wrong, imagesNote.text);
  };
}
