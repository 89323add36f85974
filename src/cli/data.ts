import { type Dataset, type LabelNoise, type LoadOptions, loadDataset, withLabelNoise } from '../node.ts';
import type { Output } from './output.ts';
import { loadingBar } from './progress.ts';

/** A command's options that say where data comes from. */
export interface DataFlags {
  readonly data: string;
  readonly imageSize?: LoadOptions['imageSize'];
}

/** Where data comes from, as a report has it: the page draws as many digits as it is asked for; labels may be made wrong. */
export interface DataOrigin extends DataFlags {
  readonly digits?: LoadOptions['digits'];
  readonly labelNoise?: LabelNoise;
}

/** Loads what `--data` names, with a progress bar and with notices on stderr. */
export async function loadData(
  { data, imageSize, digits, labelNoise }: DataOrigin,
  out: Output,
  signal: AbortSignal,
): Promise<Dataset> {
  const bar = loadingBar();
  try {
    const loaded = await loadDataset(data, {
      imageSize,
      digits,
      signal,
      onProgress: bar?.update,
      onNotice: (notice) => {
        bar?.stop();
        out.note(`Notice: ${notice}`);
      },
    });
    return labelNoise ? withLabelNoise(loaded, labelNoise) : loaded;
  } finally {
    bar?.stop();
  }
}
