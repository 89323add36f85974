import type { Part } from '../parts.ts';

/** The panels where all stand in one column: what a training shows first, then what it is of, then what it led to. */
const STACKED: readonly Part[] = [
  'curves',
  'setup',
  'matrix',
  'mistakes',
  'report',
  'inside',
  'keep',
  'history',
];

/**
 * Puts the panels into one column where the window has no room for two, as `narrow.css` has it. They move in the document
 * itself, so that the eye, the Tab key and screen readers meet them in the same order.
 */
export function arrangePanels(): void {
  const columns = [...document.querySelectorAll('.column')];
  const beside = columns.map((column) => [column, [...column.children]] as const);
  const [only] = columns;
  if (!only) throw new TypeError('The page has no column.');
  const stacked = STACKED.flatMap((part) => document.querySelector(`.column > [data-part=${part}]`) ?? []);
  const narrow = matchMedia('(max-width: 1000px)');

  const place = () => {
    const { activeElement } = document;
    if (narrow.matches) only.append(...stacked);
    else for (const [column, panels] of beside) column.append(...panels);
    // An element that is moved loses the focus.
    if (activeElement instanceof HTMLElement) activeElement.focus({ preventScroll: true });
  };

  place();
  narrow.addEventListener('change', place);
}
