import type { GhostCurves, RunningPoint } from '../../src/charts.ts';
import type { EpochRecord, History, RateChangeRecord } from '../../src/index.ts';
import { keep, kept } from '../storage.ts';
import { createChart } from './chart.ts';
import { byId, make } from './dom.ts';
import { percent } from './format.ts';

/** Most stretches that are shown; where there are more, neighbours are drawn as one. */
const MOST_POINTS = 400;

/** Under what name the browser keeps whether the axis of losses is logarithmic. */
const KEY = 'logarithmic loss';

export interface Training {
  /** Of each network. */
  readonly histories: readonly History[];
  /** Means over the networks. */
  readonly running: readonly RunningPoint[];
  /** Where the axis ends. */
  readonly epochs: number;
  /** Where the learning rate was changed, first to last. */
  readonly rateChanges: readonly RateChangeRecord[];
}

/** Loss and accuracy during training, and other runs' to compare them with. */
export function curvesPanel() {
  let shown: Training = { histories: [], running: [], epochs: 10, rateChanges: [] };
  let ghosts: readonly GhostCurves[] = [];
  const host = byId('curves', HTMLElement);
  const logarithmic = make('input', { type: 'checkbox', id: 'log-loss' });
  host.before(make('div', { class: 'options' }, make('label', {}, logarithmic, ' Logarithmic loss')));
  const chart = createChart({
    host,
    heightFor: (width) => (width < 560 ? 480 : 300),
    content: () => ({
      kind: 'curves',
      ...shown,
      running: thinned(shown.running),
      logLoss: logarithmic.checked,
      ghosts,
    }),
  });
  host.addEventListener('pointermove', ({ offsetX, offsetY }) => chart.point({ x: offsetX, y: offsetY }));
  host.addEventListener('pointerleave', () => chart.point(null));
  logarithmic.addEventListener('change', () => {
    chart.changed();
    // A browser that keeps nothing draws the chart all the same.
    keep(KEY, logarithmic.checked).catch(() => undefined);
  });
  void kept(KEY).then(
    (value) => {
      logarithmic.checked = value === true;
      chart.changed();
    },
    () => undefined,
  );

  function describeAgain(): void {
    host.setAttribute('aria-label', describe(shown, ghosts));
    chart.changed();
  }

  return {
    show(training: Training): void {
      shown = training;
      describeAgain();
    },
    /** Shows other runs' curves behind; none to hide them. */
    compare(others: readonly GhostCurves[]): void {
      ghosts = others;
      describeAgain();
    },
  };
}

/** The curves' ends, in words. */
function describe({ histories, rateChanges }: Training, ghosts: readonly GhostCurves[]): string {
  const compared =
    ghosts.length === 0 ? '' : `. To compare with: ${ghosts.map(({ name }) => name).join(', ')}`;
  const changed = rateChanges.map(({ epoch, after }) => `${after} after ${Number(epoch.toFixed(2))} epochs`);
  const rates = changed.length === 0 ? '' : `. Learning rate changed to ${changed.join(', ')}`;
  const last = histories.flatMap((history) => history.at(-1) ?? []);
  const [first] = last;
  if (!first) return `Curves of loss and accuracy, empty so far${rates}${compared}`;
  const mean = (of: (record: EpochRecord) => number | null): number =>
    last.reduce((sum, record) => sum + (of(record) ?? Number.NaN), 0) / last.length;
  const losses = `loss ${mean(({ loss }) => loss).toFixed(4)}, accuracy ${percent(mean(({ accuracy }) => accuracy))}`;
  const validated =
    first.valLoss === null
      ? ''
      : `; validation loss ${mean(({ valLoss }) => valLoss).toFixed(4)}, accuracy ${percent(mean(({ valAccuracy }) => valAccuracy))}`;
  const whose = last.length > 1 ? `, means of ${last.length} networks` : '';
  return `Curves of loss and accuracy. Epoch ${first.epoch}${whose}: ${losses}${validated}${rates}${compared}`;
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
