import { ShadegradError } from '../../src/index.ts';
import { type Offered, offerOf } from '../offered.ts';
import type { OwnFiles, Trouble } from '../protocol.ts';
import { offeredDrop, offeredFiles } from '../reading.ts';
import type { State } from '../state.ts';
import { byId } from './dom.ts';
import { troubleBox } from './trouble.ts';

export interface OffersActions {
  readonly model: (file: File) => void;
  readonly picture: (file: File) => void;
  readonly dataset: (own: OwnFiles) => void;
  /** Called with what the files are, where the page can do nothing with them; undefined once that has been read. */
  readonly refused: (trouble: Trouble | undefined) => void;
}

/** All ways to give the page files: dropped anywhere, pasted, or chosen. */
export function offersPanel({ model, picture, dataset, refused }: OffersActions) {
  const line = byId('refusal', HTMLElement);
  const showRefusal = troubleBox('refusal');
  /** What had the keyboard's focus before the line was there. */
  let before: Element | null = null;

  async function take(reading: Promise<Offered[]>): Promise<void> {
    const read = await reading.catch((error: unknown) => {
      if (error instanceof ShadegradError) return refused(error);
      const details = error instanceof Error ? error.message : String(error);
      refused({ message: 'The files could not be read.', nextStep: 'Give them again.', details });
    });
    if (!read) return;
    const offer = offerOf(read);
    if (offer.as === 'model') model(offer.file);
    if (offer.as === 'picture') picture(offer.file);
    if (offer.as === 'dataset') dataset(offer.own);
    if (offer.as === 'nothing') refused(offer.trouble);
  }

  for (const id of ['choose-files', 'choose-folder', 'read-picture']) {
    const choose = byId(id, HTMLInputElement);
    choose.addEventListener('change', () => {
      const chosen = [...(choose.files ?? [])];
      // Allows the same files to be chosen again after an error.
      choose.value = '';
      if (chosen.length > 0) void take(offeredFiles(chosen));
    });
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
    if (!event.dataTransfer || !holdsFiles(event)) return;
    event.preventDefault();
    void take(offeredDrop(event.dataTransfer));
  });
  document.addEventListener('paste', (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (pasted.length === 0) return;
    event.preventDefault();
    void take(offeredFiles(pasted));
  });
  byId('refusal-close', HTMLButtonElement).addEventListener('click', () => {
    refused(undefined);
    if (before instanceof HTMLElement) before.focus();
  });

  return ({ refusal }: State): void => {
    if (line.hidden) before = document.activeElement;
    showRefusal(refusal);
  };
}
