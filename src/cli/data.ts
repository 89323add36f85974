import { type Dataset, type LoadOptions, loadDataset } from '../node.ts';
import type { Output } from './output.ts';
import { loadingBar } from './progress.ts';

/** A command's options that say where data comes from. */
export interface DataFlags {
  readonly data: string;
  readonly imageSize?: LoadOptions['imageSize'];
}

/** Loads what `--data` names, with a progress bar and with notices on stderr. */
export async function loadData(
  { data, imageSize }: DataFlags,
  out: Output,
  signal: AbortSignal,
): Promise<Dataset> {
  const bar = loadingBar();
  try {
    return await loadDataset(data, {
      imageSize,
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
