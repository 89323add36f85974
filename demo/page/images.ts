import type { Arrival, DataSummary } from '../protocol.ts';
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

  choose.addEventListener('change', () => {
    const chosen = [...(choose.files ?? [])];
    // Allows the same files to be chosen again after an error.
    choose.value = '';
    if (chosen.length > 0) files(chosen);
  });

  function tell(text: string, manner: 'wrong' | 'hint'): void {
    arrival.hidden = true;
    wrong.className = manner;
    say(wrong, text);
  }

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

  return {
    show({ name, shape, train, test, sample }: DataSummary): void {
      arrival.hidden = true;
      byId('train-size', HTMLElement).textContent = count(train);
      byId('test-size', HTMLElement).textContent = count(test);
      const canvas = byId('sample', HTMLCanvasElement);
      const sheet = tiled(sample, shape, SAMPLE_COLUMNS, 2, 0);
      paintInk(canvas, sheet.pixels, sheet);
      canvas.setAttribute('aria-label', `The first training images of ${name}, ${size(shape)} pixels each`);
    },
    arriving({ file, received, total, share }: Arrival): void {
      arrival.hidden = false;
      byId('download', HTMLProgressElement).value = share;
      byId('download-note', HTMLElement).textContent =
        `${file}: ${bytes(received)}${total ? ` of ${bytes(total)}` : ''}`;
    },
    /** Shows what is wrong with the files; empty for nothing. */
    complain(text: string): void {
      tell(text, 'wrong');
    },
    /** Shows what the user should know although the images are here; empty for nothing. */
    note(text: string): void {
      tell(text, 'hint');
    },
  };
}
