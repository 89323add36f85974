import { make } from './dom.ts';

/** A table of facts. A column without a name has no heading. */
export function tableOf(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLTableElement {
  return make(
    'table',
    { class: 'facts' },
    make('caption', { class: 'unseen' }, caption),
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        ...columns.map((name) => (name === '' ? make('td') : make('th', { scope: 'col' }, name))),
      ),
    ),
    make('tbody', {}, ...rows.map((cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell))))),
  );
}
