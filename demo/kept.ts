import { testedBy, wholeFile } from './shown.ts';
import type { KeptRun } from './state.ts';

/** Most runs that are kept, and most bytes of their networks and of what they can go on from. */
const MOST_RUNS = 10;
const MOST_BYTES = 128 * 2 ** 20;

/**
 * The runs that are kept once `run` has ended, the last one first. Where there is no room for all, the oldest goes; but
 * never the best of its images, so that a run that was stopped early takes the place of none that is better.
 */
export function withRun(kept: readonly KeptRun[], run: KeptRun): readonly KeptRun[] {
  const runs = [run, ...kept.filter(({ id }) => id !== run.id)];
  while (runs.length > MOST_RUNS || (runs.length > 1 && bytesOf(runs) > MOST_BYTES)) {
    const best = bestOf(runs);
    const going = runs.findLastIndex((one) => one !== run && !best.has(one));
    runs.splice(going > 0 ? going : runs.length - 1, 1);
  }
  return runs;
}

/** The best run on each dataset's test images. */
function bestOf(runs: readonly KeptRun[]): ReadonlySet<KeptRun> {
  const best = new Map<string, KeptRun>();
  for (const run of runs) {
    const name = run.shown.report?.dataset.name;
    if (name === undefined) continue;
    const before = best.get(name);
    if (!before || accuracyOf(run) > accuracyOf(before)) best.set(name, run);
  }
  return new Set(best.values());
}

/** On the test images, 0 to 1; -1 for a run that was not tested. */
export function accuracyOf({ shown: { report } }: KeptRun): number {
  return report ? testedBy(report).accuracy : -1;
}

function bytesOf(runs: readonly KeptRun[]): number {
  let bytes = 0;
  for (const { shown } of runs) {
    bytes += wholeFile(shown.files)?.length ?? 0;
    for (const round of shown.state?.rounds ?? []) {
      for (const { byteLength } of [...round.parameters, ...round.moments]) bytes += byteLength;
    }
  }
  return bytes;
}
