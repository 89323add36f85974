import { make } from './dom.ts';

/** A table of facts. A column without a name has no heading. */
export function tableOf(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLTableElement {
  return tableWith(
    caption,
    columns.map((name) => (name === '' ? make('td') : make('th', { scope: 'col' }, name))),
    rows.map((cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell)))),
  );
}

/** A table of facts with headings and rows of its own kind. Its caption is for screen readers. */
export function tableWith(
  caption: string,
  headings: readonly HTMLTableCellElement[],
  rows: readonly HTMLTableRowElement[],
): HTMLTableElement {
  return make(
    'table',
    { class: 'facts' },
    make('caption', { class: 'unseen' }, caption),
    make('thead', {}, make('tr', {}, ...headings)),
    make('tbody', {}, ...rows),
  );
}
