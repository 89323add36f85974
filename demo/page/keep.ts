import type { RunningPoint } from '../../src/charts.ts';
import type { RunReport } from '../../src/index.ts';
import type { Texts } from '../configuration.ts';
import { NO_FILES, testedBy } from '../learned.ts';
import type { NetworkFiles, Report } from '../protocol.ts';
import { keep, kept } from '../storage.ts';
import { byId, save, say } from './dom.ts';
import { percent } from './format.ts';

const KEY = 'last-run';

/** A run as the browser keeps it for the next visit. */
export interface KeptRun {
  readonly version: 4;
  readonly texts: Texts;
  readonly report: RunReport;
  readonly running: readonly RunningPoint[];
  readonly files: NetworkFiles;
}

export interface KeepActions {
  readonly load: (bytes: Uint8Array) => void;
  readonly restore: (run: KeptRun) => void;
}

/** Saving and loading of networks and reports, and the last run of an earlier visit. */
export function keepPanel({ load, restore }: KeepActions) {
  const saveModel = byId('save-model', HTMLButtonElement);
  const saveModels = byId('save-models', HTMLButtonElement);
  const saveReport = byId('save-report', HTMLButtonElement);
  const choose = byId('load-model', HTMLInputElement);
  const panel = byId('keep', HTMLElement);
  const restoreButton = byId('restore', HTMLButtonElement);
  const wrong = byId('keep-wrong', HTMLElement);
  const isKept = byId('kept', HTMLElement);
  let files: NetworkFiles = NO_FILES;
  let report: Report | undefined;
  let earlier: KeptRun | undefined;

  const saveFile = (name: string, file: Uint8Array | null) => {
    if (file) save(name, new Blob([new Uint8Array(file)]));
  };
  saveModel.addEventListener('click', () => saveFile('model.safetensors', files.model));
  saveModels.addEventListener('click', () => saveFile('models.safetensors', files.models));
  saveReport.addEventListener('click', () => {
    const json = `${JSON.stringify(report, null, 2)}\n`;
    save('report.json', new Blob([json], { type: 'application/json' }));
  });
  const read = async (file: File) => load(new Uint8Array(await file.arrayBuffer()));
  choose.addEventListener('change', () => {
    const [file] = choose.files ?? [];
    // Takes the file first: the field is emptied so that the same file can be chosen again, and then forgets it.
    if (file) void read(file);
    choose.value = '';
  });
  restoreButton.addEventListener('click', () => {
    if (earlier) restore(earlier);
    restoreButton.hidden = true;
  });

  return {
    read,
    show(now: {
      readonly files: NetworkFiles;
      readonly report: Report | undefined;
      readonly networks: readonly unknown[];
    }) {
      ({ files, report } = now);
      isKept.hidden = true;
      const several = now.networks.length > 1;
      saveModel.textContent = several ? 'Save best model' : 'Save model';
      saveModel.disabled = !files.model;
      saveModels.hidden = !several;
      panel.classList.toggle('several', several);
      saveModels.disabled = !files.models;
      saveReport.disabled = !report;
    },
    complain(text: string): void {
      say(wrong, text);
    },
    lock(locked: boolean): void {
      choose.disabled = locked;
      restoreButton.disabled = locked;
    },
    /** Keeps the run that is shown for the next visit, and says so when it is kept. */
    async keep(run: Omit<KeptRun, 'version'>): Promise<void> {
      restoreButton.hidden = true;
      try {
        await keep(KEY, { version: 4, ...run } satisfies KeptRun);
        // By now another one may be shown.
        isKept.hidden = report !== run.report;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        say(wrong, `This run is not kept for your next visit: ${reason}.`);
      }
    },
    /** Offers the last run of an earlier visit, if there was one. */
    async offer(): Promise<void> {
      const found = await kept(KEY).catch(() => undefined);
      if (!isKeptRun(found)) return;
      earlier = found;
      const { accuracy } = testedBy(found.report);
      restoreButton.title = `${percent(accuracy)} right on ${found.report.dataset.name}`;
      restoreButton.hidden = false;
    },
  };
}

/** Whether this version of the page wrote the run; only versions of the page write there. */
function isKeptRun(value: unknown): value is KeptRun {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 4;
}
