import type { RunningPoint } from '../../src/charts.ts';
import type { EpochRecord, History } from '../../src/index.ts';
import { createChart } from './chart.ts';
import { byId } from './dom.ts';
import { percent } from './format.ts';

/** Most stretches that are shown; where there are more, neighbours are drawn as one. */
const MOST_POINTS = 400;

export interface Training {
  /** Of each network. */
  readonly histories: readonly History[];
  /** Means over the networks. */
  readonly running: readonly RunningPoint[];
  /** Where the axis ends. */
  readonly epochs: number;
}

/** Loss and accuracy during training. */
export function curvesPanel() {
  let shown: Training = { histories: [], running: [], epochs: 10 };
  const host = byId('curves', HTMLElement);
  const chart = createChart({
    host,
    heightFor: (width) => (width < 560 ? 480 : 300),
    content: () => ({ kind: 'curves', ...shown, running: thinned(shown.running) }),
  });
  host.addEventListener('pointermove', ({ offsetX, offsetY }) => chart.point({ x: offsetX, y: offsetY }));
  host.addEventListener('pointerleave', () => chart.point(null));
  return {
    show(training: Training): void {
      shown = training;
      host.setAttribute('aria-label', describe(training.histories));
      chart.changed();
    },
  };
}

/** The curves' ends, in words. */
function describe(histories: readonly History[]): string {
  const last = histories.flatMap((history) => history.at(-1) ?? []);
  const [first] = last;
  if (!first) return 'Curves of loss and accuracy, empty so far';
  const mean = (of: (record: EpochRecord) => number | null): number =>
    last.reduce((sum, record) => sum + (of(record) ?? Number.NaN), 0) / last.length;
  const losses = `loss ${mean(({ loss }) => loss).toFixed(4)}, accuracy ${percent(mean(({ accuracy }) => accuracy))}`;
  const validated =
    first.valLoss === null
      ? ''
      : `; validation loss ${mean(({ valLoss }) => valLoss).toFixed(4)}, accuracy ${percent(mean(({ valAccuracy }) => valAccuracy))}`;
  const whose = last.length > 1 ? `, means of ${last.length} networks` : '';
  return `Curves of loss and accuracy. Epoch ${first.epoch}${whose}: ${losses}${validated}`;
}

function thinned(points: readonly RunningPoint[]): readonly RunningPoint[] {
  const group = Math.ceil(points.length / MOST_POINTS);
  if (group <= 1) return points;
  const groups = Math.ceil(points.length / group);
  return Array.from({ length: groups }, (_, i) => {
    const members = points.slice(i * group, (i + 1) * group);
    const mean = (what: 'loss' | 'accuracy'): number =>
      members.reduce((sum, point) => sum + point[what], 0) / members.length;
    return { epoch: members.at(-1)?.epoch ?? 0, loss: mean('loss'), accuracy: mean('accuracy') };
  });
}
