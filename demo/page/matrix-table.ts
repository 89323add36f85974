import { byId, make } from './dom.ts';
import { counted } from './format.ts';

/** More classes would make too many buttons for a page; the mouse still finds every cell of the heatmap. */
const MOST_CLASSES = 50;

/** Place and size of the cells, in pixels. */
export interface CellGrid {
  readonly left: number;
  readonly top: number;
  readonly cell: number;
}

export interface MatrixTableOptions {
  readonly onChoose: (label: number, predicted: number) => void;
  /** Called with the cell that has the pointer or the keyboard's focus; null for none. */
  readonly onPoint: (place: { readonly row: number; readonly column: number } | null) => void;
}

/**
 * The table behind the heatmap, for keyboards and screen readers: a button lies on each of the heatmap's cells. One
 * of them is in the tab order, and the arrow keys move from it.
 */
export function matrixTable({ onChoose, onPoint }: MatrixTableOptions) {
  const table = byId('confusion-table', HTMLTableElement);
  const [head, body] = [table.tHead, table.tBodies[0]];
  let buttons: HTMLButtonElement[][] = [];
  let built = '';

  function build(labels: readonly string[]): void {
    const shown = labels.length <= MOST_CLASSES ? labels : [];
    built = labels.join('\n');
    head?.replaceChildren(
      make(
        'tr',
        {},
        make('th', { scope: 'col' }, 'True label'),
        ...shown.map((label) => make('th', { scope: 'col' }, `Predicted ${label}`)),
      ),
    );
    buttons = shown.map((_, row) =>
      shown.map((__, column) =>
        make('button', {
          type: 'button',
          'data-true': String(row),
          'data-predicted': String(column),
          tabindex: row === 0 && column === 0 ? '0' : '-1',
        }),
      ),
    );
    body?.replaceChildren(
      ...buttons.map((cells, row) =>
        make(
          'tr',
          {},
          make('th', { scope: 'row' }, `True ${labels[row]}`),
          ...cells.map((cell) => make('td', {}, cell)),
        ),
      ),
    );
  }

  const placeOf = (target: EventTarget | null) => {
    const button = target instanceof HTMLButtonElement ? target : undefined;
    return button && { row: Number(button.dataset.true), column: Number(button.dataset.predicted) };
  };
  const select = (row: number, column: number) => {
    const chosen = buttons[row]?.[column];
    if (!chosen) return;
    for (const button of buttons.flat()) button.tabIndex = button === chosen ? 0 : -1;
    chosen.focus();
  };

  table.addEventListener('click', ({ target }) => {
    const place = placeOf(target);
    if (place) onChoose(place.row, place.column);
  });
  table.addEventListener('keydown', (event) => {
    const place = placeOf(event.target);
    const last = buttons.length - 1;
    if (!place) return;
    const { row, column } = place;
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [Math.max(0, row - 1), column],
      ArrowDown: [Math.min(last, row + 1), column],
      ArrowLeft: [row, Math.max(0, column - 1)],
      ArrowRight: [row, Math.min(last, column + 1)],
      Home: [row, 0],
      End: [row, last],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    select(...move);
  });
  for (const type of ['pointerover', 'focusin']) {
    table.addEventListener(type, ({ target }) => onPoint(placeOf(target) ?? null));
  }
  for (const type of ['pointerleave', 'focusout']) table.addEventListener(type, () => onPoint(null));

  return {
    show(matrix: readonly (readonly number[])[], labels: readonly string[]): void {
      if (built !== labels.join('\n')) build(labels);
      for (const [row, cells] of buttons.entries()) {
        for (const [column, button] of cells.entries()) {
          const count = matrix[row]?.[column] ?? 0;
          button.textContent = String(count);
          button.setAttribute(
            'aria-label',
            `${count}: true ${labels[row]}, predicted ${labels[column]}, ${counted(count, 'image')}`,
          );
        }
      }
    },
    place({ left, top, cell }: CellGrid): void {
      for (const [row, cells] of buttons.entries()) {
        for (const [column, { style }] of cells.entries()) {
          style.left = `${left + column * cell}px`;
          style.top = `${top + row * cell}px`;
          style.width = `${cell}px`;
          style.height = `${cell}px`;
        }
      }
    },
  };
}
