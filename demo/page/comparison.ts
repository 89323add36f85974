import type { GhostCurves } from '../../src/charts.ts';
import { type Compared, comparedIn, comparison } from '../compare.ts';
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
    const rows = comparison(comparedIn(state), state.shown);
    table.hidden = rows.length === 0;
    table.tBodies[0]?.replaceChildren(...rows.map(tableRow));
    ghosts(
      rows.flatMap(({ letter, run }) => (letter ? [{ name: letter, trained: historiesOf(run.shown) }] : [])),
    );
  };
}

function tableRow({ letter, differing, epochs, accuracy, loss }: Compared) {
  const figures = [
    String(epochs),
    accuracy === null ? '–' : percent(accuracy),
    loss === null ? '–' : loss.toFixed(4),
  ];
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, `${letter ?? 'Shown'}: ${differing}`),
    ...figures.map((text) => make('td', {}, text)),
  );
}
