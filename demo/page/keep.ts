import type { RunningPoint, RunReport, TestReport } from '../../src/index.ts';
import type { Texts } from '../configuration.ts';
import { keep, kept } from '../storage.ts';
import { byId, save, say } from './dom.ts';
import { percent } from './format.ts';

const KEY = 'last-run';

/** A run as the browser keeps it for the next visit. */
export interface KeptRun {
  readonly version: 2;
  readonly texts: Texts;
  readonly report: RunReport;
  readonly running: readonly RunningPoint[];
  /** The network as a safetensors file. */
  readonly model: Uint8Array;
}

export interface KeepActions {
  readonly load: (bytes: Uint8Array) => void;
  readonly restore: (run: KeptRun) => void;
}

/** Saving and loading of networks and reports, and the last run of an earlier visit. */
export function keepPanel({ load, restore }: KeepActions) {
  const saveModel = byId('save-model', HTMLButtonElement);
  const saveReport = byId('save-report', HTMLButtonElement);
  const choose = byId('load-model', HTMLInputElement);
  const restoreButton = byId('restore', HTMLButtonElement);
  const wrong = byId('keep-wrong', HTMLElement);
  let model: Uint8Array | undefined;
  let report: RunReport | TestReport | undefined;
  let earlier: KeptRun | undefined;

  saveModel.addEventListener('click', () => {
    if (model) save('model.safetensors', new Blob([new Uint8Array(model)]));
  });
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
      readonly model: Uint8Array | undefined;
      readonly report: RunReport | TestReport | undefined;
    }) {
      ({ model, report } = now);
      saveModel.disabled = !model;
      saveReport.disabled = !report;
    },
    complain(text: string): void {
      say(wrong, text);
    },
    lock(locked: boolean): void {
      choose.disabled = locked;
      restoreButton.disabled = locked;
    },
    /** Keeps a run for the next visit. */
    async keep(run: Omit<KeptRun, 'version'>): Promise<void> {
      restoreButton.hidden = true;
      try {
        await keep(KEY, { version: 2, ...run } satisfies KeptRun);
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
      const { test, dataset } = found.report;
      restoreButton.title = `${percent(test.accuracy)} right on ${dataset.name}`;
      restoreButton.hidden = false;
    },
  };
}

/** Whether this version of the page wrote the run; only versions of the page write there. */
function isKeptRun(value: unknown): value is KeptRun {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 2;
}
