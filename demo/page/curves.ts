import type { History, RunningPoint } from '../../src/index.ts';
import { createChart } from './chart.ts';
import { byId } from './dom.ts';
import { percent } from './format.ts';

/** Most stretches that are shown; where there are more, neighbours are drawn as one. */
const MOST_POINTS = 400;

export interface Training {
  readonly history: History;
  readonly running: readonly RunningPoint[];
  /** Where the axis ends. */
  readonly epochs: number;
}

/** Loss and accuracy during training. */
export function curvesPanel() {
  let shown: Training = { history: [], running: [], epochs: 10 };
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
      const { history, running, epochs } = training;
      shown = { history, running, epochs };
      const last = history.at(-1);
      host.setAttribute(
        'aria-label',
        last
          ? `Curves of loss and accuracy. Epoch ${last.epoch}: loss ${last.loss.toFixed(4)}, accuracy ${percent(last.accuracy)}` +
              (last.valLoss === null || last.valAccuracy === null
                ? ''
                : `; validation loss ${last.valLoss.toFixed(4)}, accuracy ${percent(last.valAccuracy)}`)
          : 'Curves of loss and accuracy, empty so far',
      );
      chart.changed();
    },
  };
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
