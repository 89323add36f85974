import { isRunning, type State } from '../state.ts';
import { byId, save } from './dom.ts';
import { troubleBox } from './trouble.ts';

/**
 * Saving and loading of networks and reports.
 * @param load called with a file that the user chose
 */
export function keepPanel(load: (file: File) => void) {
  const saveModel = byId('save-model', HTMLButtonElement);
  const saveModels = byId('save-models', HTMLButtonElement);
  const saveReport = byId('save-report', HTMLButtonElement);
  const choose = byId('load-model', HTMLInputElement);
  const panel = byId('keep', HTMLElement);
  const showTrouble = troubleBox('keep-wrong');
  let shown: State['shown'] | undefined;

  const saveFile = (name: string, file: Uint8Array | null | undefined) => {
    if (file) save(name, new Blob([new Uint8Array(file)]));
  };
  saveModel.addEventListener('click', () => saveFile('model.safetensors', shown?.files.model));
  saveModels.addEventListener('click', () => saveFile('models.safetensors', shown?.files.models));
  saveReport.addEventListener('click', () => {
    const json = `${JSON.stringify(shown?.report, null, 2)}\n`;
    save('report.json', new Blob([json], { type: 'application/json' }));
  });
  choose.addEventListener('change', () => {
    const [file] = choose.files ?? [];
    // Takes the file first: the field is emptied so that the same file can be chosen again, and then forgets it.
    if (file) load(file);
    choose.value = '';
  });

  return (state: State): void => {
    ({ shown } = state);
    const several = shown.networks.length > 1;
    saveModel.textContent = several ? 'Save best model' : 'Save model';
    saveModel.hidden = !shown.files.model;
    saveModels.hidden = !several || !shown.files.models;
    panel.classList.toggle('several', several);
    saveReport.hidden = !shown.report;
    choose.disabled = isRunning(state) || state.measuring || state.isBroken;
    showTrouble(state.fileTrouble);
  };
}
