import { type Dataset, loadDataset } from '../node.ts';
import type { Output } from './output.ts';
import { downloadBar } from './progress.ts';

/** Loads what `--data` names, with a progress bar for downloads and notices on stderr. */
export async function loadData(source: string, out: Output, signal: AbortSignal): Promise<Dataset> {
  const bar = downloadBar();
  try {
    return await loadDataset(source, {
      signal,
      onProgress: bar?.update,
      onNotice: (notice) => {
        bar?.stop();
        out.note(`Notice: ${notice}`);
      },
    });
  } finally {
    bar?.stop();
  }
}
