import type { GhostCurves } from '../../src/charts.ts';
import { type Compared, comparedIn, comparison, isShown } from '../compare.ts';
import { historiesOf } from '../shown.ts';
import type { State } from '../state.ts';
import { byId, make } from './dom.ts';
import { percent } from './format.ts';

/**
 * The runs that were chosen to compare, as a table, and as curves behind those that are shown.
 * @param ghosts called with the curves where they are others than before
 */
export function comparisonPanel(ghosts: (curves: readonly GhostCurves[]) => void) {
  const table = byId('comparison', HTMLTableElement);
  let before: Pick<State, 'compared' | 'kept' | 'shown'> | undefined;

  return (state: State): void => {
    const isSame =
      before?.compared === state.compared &&
      before.kept === state.kept &&
      before.shown.texts === state.shown.texts &&
      before.shown.networks === state.shown.networks &&
      before.shown.report === state.shown.report;
    before = state;
    if (isSame) return;
    const rows = comparison(comparedIn(state));
    table.hidden = rows.length === 0;
    table.tBodies[0]?.replaceChildren(...rows.map((row) => tableRow(row, row.run.shown === state.shown)));
    const others = rows.filter(({ run }) => run.shown !== state.shown && !isShown(run, state.shown));
    ghosts(others.map(({ name, run }) => ({ name, trained: historiesOf(run.shown) })));
  };
}

function tableRow({ name, epochs, accuracy, loss }: Compared, isCurrent: boolean) {
  const figures = [
    String(epochs),
    accuracy === null ? '–' : percent(accuracy),
    loss === null ? '–' : loss.toFixed(4),
  ];
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, isCurrent ? `Shown: ${name}` : name),
    ...figures.map((text) => make('td', {}, text)),
  );
}
